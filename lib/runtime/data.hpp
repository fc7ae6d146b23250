// What a replica keeps, opened: on disk in its data directory, or in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "pbft/options.hpp"
#include "runtime/logger.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/log.hpp"
#include "storage/posix_disk.hpp"
#include "wire/codec.hpp"

namespace pbft::runtime {

struct Data {
  std::unique_ptr<storage::PosixDisk> disk;  ///< Null in memory. Outlives the others.
  std::unique_ptr<storage::CheckpointStore> checkpoints;
  std::unique_ptr<storage::Log> log;  ///< Holds the directory's lock.
  std::uint64_t incarnation = 0;      ///< 0: it has its data since genesis (core::ReplicaConfig).
  bool durable = false;
};

struct DataOwner {
  Digest cluster;
  ReplicaId replica;
};

/// How the log speaks to the replica; storage/durable_log.hpp.
struct DataEvents {
  std::function<void(std::function<void()>)> post;
  std::function<void(std::uint64_t token)> durable;
  std::function<void(const Error&)> failed;
};

/// An empty log and the genesis marker; pbft/data_directory.hpp.
Result<void> create_data(storage::Disk& disk, const DataOwner& owner, std::uint64_t incarnation,
                         const std::string& directory);

/// Where in a data directory the checkpoints lie.
std::string checkpoints_in(const std::string& directory);

/// Opens what is there. A directory without marker is made anew, for an observer, with a warning to `log`.
/// `crypto` outlives the data. Errors name the file, and the offset of damage.
Result<Data> open_data(const DataOwner& owner, const ReplicaOptions& options,
                       const wire::DecodeLimits& limits, const core::Crypto& crypto, Logger& log,
                       DataEvents events);

}  // namespace pbft::runtime
