// cluster.toml: who is in the cluster. Equal on every replica and client.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pbft/config.hpp"

namespace app {

struct ClusterFile {
  std::string name;  ///< The path, as a message shows it.
  pbft::ClusterConfig config;
  std::vector<std::uint32_t> port_lines;  ///< Of config.replicas, in their order.
};

/// Largest number of replicas that may be faulty among `replicas`.
constexpr std::uint32_t tolerated_faults(std::size_t replicas) {
  return replicas == 0 ? 0 : static_cast<std::uint32_t>((replicas - 1) / 3);
}

/// Reads and checks it whole. Errors: invalid_argument, "FILE:LINE: what, and what to do".
pbft::Result<ClusterFile> read_cluster_file(const std::filesystem::path& path);

/// The text of a cluster.toml that read_cluster_file reads back as `config`. Limits are written where they
/// differ from the defaults.
std::string cluster_toml(const pbft::ClusterConfig& config);

}  // namespace app
