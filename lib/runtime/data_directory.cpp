#include "pbft/data_directory.hpp"

#include <algorithm>

#include "runtime/data.hpp"
#include "storage/posix_disk.hpp"

namespace pbft {

Result<void> create_data_directory(const ClusterConfig& config, ReplicaId replica,
                                   const std::string& directory) {
  const auto invalid = [](std::string message) {
    return Error{ErrorCode::invalid_argument, std::move(message)};
  };
  if (const auto faults = config.faults(); !faults.empty()) {
    return invalid("cluster configuration, " + faults.front().path + ": " + faults.front().message);
  }
  const bool is_listed = std::any_of(config.replicas.begin(), config.replicas.end(),
                                     [&](const ReplicaInfo& info) { return info.id == replica; });
  if (!is_listed) {
    return invalid("replica " + std::to_string(replica.value) +
                   " is not in the cluster configuration, which lists 0 to " +
                   std::to_string(config.replicas.size() - 1));
  }
  storage::PosixDisk disk;
  return runtime::create_data(disk, {cluster_id(config), replica}, 0, directory);
}

}  // namespace pbft
