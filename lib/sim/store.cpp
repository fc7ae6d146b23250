#include "sim/store.hpp"

#include <algorithm>

#include "wire/record_codec.hpp"

namespace pbft::sim {

namespace {

// Small, so that a short run has several segments and compactions.
constexpr storage::WalOptions wal_options{.segment_bytes = 32 * 1024, .max_spares = 1};
constexpr std::uint64_t compact_bytes = 48 * 1024;
constexpr std::uint64_t salt = 0x5a17;

storage::WalIdentity identity_of(ReplicaId owner) { return {Digest{}, owner}; }
std::uint32_t type_of(const core::Record& record) { return static_cast<std::uint32_t>(record.index() + 1); }

}  // namespace

Result<void> Store::create(DataDisk& disk, ReplicaId owner, std::uint64_t incarnation) {
  return storage::Wal::create(disk.files(), DataDisk::directory, identity_of(owner), salt, incarnation,
                              wal_options);
}

std::unique_ptr<Store> Store::in_memory(const core::Crypto& crypto) {
  std::unique_ptr<Store> store(new Store);
  store->checkpoints_ = storage::CheckpointStore::in_memory(crypto);
  return store;
}

Result<Store::Found> Store::open(DataDisk& disk, ReplicaId owner, const core::Crypto& crypto,
                                 const wire::DecodeLimits& limits, StateMachine& machine) {
  std::unique_ptr<Store> store(new Store);
  const auto replay = [&](std::uint32_t type, BytesView payload) -> Result<void> {
    auto decoded = wire::decode_record(payload, limits, crypto);
    auto* record = std::get_if<core::Record>(&decoded);
    if (!record || type_of(*record) != type) {
      return Error{ErrorCode::io, "its content is no record of type " + std::to_string(type)};
    }
    store->live_.keep(std::move(*record));
    return {};
  };
  auto log = storage::Wal::open(disk.files(), DataDisk::directory, identity_of(owner), replay, wal_options);
  if (!log) return log.error();
  store->log_ = *std::move(log);
  auto checkpoints =
      storage::CheckpointStore::open(disk.files(), DataDisk::checkpoints, identity_of(owner), crypto);
  if (!checkpoints) return checkpoints.error();
  store->checkpoints_ = *std::move(checkpoints);

  Found found;
  found.incarnation = store->log_->incarnation();
  found.past.records = store->live_.all();
  auto newest = store->checkpoints_->newest();
  if (!newest) return newest.error();
  if (*newest) {
    if (auto loaded = store->load((*newest)->seq, (*newest)->state, machine); !loaded) return loaded.error();
    found.past.checkpoint = *std::move(newest);
  }
  found.store = std::move(store);
  return found;
}

Result<void> Store::load(SeqNum seq, const Digest& state, StateMachine& machine) {
  return checkpoints_->read_application(seq, state,
                                        [&](SnapshotReader& reader) { return machine.load(reader); });
}

Result<void> Store::write(const std::vector<core::Record>& records) {
  if (!log_) return {};
  for (const core::Record& record : records) {
    if (auto added = log_->append(type_of(record), wire::encode_record(record)); !added) return added;
  }
  if (auto synced = log_->sync(); !synced) return synced;
  bool checkpoint = false;
  for (const core::Record& record : records) {
    live_.keep(record);
    checkpoint = checkpoint || std::holds_alternative<core::CheckpointProof>(record);
  }
  return compact_if_due(checkpoint);
}

Result<void> Store::compact_if_due(bool checkpoint) {
  const std::uint64_t limit = std::max(compact_bytes, log_->base_bytes());
  if (log_->appended_bytes() < (checkpoint ? limit : 4 * limit)) return {};
  const std::vector<core::Record> live = live_.all();
  return log_->compact([&, at = live.begin()](storage::WalRecord& next) mutable {
    if (at == live.end()) return false;
    next = {type_of(*at), wire::encode_record(*at)};
    ++at;
    return true;
  });
}

Result<storage::PendingCheckpoint> Store::write_snapshot(SeqNum seq, BytesView core_state,
                                                         const StateMachine& machine) {
  return checkpoints_->write_snapshot(seq, core_state, [&](SnapshotWriter& writer) { machine.save(writer); });
}

Result<Store::Progress> Store::collect(SeqNum seq, const Digest& state) {
  collecting_ = seq;
  collecting_state_ = state;
  return progress(checkpoints_->collect(seq, state));
}

Result<Store::Progress> Store::progress(Result<storage::CollectionStep> step) const {
  if (!step) return step.error();
  if (step->core_state)
    return Progress(core::StateCollected{collecting_, collecting_state_, *step->core_state});
  if (step->missing.empty()) return Progress();
  return Progress(core::StateWanted{collecting_, collecting_state_, step->missing});
}

Result<std::optional<core::StateDifference>> Store::install(SeqNum seq, const Digest& state,
                                                            StateMachine& machine) {
  std::optional<core::StateDifference> difference;
  for (const storage::StoredCheckpoint& own : checkpoints_->checkpoints()) {
    if (own.seq == seq && own.state != state) difference = checkpoints_->difference(seq, own.state, state);
  }
  if (auto loaded = load(seq, state, machine); !loaded) return loaded.error();
  if (auto done = checkpoints_->supersede(seq, state); !done) return done.error();
  return difference;
}

}  // namespace pbft::sim
