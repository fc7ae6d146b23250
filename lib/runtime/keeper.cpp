#include "runtime/keeper.hpp"

#include <utility>

namespace pbft::runtime {

Keeper::Keeper(storage::CheckpointStore& checkpoints, Results& results)
    : checkpoints_(checkpoints),
      results_(results),
      worker_([this](Task& task) {
        if (broken_) return;
        Result<void> done = std::visit([this](auto& kind) { return perform(kind); }, task);
        if (done) return;
        broken_ = true;
        results_.fail(done.error());
      }),
      reader_([this](core::ReadBlock& task) { read(task); }) {}

Result<void> Keeper::perform(storage::PendingCheckpoint& task) {
  const core::SnapshotReady ready{task.seq, task.state};
  if (auto committed = checkpoints_.commit(std::move(task)); !committed) return committed;
  results_.deliver(ready);
  return {};
}

Result<void> Keeper::perform(Loaded& task) {
  core::StateInstalled installed{task.seq, task.state, std::nullopt};
  for (const storage::StoredCheckpoint& stored : checkpoints_.checkpoints()) {
    if (stored.seq != task.seq || stored.state == task.state) continue;
    installed.difference = checkpoints_.difference(task.seq, stored.state, task.state);
  }
  if (auto done = checkpoints_.supersede(task.seq, task.state); !done) return done;
  results_.deliver(std::move(installed));
  return {};
}

void Keeper::read(const core::ReadBlock& task) {
  auto block = checkpoints_.read_block(task.block);
  if (!block) return results_.fail(block.error());
  results_.deliver(core::BlockRead{task.to, *std::move(block)});
}

Result<void> Keeper::perform(core::CollectState& task) {
  collecting_ = task;
  return tell(checkpoints_.collect(task.seq, task.state));
}

Result<void> Keeper::perform(core::KeepBlock& task) { return tell(checkpoints_.add_block(task.block)); }

Result<void> Keeper::perform(core::DiscardSnapshots& task) {
  return checkpoints_.discard(task.below, task.pinned);
}

Result<void> Keeper::tell(Result<storage::CollectionStep> step) {
  if (!step) return step.error();
  const auto& [seq, state] = collecting_;
  if (step->core_state) {
    results_.deliver(core::StateCollected{seq, state, *std::move(step->core_state)});
  } else if (!step->missing.empty()) {
    results_.deliver(core::StateWanted{seq, state, std::move(step->missing)});
  }
  return {};
}

}  // namespace pbft::runtime
