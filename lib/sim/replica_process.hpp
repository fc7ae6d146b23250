// A replica on virtual time: the real core with an executor, a disk and a clock that are as slow as asked
// for.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/replica.hpp"
#include "pbft/state_machine.hpp"
#include "sim/history.hpp"
#include "sim/network.hpp"
#include "sim/promises.hpp"

namespace pbft::sim {

/// What all members of a simulated cluster share.
struct World {
  Scheduler& scheduler;
  Trace& trace;
  Network& network;
  const Mail& mail;
  History& history;
  std::uint32_t replicas;
};

/// How slow a replica's parts are, and how wrong its clock.
struct Tempo {
  Duration execute{};   ///< From Execute to Executed, one batch after the other.
  Duration persist{};   ///< From Persist to Persisted, one record after the other.
  Duration snapshot{};  ///< From the end of the save to SnapshotReady.
  Duration clock_skew{};
};

/// What a Byzantine replica makes of each message that its honest core wants to send: it calls `emit` for
/// what really leaves, any number of times. Everything else about the replica stays honest.
using Emit = std::function<void(const Node& to, const core::MessagePtr& message)>;
using Mangler = std::function<void(const Node& to, const core::MessagePtr& message, const Emit& emit)>;

class ReplicaProcess {
 public:
  ReplicaProcess(const World& world, core::ReplicaConfig config, const core::Crypto& crypto,
                 std::unique_ptr<StateMachine> machine, Tempo tempo);
  ReplicaProcess(const ReplicaProcess&) = delete;
  ReplicaProcess& operator=(const ReplicaProcess&) = delete;

  void start();
  void deliver(const Node& from, const FramePtr& frame);
  void link_up(ReplicaId peer) { step(core::LinkUp{peer}); }

  // ---- Faults ---------------------------------------------------------------------------------------------
  void stop();   ///< For ever: state is in memory, and a replica without its memory must not come back.
  void pause();  ///< As SIGSTOP: inputs wait, time goes on.
  void resume();
  /// Byzantine from now on: its messages go through `mangler`, its history no longer counts.
  void corrupt(Mangler mangler);
  /// Byzantine in what a test injects in its name; itself it runs on honestly.
  void distrust() { correct_ = false; }
  Tempo tempo;

  // ---- Questions ------------------------------------------------------------------------------------------
  ReplicaId id() const { return id_; }
  bool is_running() const { return !stopped_ && !paused_; }
  bool is_stopped() const { return stopped_; }
  bool is_paused() const { return paused_; }
  bool is_correct() const { return correct_; }
  core::ReplicaState state() const { return core_.state(); }
  bool has_prepared(SeqNum seq) const { return core_.has_prepared(seq); }
  bool has_committed(SeqNum seq) const { return core_.has_committed(seq); }
  std::uint64_t rejections(core::Rejection reason) const {
    return rejections_[static_cast<std::size_t>(reason)];
  }
  const std::vector<core::Evidence>& evidence() const { return evidence_; }
  std::size_t view_changes_started() const { return view_changes_started_; }
  /// It is behind what the others keep; without state transfer it never catches up.
  bool needs_state() const { return needs_state_; }

 private:
  void step(core::Event event);
  void perform(core::Output& output);
  void emit(const Node& to, const core::MessagePtr& message);
  void perform(core::Persist&& persist);
  void perform(core::Execute&& todo);
  void perform(const core::TakeSnapshot& todo);
  void arm(const core::SetTimer& timer);
  void fire(core::Timer timer, std::uint64_t generation);
  void report(const core::Report& report);
  void check_progress();
  core::Now now() const;

  const World world_;
  ReplicaId id_;
  const core::Crypto& crypto_;
  std::unique_ptr<StateMachine> machine_;
  core::Replica core_;
  Promises promises_;
  Mangler mangler_;
  bool correct_ = true, stopped_ = false, paused_ = false, needs_state_ = false;
  std::deque<core::Event> backlog_;  // while paused
  std::array<std::uint64_t, core::timer_count> timer_generation_{};
  std::vector<std::pair<core::Timer, std::uint64_t>> overdue_;  // while paused
  Instant executor_free_{}, disk_free_{};
  core::ReplicaState last_state_;
  std::array<std::uint64_t, core::rejection_count> rejections_{};
  std::vector<core::Evidence> evidence_;
  std::size_t view_changes_started_ = 0;
};

/// Virtual wall-clock time 0, and how far monotonic clocks are when a run begins: both arbitrary.
inline constexpr std::uint64_t wall_start_us = 1'700'000'000'000'000;
inline constexpr Instant monotonic_start = std::chrono::hours(1);

}  // namespace pbft::sim
