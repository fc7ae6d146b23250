#include "config/cluster_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "config/cluster_file.hpp"
#include "config/key_file.hpp"
#include "config/member_file.hpp"
#include "pbft/data_directory.hpp"

namespace app {
namespace {

namespace fs = std::filesystem;
using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

constexpr char data_name[] = "data";

Result<void> write_new(const fs::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (written) return {};
  return Error{ErrorCode::io, path.string() + ": cannot be written: " + std::generic_category().message(why)};
}

Result<void> make_folder(const fs::path& path, mode_t mode) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return Error{ErrorCode::io,
               path.string() + ": cannot make the folder: " + std::generic_category().message(errno)};
}

/// A file to write, and with it the key it refers to.
struct Member {
  std::string kind;
  std::uint32_t id;
  fs::path toml;
  fs::path key;
  std::string cluster;  ///< As seen from `toml`.
  pbft::SecretKey secret;
};

std::vector<Member> make_members(const fs::path& folder, const ClusterPlan& plan) {
  std::vector<Member> members;
  for (std::uint32_t id = 0; id < plan.ports.size(); ++id) {
    const fs::path toml = replica_toml_path(folder, id);
    members.push_back(
        {"replica", id, toml, toml.parent_path() / "key", "../cluster.toml", pbft::SecretKey::generate()});
  }
  for (std::uint32_t id = 0; id < plan.clients; ++id) {
    const fs::path toml = client_toml_path(folder, id);
    members.push_back({"client", id, toml, fs::path(toml).replace_extension(".key"), "cluster.toml",
                       pbft::SecretKey::generate()});
  }
  return members;
}

Result<void> refuse_existing(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(path, ignored))) return {};
  return Error{ErrorCode::invalid_argument,
               path.string() + ": exists already and is never overwritten; choose another folder"};
}

Result<void> write_member(const Member& member, const ClusterPlan& plan) {
  if (member.kind == "replica") {
    if (auto made = make_folder(member.toml.parent_path(), 0700); !made) return made;
  }
  auto written = write_key_file(member.key, member.secret, member.kind + " " + std::to_string(member.id));
  if (!written) return written;
  const std::string key = member.key.filename().string();
  return write_new(member.toml,
                   member.kind == "replica"
                       ? replica_toml(member.id, member.cluster, key, plan.in_memory ? "" : data_name)
                       : client_toml(member.id, member.cluster, key, plan.use_macs));
}

}  // namespace

fs::path replica_toml_path(const fs::path& folder, std::uint32_t replica) {
  return folder / ("r" + std::to_string(replica)) / "replica.toml";
}

fs::path data_path(const fs::path& folder, std::uint32_t replica) {
  return replica_toml_path(folder, replica).parent_path() / data_name;
}

fs::path client_toml_path(const fs::path& folder, std::uint32_t client) {
  return folder / ("client" + std::to_string(client) + ".toml");
}

Result<pbft::ClusterConfig> write_cluster_folder(const fs::path& folder, const ClusterPlan& plan) {
  const std::vector<Member> members = make_members(folder, plan);
  pbft::ClusterConfig config;
  for (const auto& member : members) {
    if (member.kind == "replica") {
      config.replicas.push_back(
          {pbft::ReplicaId{member.id}, plan.host, plan.ports[member.id], member.secret.public_key()});
    } else {
      config.clients.push_back({pbft::ClientId{member.id}, member.secret.public_key()});
    }
  }
  if (const auto faults = config.faults(); !faults.empty()) {
    return Error{ErrorCode::invalid_argument, faults.front().message};
  }

  const fs::path cluster_toml_path = folder / "cluster.toml";
  if (auto free = refuse_existing(cluster_toml_path); !free) return free.error();
  for (const auto& member : members) {
    for (const auto& path : {member.toml, member.key}) {
      if (auto free = refuse_existing(path); !free) return free.error();
    }
    if (member.kind != "replica") continue;
    if (auto free = refuse_existing(data_path(folder, member.id)); !free) return free.error();
  }
  if (auto made = make_folder(folder, 0755); !made) return made.error();
  if (auto written = write_new(cluster_toml_path, cluster_toml(config)); !written) return written.error();
  for (const auto& member : members) {
    if (auto written = write_member(member, plan); !written) return written.error();
    if (member.kind != "replica" || plan.in_memory) continue;
    auto made = pbft::create_data_directory(config, pbft::ReplicaId{member.id},
                                            data_path(folder, member.id).string());
    if (!made) return made.error();
  }
  return config;
}

}  // namespace app
