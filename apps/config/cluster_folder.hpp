// A cluster's files in one folder: cluster.toml, r0/{replica.toml,key,data/}, ..., client0.{toml,key}, ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pbft/config.hpp"

namespace app {

struct ClusterPlan {
  std::string host = "127.0.0.1";
  std::vector<std::uint16_t> ports;  ///< One for each replica.
  std::uint32_t clients = 1;
  bool in_memory = false;  ///< The replicas have no data directories.
  bool use_macs = false;   ///< The clients authenticate their requests by MACs.
};

/// Writes all of it with fresh keys, each in a file of mode 0600, and the replicas' data directories. Refuses
/// a folder that holds any of these files already, before it writes the first. Errors: invalid_argument, io.
pbft::Result<pbft::ClusterConfig> write_cluster_folder(const std::filesystem::path& folder,
                                                       const ClusterPlan& plan);

std::filesystem::path replica_toml_path(const std::filesystem::path& folder, std::uint32_t replica);
std::filesystem::path data_path(const std::filesystem::path& folder, std::uint32_t replica);
std::filesystem::path client_toml_path(const std::filesystem::path& folder, std::uint32_t client);

}  // namespace app
