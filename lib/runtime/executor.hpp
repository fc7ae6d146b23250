// The thread that owns the state machine: executes batches and takes snapshots, in the order of the core.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "pbft/state_machine.hpp"
#include "storage/snapshot_store.hpp"

namespace pbft::runtime {

class Executor {
 public:
  using Task = std::variant<core::Execute, core::TakeSnapshot, core::DiscardSnapshots>;

  /// Starts the thread. `machine` and `crypto` outlive it; every call of `machine` but valid() comes from it.
  /// `results_ready` is called on it when take_results() has something again.
  Executor(StateMachine& machine, const core::Crypto& crypto, std::function<void()> results_ready);
  ~Executor();  ///< stop()

  /// Digest of the state as it is before the first task. Blocks.
  Digest genesis();
  /// Any thread. Never blocks on the state machine.
  void push(Task task);
  /// Executed and SnapshotReady, in the order of their tasks.
  std::vector<core::Event> take_results();

  /// Waits for the call that is running; what is queued is dropped. Idempotent, one thread at a time, not
  /// from the state machine.
  void stop();

 private:
  // An exception that leaves the state machine ends the process here: a replica that cannot execute what the
  // others execute must not go on.
  void run() noexcept;
  bool wait_for_tasks(std::vector<Task>& tasks);
  void perform(core::Execute& task);
  void perform(core::TakeSnapshot& task);
  void perform(core::DiscardSnapshots& task);
  Bytes execute(const core::Execute& batch, const core::Execute::Item& item);
  void deliver(core::Event result);
  Digest digest_of(BytesView application) const;

  StateMachine& machine_;
  const core::Crypto& crypto_;
  std::function<void()> results_ready_;
  storage::SnapshotStore snapshots_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;  ///< Of what follows.
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::vector<core::Event> results_;
  std::optional<Digest> genesis_;

  std::thread thread_;
};

}  // namespace pbft::runtime
