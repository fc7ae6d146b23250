#include "runtime/data.hpp"

#include <random>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/thread.hpp"
#include "storage/durable_log.hpp"
#include "storage/memory_log.hpp"
#include "wire/record_codec.hpp"

namespace pbft::runtime {

namespace {

std::uint64_t random_salt() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

storage::RecordCodec codec_of(const wire::DecodeLimits& limits, const core::Crypto& crypto) {
  storage::RecordCodec codec;
  codec.encode = wire::encode_record;
  codec.decode = [limits, &crypto](BytesView bytes) -> std::optional<core::Record> {
    auto decoded = wire::decode_record(bytes, limits, crypto);
    if (auto* record = std::get_if<core::Record>(&decoded)) return std::move(*record);
    return std::nullopt;
  };
  return codec;
}

storage::DurableLogOptions log_options(const ReplicaOptions& options) {
  storage::DurableLogOptions made;
  made.wal.segment_bytes = options.log_segment_bytes;
  made.compact_bytes = 2 * options.log_segment_bytes;
  return made;
}

Result<Data> open_memory(const ReplicaOptions& options, const core::Crypto& crypto, DataEvents events) {
  Data data;
  data.checkpoints = storage::CheckpointStore::in_memory(crypto);
  data.log = std::make_unique<storage::MemoryLog>(std::move(events.durable));
  if (options.lost_data) data.incarnation = now().wall.unix_us;
  return data;
}

/// For a replica whose data is lost: what it then promises is written where the next start finds it.
Result<void> begin_anew(storage::Disk& disk, const DataOwner& owner, const std::string& directory,
                        Logger& log) {
  const std::uint64_t incarnation = now().wall.unix_us;
  log(LogLevel::warning,
      directory +
          " has no data of this replica: it is lost, or was not made when the cluster was. What this "
          "replica has promised is unknown, so it begins anew as incarnation " +
          std::to_string(incarnation) + " and observes until the others have ordered its return");
  return create_data(disk, owner, incarnation, directory);
}

}  // namespace

std::string checkpoints_in(const std::string& directory) { return directory + "/checkpoints"; }

Result<void> create_data(storage::Disk& disk, const DataOwner& owner, std::uint64_t incarnation,
                         const std::string& directory) {
  return storage::Wal::create(disk, directory, {owner.cluster, owner.replica}, random_salt(), incarnation);
}

Result<Data> open_data(const DataOwner& owner, const ReplicaOptions& options,
                       const wire::DecodeLimits& limits, const core::Crypto& crypto, Logger& log,
                       DataEvents events) {
  const std::string& directory = options.data_directory;
  if (directory.empty()) return open_memory(options, crypto, std::move(events));
  Data data;
  data.durable = true;
  data.disk = std::make_unique<storage::PosixDisk>();
  const auto exists = storage::Wal::exists(*data.disk, directory);
  if (!exists) return exists.error();
  if (!*exists) {
    if (auto begun = begin_anew(*data.disk, owner, directory, log); !begun) return begun.error();
  }
  storage::LogThreads threads{std::move(events.post),
                              [](std::function<void()> run) { return start_thread(std::move(run)); }};
  const storage::WalIdentity identity{owner.cluster, owner.replica};
  auto opened =
      storage::DurableLog::open(*data.disk, directory, identity, codec_of(limits, crypto), std::move(threads),
                                std::move(events.durable), std::move(events.failed), log_options(options));
  if (!opened) return opened.error();
  data.incarnation = (*opened)->incarnation();
  data.log = std::move(*opened);
  auto checkpoints = storage::CheckpointStore::open(*data.disk, checkpoints_in(directory), identity, crypto);
  if (!checkpoints) return checkpoints.error();
  data.checkpoints = std::move(*checkpoints);
  return data;
}

}  // namespace pbft::runtime
