// A replica on virtual time: the real core with an executor, a store and a clock that are as slow as asked
// for. It lives as often as it is started again; its disk and what it has promised outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adversary/behaviour.hpp"
#include "core/replica.hpp"
#include "pbft/state_machine.hpp"
#include "sim/data_disk.hpp"
#include "sim/history.hpp"
#include "sim/network.hpp"
#include "sim/promises.hpp"
#include "sim/store.hpp"
#include "wire/codec.hpp"

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
  Duration persist{};   ///< Of a write; what is to be written meanwhile waits for the next one.
  Duration snapshot{};  ///< From the end of the save to SnapshotReady; also of loading a state.
  Duration block{};     ///< Of reading or keeping a block of state, one after the other.
  Duration clock_skew{};
  /// Of decoding a frame; frames are read one after the other. With zero, reading takes no time at all.
  Duration frame{};
  Duration signature{};  ///< Of checking a message's signature, where `frame` is not zero.
};

using MachineFactory = std::function<std::unique_ptr<StateMachine>()>;

/// How a replica is made.
struct ReplicaParts {
  core::ReplicaConfig config;  ///< `genesis` and `incarnation` are filled in here.
  const core::Crypto& crypto;
  MachineFactory machine;
  Tempo tempo;
  Storage storage = Storage::memory;
};

class ReplicaProcess {
 public:
  ReplicaProcess(const World& world, ReplicaParts parts);
  ReplicaProcess(const ReplicaProcess&) = delete;
  ReplicaProcess& operator=(const ReplicaProcess&) = delete;

  void start();
  void deliver(const Node& from, const FramePtr& frame);
  void link_up(ReplicaId peer) { step(core::LinkUp{peer}); }
  void link_down(ReplicaId peer) { step(core::LinkDown{peer}); }

  // ---- Faults ---------------------------------------------------------------------------------------------
  void stop();   ///< The process ends without a word, as by SIGKILL: what was written stays on its disk.
  void pause();  ///< As SIGSTOP: inputs wait, time goes on.
  void resume();
  /// The process ends with the machine it runs on: any part of what was not synced is lost, as the seed
  /// decides. A write that is under way is part of it.
  void lose_power(std::uint64_t seed);
  /// Power is lost at this moment of persist_points(), seen from genesis; then `then` is called.
  void lose_power_at(std::uint64_t point, std::uint64_t seed, std::function<void()> then = nullptr);
  /// Another process on the same disk; without a disk, or with an empty one, it has lost its memory. False if
  /// the disk refuses it: see refusal(). REQUIRES: is_stopped().
  bool restart();
  /// The data directory is gone, and an operator makes a new one: the next process has lost its memory.
  /// REQUIRES: is_stopped().
  void lose_data();
  /// The data directory is gone, and another process starts that denies it: Byzantine from now on.
  /// REQUIRES: is_stopped().
  void restart_in_denial();
  DataDisk& disk() { return *disk_; }  ///< REQUIRES: Storage::disk.
  /// Byzantine from now on: what it says and hears goes through `behaviour`, its history no longer counts.
  void corrupt(std::unique_ptr<adversary::Behaviour> behaviour);
  /// The same by name, as "slow(10ms)+no-reply". REQUIRES: there is such a behaviour.
  void corrupt(std::string_view behaviour, std::uint64_t seed = 1);
  /// Byzantine in what a test injects in its name; itself it runs on honestly.
  void distrust() {
    correct_ = false;
    world_.history.doubt(id_);
  }
  /// Its state machine has or does what it should not: until it has installed an agreed state, its
  /// checkpoints need not equal the others'.
  void distrust_state() { trusts_state_ = false; }
  /// Its checkpoints were damaged: it need not know all that it has said, if only it says nothing else.
  void expect_damage() { damaged_ = true; }
  StateMachine& machine() { return *life_->machine; }  ///< REQUIRES: !is_stopped().
  Tempo tempo;
  /// Later starts use it.
  MachineFactory machine_factory;

  // ---- Questions ------------------------------------------------------------------------------------------
  ReplicaId id() const { return id_; }
  bool is_running() const { return life_ && !paused_; }
  bool is_stopped() const { return !life_; }
  bool is_paused() const { return paused_; }
  bool is_correct() const { return correct_; }
  core::ReplicaState state() const { return life_ ? life_->core.state() : last_state_; }
  const core::StageTimes& stage_times() const {
    return life_->core.stage_times();
  }  ///< REQUIRES: !is_stopped().
  bool has_prepared(SeqNum seq) const { return life_ && life_->core.has_prepared(seq); }
  bool has_committed(SeqNum seq) const { return life_ && life_->core.has_committed(seq); }
  std::uint64_t rejections(core::Rejection reason) const {
    return rejections_[static_cast<std::size_t>(reason)];
  }
  /// Of one kind, oldest first, of all its lives; rejections are counted only.
  template <class T>
  std::vector<T> reports() const {
    std::vector<T> found;
    for (const core::Report& report : reports_) {
      if (const T* one = std::get_if<T>(&report)) found.push_back(*one);
    }
    return found;
  }
  std::vector<core::Evidence> evidence() const { return reports<core::Evidence>(); }
  std::size_t view_changes_started() const { return reports<core::ViewChangeStarted>().size(); }
  /// Why it ended or did not start; empty if no disk was to blame.
  const std::string& refusal() const { return refusal_; }
  /// How often what is on the disk was about to change, or had just become durable, since genesis.
  std::uint64_t persist_points() const { return disk_ ? disk_->points() : 0; }
  /// It runs and is none of the faulty.
  bool owes_progress() const { return is_running() && correct_ && !abstains_; }

 private:
  /// What ends with the process.
  struct Life {
    std::unique_ptr<StateMachine> machine;
    std::unique_ptr<Store> store;
    core::Replica core;
    struct Records {
      std::vector<core::Record> records;
      std::vector<std::uint64_t> tokens;
    };
    Records queue, writing;
    std::deque<storage::PendingCheckpoint> saving;  ///< Gone before the store.
    Instant executor_free{}, store_free{};
    std::deque<std::pair<Node, FramePtr>> inbox = {};  ///< Frames that wait to be read,
    bool reading = false;                              ///< while another one takes its time.
  };

  // replica_inbox.cpp: what reading takes
  void read_next();
  Duration cost_of(const Node& from, const Frame& frame) const;

  // replica_process.cpp: core and network
  void take(const Node& from, const Frame& frame);
  void step(core::Event event);
  void check_foresight(const core::Replica::Needless& foreseen, const core::Outputs& out) const;
  void perform_all(core::Outputs& out);
  void perform(core::Output& output);
  void promise(const core::Message& message);
  void emit(const Node& to, const core::MessagePtr& message);
  void hear(const Node& from, const core::AuthenticMessage& message);
  void arm(const core::SetTimer& set);
  void fire(core::Timer timer, std::uint64_t generation);
  void on_rejoined(SeqNum from);
  void report(const core::Report& what);
  void check_progress();
  core::Now now() const;
  /// Runs unless the process has ended by then.
  template <class Action>
  void at(Instant when, Action action) {
    world_.scheduler.at(when, EventKind::work, [this, life = lives_, action = std::move(action)]() mutable {
      if (life_ && lives_ == life) action();
    });
  }

  // replica_faults.cpp: Byzantine behaviour
  void carry(const adversary::Traffic& traffic);
  void wake_behaviour();

  // replica_work.cpp: executor and store
  void perform(core::Persist&& persist);
  void write_queue();
  void finish_write();
  void perform(core::Execute&& todo);
  void perform(core::AnswerQueries&& todo);
  void perform(core::TakeSnapshot&& todo);
  void finish_save();
  void perform(const core::InstallState& todo);
  void on_store(std::function<void()> action);
  void answer(Result<Store::Progress> progress);
  /// False after the process has ended for it.
  bool holds(const Result<void>& result);
  template <class T>
  bool holds(const Result<T>& result) {
    return holds(result ? Result<void>() : Result<void>(result.error()));
  }

  // replica_life.cpp: birth and death
  Result<void> open();
  void end();
  void power_is_lost(std::uint64_t seed);

  const World world_;
  const ReplicaId id_;
  core::ReplicaConfig config_;
  const core::Crypto& crypto_;
  const wire::Sealer sealer_;
  std::unique_ptr<DataDisk> disk_;  ///< Null for Storage::memory.
  std::unique_ptr<Life> life_;      ///< Null while stopped.
  std::uint64_t lives_ = 0;
  Promises promises_;
  std::unique_ptr<adversary::Behaviour> behaviour_;  ///< Null: honest.
  std::optional<Instant> behaviour_wakes_;
  bool correct_ = true, trusts_state_ = true, damaged_ = false, paused_ = false;
  std::deque<core::Event> backlog_;                  // while paused
  core::Outputs spare_outputs_;                      // empty, with room for the next step's
  std::optional<core::Replica::Needless> foreseen_;  ///< Of the message that the next step handles.
  std::array<std::uint64_t, core::timer_count> timer_generation_{};
  std::vector<std::pair<core::Timer, std::uint64_t>> overdue_;  // while paused
  core::ReplicaState last_state_;
  std::array<std::uint64_t, core::rejection_count> rejections_{};
  std::vector<core::Report> reports_;
  std::string refusal_;
  bool abstains_ = false;  ///< It knows that it has forgotten something.
  bool denies_ = false;    ///< It has, and claims that it is as old as the cluster.
  struct Doom {
    std::uint64_t seed;
    std::function<void()> then;
  };
  std::optional<Doom> doom_;  ///< Of lose_power_at().
};

/// Virtual wall-clock time 0, and how far monotonic clocks are when a run begins: both arbitrary.
inline constexpr std::uint64_t wall_start_us = 1'700'000'000'000'000;
inline constexpr Instant monotonic_start = std::chrono::hours(1);

}  // namespace pbft::sim
