// replica.toml and client.toml: which member a process is, its key, and what it chooses for itself. Paths in
// them are relative to the file.
#pragma once

#include <filesystem>
#include <string>

#include "config/cluster_file.hpp"
#include "pbft/options.hpp"

namespace app {

struct ReplicaFile {
  ClusterFile cluster;
  pbft::ReplicaKey key;
  pbft::ReplicaOptions options;                     ///< Without log and lost_data.
  pbft::LogLevel log_level = pbft::LogLevel::info;  ///< Least level to show.
  std::filesystem::path status_file;                ///< Empty: none.
  std::string address_place;                        ///< "FILE:LINE" that says where it listens.
};

struct ClientFile {
  ClusterFile cluster;
  pbft::ClientKey key;
  pbft::ClientOptions options;                       ///< Without log.
  pbft::LogLevel log_level = pbft::LogLevel::error;  ///< Least level to show.
};

/// Both read the cluster and key files too, and refuse a key that is not the one listed for the member.
/// Errors: invalid_argument or io, "FILE:LINE: what, and what to do".
pbft::Result<ReplicaFile> read_replica_file(const std::filesystem::path& path);
pbft::Result<ClientFile> read_client_file(const std::filesystem::path& path);

/// The text of a replica.toml; without `data` one that keeps its data in memory.
std::string replica_toml(std::uint32_t id, const std::string& cluster, const std::string& key,
                         const std::string& data);
std::string client_toml(std::uint64_t id, const std::string& cluster, const std::string& key, bool use_macs);

}  // namespace app
