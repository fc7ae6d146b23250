// What a replica keeps besides what its process has in mind: the log and the checkpoints of production, on a
// simulated disk or, the checkpoints alone, in memory. Each call is done when it returns; the caller decides
// at which virtual time that is.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/io.hpp"
#include "pbft/state_machine.hpp"
#include "sim/data_disk.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/live_records.hpp"
#include "storage/wal.hpp"
#include "wire/codec.hpp"

namespace pbft::sim {

class Store {
 public:
  /// What a process finds when it starts.
  struct Found {
    std::unique_ptr<Store> store;
    std::uint64_t incarnation = 0;
    core::Restored past;
  };
  /// What collecting a state has come to; nothing if nothing is being collected.
  using Progress = std::variant<std::monostate, core::StateWanted, core::StateCollected>;

  /// As an operator does before the first start; `incarnation` is 0 at genesis.
  static Result<void> create(DataDisk& disk, ReplicaId owner, std::uint64_t incarnation);
  /// `machine` loads the newest checkpoint.
  static Result<Found> open(DataDisk& disk, ReplicaId owner, const core::Crypto& crypto,
                            const wire::DecodeLimits& limits, StateMachine& machine);
  static std::unique_ptr<Store> in_memory(const core::Crypto& crypto);

  /// All of them durable, or an error that is final.
  Result<void> write(const std::vector<core::Record>& records);
  /// Written, not yet durable.
  Result<storage::PendingCheckpoint> write_snapshot(SeqNum seq, BytesView core_state,
                                                    const StateMachine& machine);
  Result<void> commit(storage::PendingCheckpoint pending) { return checkpoints_->commit(std::move(pending)); }
  Result<void> discard(SeqNum below, const std::vector<SeqNum>& pinned) {
    return checkpoints_->discard(below, pinned);
  }
  /// Null if it is not here.
  Result<core::BlockPtr> read(const Digest& block) { return checkpoints_->read_block(block); }
  Result<Progress> collect(SeqNum seq, const Digest& state);
  Result<Progress> keep(const core::BlockPtr& block) { return progress(checkpoints_->add_block(block)); }
  /// The machine loads what was collected, which takes the place of our own.
  Result<std::optional<core::StateDifference>> install(SeqNum seq, const Digest& state,
                                                       StateMachine& machine);

 private:
  Store() = default;
  Result<Progress> progress(Result<storage::CollectionStep> step) const;
  Result<void> load(SeqNum seq, const Digest& state, StateMachine& machine);
  Result<void> compact_if_due(bool checkpoint);

  std::unique_ptr<storage::Wal> log_;  ///< Null in memory.
  storage::LiveRecords live_;
  std::unique_ptr<storage::CheckpointStore> checkpoints_;
  SeqNum collecting_;
  Digest collecting_state_;
};

}  // namespace pbft::sim
