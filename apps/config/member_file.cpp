#include "config/member_file.hpp"

#include <limits>

#include "config/key_file.hpp"
#include "config/log.hpp"
#include "config/toml_file.hpp"

namespace app {
namespace {

using pbft::Result;

/// What replica.toml and client.toml have in common.
struct Member {
  std::uint64_t id = 0;
  std::filesystem::path cluster;
  std::filesystem::path key;
};

Member read_member(TomlSection& root, const std::filesystem::path& folder) {
  Member member;
  std::string cluster = "cluster.toml", key = "key";
  root.require("id", "0");
  root.read("id", member.id, 0, std::numeric_limits<std::int64_t>::max());
  root.require("cluster", "\"../cluster.toml\"");
  root.read("cluster", cluster);
  root.require("key", "\"key\"");
  root.read("key", key);
  member.cluster = (folder / cluster).lexically_normal();
  member.key = (folder / key).lexically_normal();
  return member;
}

/// `data` or `in_memory`, one of the two: nobody loses data for want of a line.
void read_data(TomlSection& root, const std::filesystem::path& folder, ReplicaFile& file) {
  bool in_memory = false;
  std::string data;
  root.read("in_memory", in_memory);
  root.read("data", data);
  if (in_memory && root.has("data")) {
    root.fail("in_memory",
              "in_memory = true, but there is data = \"" + data + "\" too; remove one of the two");
  } else if (!in_memory && data.empty()) {
    root.require("data", "\"data\"   # or: in_memory = true");
    root.fail("data", "data = \"\" is no directory; name one, or write in_memory = true instead");
  }
  if (!in_memory) file.options.data_directory = (folder / data).lexically_normal();
}

void read_log_level(TomlSection& options, pbft::LogLevel& level) {
  std::string text;
  options.read("log_level", text);
  if (!options.has("log_level")) return;
  if (const auto known = log_level_from_text(text)) {
    level = *known;
  } else {
    options.fail("log_level", "log_level = \"" + text + "\" must be debug, info, warning or error");
  }
}

std::string place(const std::string& file, std::uint32_t line) { return file + ":" + std::to_string(line); }

void read_replica_options(TomlSection options, const std::filesystem::path& folder, ReplicaFile& file) {
  pbft::ReplicaLimits& limits = file.options.limits;
  std::string status_file;
  options.read("listen_host", file.options.listen_host);
  options.read("crypto_workers", file.options.crypto_workers, 0, pbft::max_crypto_workers);
  options.read("pipeline_depth", limits.pipeline_depth, 1);
  options.read("batch_target_bytes", limits.batch_target_bytes, 1);
  options.read("max_pool_bytes_per_client", limits.max_pool_bytes_per_client, 1);
  options.read("max_repair_bytes", limits.max_repair_bytes, 1);
  options.read("max_transfer_bytes", limits.max_transfer_bytes, 1);
  options.read("log_segment_bytes", file.options.log_segment_bytes, pbft::min_log_segment_bytes,
               pbft::max_log_segment_bytes);
  if (file.options.log_segment_bytes % 4096 != 0)
    options.fail("log_segment_bytes", "log_segment_bytes must be a multiple of 4096");
  options.read_ms("pipeline_spacing_ms", limits.pipeline_spacing);
  options.read_ms("request_timeout_ms", limits.request_timeout);
  options.read_ms("max_request_timeout_ms", limits.max_request_timeout);
  options.read_ms("status_interval_ms", limits.status_interval);
  options.read_ms("max_clock_skew_ms", limits.max_clock_skew);
  options.read("status_file", status_file);
  read_log_level(options, file.log_level);
  options.refuse_unknown_keys();
  if (!status_file.empty()) file.status_file = folder / status_file;
}

void read_authentication(TomlSection& options, pbft::Authentication& authentication) {
  std::string text = "signature";
  options.read("authentication", text);
  authentication = text == "mac" ? pbft::Authentication::mac : pbft::Authentication::signature;
  if (text != "mac" && text != "signature")
    options.fail("authentication", "authentication = \"" + text + "\" must be signature or mac");
}

void read_client_options(TomlSection options, ClientFile& file) {
  pbft::ClientLimits& limits = file.options.limits;
  read_authentication(options, file.options.authentication);
  options.read_ms("connect_timeout_ms", file.options.connect_timeout);
  options.read_ms("operation_timeout_ms", limits.operation_timeout);
  options.read_ms("retry_timeout_ms", limits.retry_timeout);
  options.read_ms("max_retry_timeout_ms", limits.max_retry_timeout);
  options.read("max_requests_in_flight", limits.max_requests_in_flight, 1);
  options.read("broadcast_share", limits.broadcast_share);
  read_log_level(options, file.log_level);
  options.refuse_unknown_keys();
}

/// "replica 2" or "client 0": whose public key it is in this cluster.
std::string owner_of(const pbft::PublicKey& key, const pbft::ClusterConfig& config) {
  for (const auto& replica : config.replicas) {
    if (replica.key == key) return "replica " + std::to_string(replica.id.value);
  }
  for (const auto& client : config.clients) {
    if (client.key == key) return "client " + std::to_string(client.id.value);
  }
  return "nobody listed there";
}

/// The secret of the member that `listed` (a replica or client, or null) describes.
template <class Info>
Result<pbft::SecretKey> read_listed_key(TomlFile& file, const std::string& kind, const Member& member,
                                        const ClusterFile& cluster, const Info* listed) {
  auto secret = read_key_file(member.key);
  if (!secret) return secret.error();
  const pbft::PublicKey found = secret->public_key();
  const std::string name = kind + " " + std::to_string(member.id);
  if (listed == nullptr) {
    file.fail(file.line_of("id"), name + " is not listed in " + cluster.name + "; add there: [[" + kind +
                                      "]] id = " + std::to_string(member.id) + ", public_key = \"" +
                                      pbft::to_text(found) + "\"");
  } else if (listed->key != found) {
    file.fail(file.line_of("key"),
              member.key.string() + " holds the key of " + owner_of(found, cluster.config) + " (public_key " +
                  pbft::to_text(found) + "), but " + cluster.name + " lists " + pbft::to_text(listed->key) +
                  " for " + name + "; name the right key file or the cluster file that lists this key");
  }
  if (file.fault()) return *file.fault();
  return secret;
}

template <class Info>
const Info* find_by_id(const std::vector<Info>& members, std::uint64_t id) {
  for (const auto& member : members) {
    if (member.id.value == id) return &member;
  }
  return nullptr;
}

/// A key to stand in until the right one is read.
pbft::SecretKey no_key() { return pbft::SecretKey::from_seed({}); }

}  // namespace

Result<ReplicaFile> read_replica_file(const std::filesystem::path& path) {
  TomlFile file(path);
  TomlSection root = file.root();
  const Member member = read_member(root, path.parent_path());
  ReplicaFile replica{{}, {{}, no_key()}, {}, pbft::LogLevel::info, {}, {}};
  read_data(root, path.parent_path(), replica);
  for (const auto& options : root.sections("options")) {
    read_replica_options(options, path.parent_path(), replica);
    if (options.has("listen_host"))
      replica.address_place = place(file.name(), options.line_of("listen_host"));
  }
  root.refuse_unknown_keys();
  if (file.fault()) return *file.fault();

  auto cluster = read_cluster_file(member.cluster);
  if (!cluster) return cluster.error();
  replica.cluster = *std::move(cluster);
  const auto* listed = find_by_id(replica.cluster.config.replicas, member.id);
  auto secret = read_listed_key(file, "replica", member, replica.cluster, listed);
  if (!secret) return secret.error();
  replica.key = {listed->id, *std::move(secret)};
  if (replica.address_place.empty()) {
    const auto at = static_cast<std::size_t>(listed - replica.cluster.config.replicas.data());
    replica.address_place = place(replica.cluster.name, replica.cluster.port_lines.at(at));
  }
  return replica;
}

Result<ClientFile> read_client_file(const std::filesystem::path& path) {
  TomlFile file(path);
  TomlSection root = file.root();
  const Member member = read_member(root, path.parent_path());
  ClientFile client{{}, {{}, no_key()}, {}, pbft::LogLevel::error};
  for (const auto& options : root.sections("options")) read_client_options(options, client);
  root.refuse_unknown_keys();
  if (file.fault()) return *file.fault();

  auto cluster = read_cluster_file(member.cluster);
  if (!cluster) return cluster.error();
  client.cluster = *std::move(cluster);
  const auto* listed = find_by_id(client.cluster.config.clients, member.id);
  auto secret = read_listed_key(file, "client", member, client.cluster, listed);
  if (!secret) return secret.error();
  client.key = {listed->id, *std::move(secret)};
  return client;
}

namespace {

std::string member_toml(const std::string& kind, std::uint64_t id, const std::string& cluster,
                        const std::string& key) {
  return "# One " + kind + ". Paths are relative to this file.\nid = " + std::to_string(id) +
         "\ncluster = \"" + cluster + "\"\nkey = \"" + key + "\"\n";
}

}  // namespace

std::string replica_toml(std::uint32_t id, const std::string& cluster, const std::string& key,
                         const std::string& data) {
  return member_toml("replica", id, cluster, key) +
         (data.empty()
              ? "in_memory = true            # what it knows ends with the process\n"
              : "data = \"" + data + "\"               # what it must not forget; never copy it back\n") +
         "\n[options]\n"
         "# listen_host = \"0.0.0.0\"   # instead of the host in the cluster file\n"
         "# crypto_workers = 2\n"
         "# request_timeout_ms = 250\n"
         "# log_level = \"info\"        # debug, info, warning, error\n"
         "# status_file = \"status.json\"\n";
}

std::string client_toml(std::uint64_t id, const std::string& cluster, const std::string& key, bool use_macs) {
  return member_toml("client", id, cluster, key) +
         "\n[options]\n"
         "# operation_timeout_ms = 30000\n"
         "# connect_timeout_ms = 10000\n" +
         (use_macs ? "" : "# ") + "authentication = \"mac\"    # or signature, the default\n" +
         "# log_level = \"error\"       # debug, info, warning, error\n";
}

}  // namespace app
