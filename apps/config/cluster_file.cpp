#include "config/cluster_file.hpp"

#include <limits>
#include <sstream>

#include "config/toml_file.hpp"

namespace app {
namespace {

pbft::PublicKey read_public_key(TomlSection& section) {
  section.require("public_key", "\"64 hexadecimal digits\", as `pbft keygen` prints them");
  std::string text;
  section.read("public_key", text);
  auto key = pbft::public_key_from_text(text);
  if (key) return *key;
  section.fail("public_key", "public_key = \"" + text + "\": " + key.error().message);
  return {};
}

pbft::ReplicaInfo read_replica(TomlSection section) {
  pbft::ReplicaInfo replica;
  section.require("id", "0 (each replica has its own, from 0 to n-1)");
  section.read("id", replica.id.value);
  section.require("host", "\"192.0.2.1\"");
  section.read("host", replica.host);
  section.require("port", "7100");
  section.read("port", replica.port, 1);
  replica.key = read_public_key(section);
  section.refuse_unknown_keys();
  return replica;
}

pbft::ClientInfo read_client(TomlSection section) {
  pbft::ClientInfo client;
  section.require("id", "0 (each client has its own)");
  section.read("id", client.id.value, 0, std::numeric_limits<std::int64_t>::max());
  client.key = read_public_key(section);
  section.refuse_unknown_keys();
  return client;
}

/// Calls visit(name, member) for every limit: the one list of their names in a file.
template <class Visit>
void for_each_limit(Visit visit) {
  using pbft::AgreedLimits;
  visit("checkpoint_interval", &AgreedLimits::checkpoint_interval);
  visit("client_window", &AgreedLimits::client_window);
  visit("max_operation_bytes", &AgreedLimits::max_operation_bytes);
  visit("max_result_bytes", &AgreedLimits::max_result_bytes);
  visit("max_request_bytes", &AgreedLimits::max_request_bytes);
  visit("max_request_operations", &AgreedLimits::max_request_operations);
  visit("max_batch_bytes", &AgreedLimits::max_batch_bytes);
  visit("max_batch_requests", &AgreedLimits::max_batch_requests);
  visit("client_cache_bytes", &AgreedLimits::client_cache_bytes);
}

void check_size(TomlFile& file, std::size_t replicas, std::uint32_t faults, bool faults_given) {
  const std::string listed =
      std::to_string(replicas) + (replicas == 1 ? " replica" : " replicas") + " listed, ";
  const std::uint32_t line = file.line_of("replica");
  if (faults_given && replicas < 3 * std::size_t{faults} + 1) {
    file.fail(line, listed + "f = " + std::to_string(faults) +
                        " needs at least 3f+1 = " + std::to_string(3 * std::size_t{faults} + 1));
  } else if (replicas < 4) {
    file.fail(line, listed + "a cluster that tolerates f = 1 faulty replica needs at least 3f+1 = 4");
  }
}

}  // namespace

pbft::Result<ClusterFile> read_cluster_file(const std::filesystem::path& path) {
  TomlFile file(path);
  ClusterFile cluster{file.name(), {}, {}};
  TomlSection root = file.root();

  std::uint32_t faults = 1;
  root.read("f", faults, 1, 21);
  for (const auto& section : root.sections("replica")) {
    cluster.config.replicas.push_back(read_replica(section));
    cluster.port_lines.push_back(section.line_of("port"));
  }
  for (const auto& section : root.sections("client")) cluster.config.clients.push_back(read_client(section));
  for (auto& limits : root.sections("limits")) {
    for_each_limit(
        [&](const char* name, auto member) { limits.read(name, cluster.config.limits.*member, 1); });
    limits.refuse_unknown_keys();
  }
  root.refuse_unknown_keys();
  check_size(file, cluster.config.replicas.size(), faults, root.has("f"));
  if (file.fault()) return *file.fault();

  for (const auto& fault : cluster.config.faults()) file.fail(file.line_of(fault.path), fault.message);
  if (file.fault()) return *file.fault();
  return cluster;
}

std::string cluster_toml(const pbft::ClusterConfig& config) {
  std::ostringstream text;
  text << "# One cluster. Every replica and client has the same copy: who differs in a single value belongs "
          "to\n"
          "# another cluster and is refused at the handshake.\n"
          "f = "
       << tolerated_faults(config.replicas.size()) << "\n";
  for (const auto& replica : config.replicas) {
    text << "\n[[replica]]\nid = " << replica.id.value << "\nhost = \"" << replica.host
         << "\"\nport = " << replica.port << "\npublic_key = \"" << pbft::to_text(replica.key) << "\"\n";
  }
  for (const auto& client : config.clients) {
    text << "\n[[client]]\nid = " << client.id.value << "\npublic_key = \"" << pbft::to_text(client.key)
         << "\"\n";
  }

  std::ostringstream limits;
  const pbft::AgreedLimits defaults;
  for_each_limit([&](const char* name, auto member) {
    if (config.limits.*member != defaults.*member) limits << name << " = " << config.limits.*member << "\n";
  });
  if (!limits.str().empty()) text << "\n[limits]\n" << limits.str();
  return text.str();
}

}  // namespace app
