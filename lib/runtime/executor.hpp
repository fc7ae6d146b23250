// The thread that owns the state machine: executes batches, writes snapshots and loads states, in the order
// of the core.
#pragma once

#include <functional>
#include <future>
#include <optional>
#include <variant>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "pbft/state_machine.hpp"
#include "runtime/keeper.hpp"
#include "runtime/results.hpp"
#include "runtime/worker.hpp"
#include "storage/checkpoint_store.hpp"

namespace pbft::runtime {

/// Digest of the state that every replica of the service begins with; streamed, never held.
Digest genesis_of(const StateMachine& machine, const core::Crypto& crypto);

class Executor {
 public:
  using Task = std::variant<core::Execute, core::AnswerQueries, core::TakeSnapshot, core::InstallState>;

  /// Starts the thread. All outlive it; every call of `machine` but valid() comes from it. An exception that
  /// leaves the state machine ends the process: a replica that cannot execute what the others execute must
  /// not go on.
  Executor(StateMachine& machine, const core::Crypto& crypto, storage::CheckpointStore& checkpoints,
           Keeper& keeper, Results& results);

  struct Beginning {
    Digest genesis;
    std::optional<core::RestoredCheckpoint> checkpoint;  ///< Loaded.
  };
  /// Once, before the first task: has the machine, in its initial state, load the newest checkpoint. Blocks.
  Result<Beginning> begin();

  /// Any thread. Never blocks on the state machine. Execute is answered by Executed, AnswerQueries by
  /// QueriesAnswered; TakeSnapshot and InstallState by the keeper, once its part is done.
  void push(Task task) {
    std::visit([this](auto& kind) { worker_.push(std::move(kind)); }, task);
  }
  /// Waits for the call that is running; what is queued is dropped. Idempotent, one thread at a time, not
  /// from the state machine.
  void stop() { worker_.stop(); }

 private:
  struct Begin {
    std::promise<Result<Beginning>> done;
  };
  using AnyTask =
      std::variant<core::Execute, core::AnswerQueries, core::TakeSnapshot, core::InstallState, Begin>;

  Result<void> perform(core::Execute& task);
  Result<void> perform(core::AnswerQueries& task);
  Result<void> perform(core::TakeSnapshot& task);
  Result<void> perform(core::InstallState& task);
  Result<void> perform(Begin& task);
  Result<Beginning> load_newest();
  Result<void> load(SeqNum seq, const Digest& state);
  Bytes execute(const core::Execute& batch, const core::Execute::Item& item);

  StateMachine& machine_;
  const core::Crypto& crypto_;
  storage::CheckpointStore& checkpoints_;
  Keeper& keeper_;
  Results& results_;
  bool broken_ = false;  ///< After a failure nothing is done any more.
  Worker<AnyTask> worker_;
};

}  // namespace pbft::runtime
