// The threads that keep checkpoints: one makes them durable and collects the others', one reads for peers.
#pragma once

#include <variant>

#include "core/io.hpp"
#include "runtime/results.hpp"
#include "runtime/worker.hpp"
#include "storage/checkpoint_store.hpp"

namespace pbft::runtime {

/// So that neither the loop nor the state machine waits for a disk that syncs.
class Keeper {
 public:
  /// The state machine has loaded what was collected; answered by StateInstalled.
  struct Loaded {
    SeqNum seq;
    Digest state;
  };
  /// A PendingCheckpoint, which the executor has written, is answered by SnapshotReady once it is durable.
  using Task = std::variant<storage::PendingCheckpoint, Loaded, core::CollectState, core::KeepBlock,
                            core::DiscardSnapshots>;

  /// Starts the threads. Both outlive it.
  Keeper(storage::CheckpointStore& checkpoints, Results& results);

  /// Any thread; never waits for the disk.
  void push(Task task) { worker_.push(std::move(task)); }
  /// Answered by BlockRead. Not behind a sync, which can take longer than a peer waits.
  void push(core::ReadBlock task) { reader_.push(task); }
  /// Waits for what is under way; what is queued is dropped. Idempotent, one thread at a time.
  void stop() {
    worker_.stop();
    reader_.stop();
  }

 private:
  Result<void> perform(storage::PendingCheckpoint& task);
  Result<void> perform(Loaded& task);
  Result<void> perform(core::CollectState& task);
  Result<void> perform(core::KeepBlock& task);
  Result<void> perform(core::DiscardSnapshots& task);
  void read(const core::ReadBlock& task);
  Result<void> tell(Result<storage::CollectionStep> step);

  storage::CheckpointStore& checkpoints_;
  Results& results_;
  core::CollectState collecting_;  ///< The last one.
  bool broken_ = false;            ///< After a failure nothing is done any more.
  Worker<Task> worker_;
  Worker<core::ReadBlock> reader_;
};

}  // namespace pbft::runtime
