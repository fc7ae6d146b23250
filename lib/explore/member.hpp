// One replica process of an explored cluster: a value, made of what it has been through.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/replica.hpp"
#include "explore/scope.hpp"
#include "sim/forger.hpp"
#include "sim/keys.hpp"
#include "sim/promises.hpp"
#include "storage/live_records.hpp"
#include "wire/codec.hpp"

namespace pbft::explore {

using core::Instant;

/// Keys, limits and configuration of all members.
struct Cast {
  explicit Cast(const Scope& of);

  Scope scope;
  AgreedLimits agreed;
  core::Quorums quorums;
  sim::Keys keys;
  sim::Forger forger;
  core::ReplicaConfig config;
  std::vector<std::unique_ptr<wire::Sealer>> sealers;  ///< By replica.
};

/// What one replica executed as one batch.
struct Executed {
  Timestamp time;
  std::vector<std::pair<ClientId, RequestNumber>> operations;
  std::vector<Bytes> bodies, results;
  bool operator==(const Executed&) const = default;
};

/// What a step asks the world for.
struct Effects {
  struct Sent {
    std::optional<ReplicaId> to;  ///< None: to all others.
    core::MessagePtr message;
  };
  std::vector<Sent> sent;
  std::vector<std::uint64_t> writes;  ///< Tokens, with a slow disk only.
};

/// Copying one copies what it has been through, not the core: that is made again when it is needed, by the
/// same inputs. Executor and snapshots take no time. Throws sim::Violation.
class Member {
 public:
  Member(const Cast& cast, ReplicaId id, bool is_honest);

  void start(Effects& effects);
  void hear(const core::Identity& from, const core::AuthenticMessage& message, Effects& effects);
  void fire(core::Timer timer, Effects& effects);
  /// The write with this token, the oldest under way, is done.
  void written(std::uint64_t token, Effects& effects);
  /// Killed and started again; of the writes that were under way all are on the disk, or none.
  void crash(bool writes_survive, Effects& effects);
  /// Lets time pass; REQUIRES: no timer is due before.
  void sleep(Duration time) { clock_ += time; }
  /// The running core of `other`, which is at the same point, is taken over.
  void take_core(const Member& other) { core_.is = std::move(other.core_.is); }

  ReplicaId id() const { return id_; }
  bool is_honest() const { return honest_; }
  /// How long until it is due; none: it is not set.
  std::optional<Duration> due(core::Timer timer) const;
  std::size_t writes_under_way() const { return writing_.size(); }
  core::ReplicaState state() const { return state_; }
  /// From sequence number 1 on, by whichever of its processes.
  const std::vector<std::shared_ptr<const Executed>>& executed() const { return executed_; }
  bool has_executed(ClientId client, RequestNumber number) const { return done_.contains({client, number}); }
  std::uint32_t lives() const { return lives_; }

  /// Equal for members that got the same inputs in the same order.
  std::uint64_t orders() const { return orders_; }
  /// Equal for members that got the same inputs, in whichever order, have said the same, and are in the same
  /// view and equally far. They may differ in what none of this shows.
  std::uint64_t effects() const;

 private:
  /// Inputs since birth, the newest first.
  struct Past {
    core::Event event;
    Instant clock;
    std::shared_ptr<const Past> before;
  };
  struct Core {
    Core() = default;
    Core(const Core&) {}
    Core& operator=(const Core&) = delete;
    mutable std::unique_ptr<core::Replica> is;
  };

  core::Now now() const;
  std::unique_ptr<core::Replica> born() const;
  core::Replica& core();
  void step(core::Event event, Effects& effects);
  void perform(core::Output& output, Effects& effects);
  void perform(core::Persist& persist, Effects& effects);
  void perform(const core::Execute& todo);
  void perform(const core::TakeSnapshot& todo);
  void say(std::optional<ReplicaId> to, const core::MessagePtr& message, Effects& effects);
  void check_reply(const core::Reply& reply) const;
  void look();

  const Cast* cast_;
  ReplicaId id_;
  bool honest_;
  Core core_;
  std::uint32_t lives_ = 1;
  std::shared_ptr<const core::Restored> restored_;  ///< Null in the first life.
  Instant born_at_;
  std::shared_ptr<const Past> past_;
  Instant clock_;
  std::array<std::optional<Instant>, core::timer_count> armed_;
  std::deque<core::Event> next_;  ///< Inputs that follow from the last one at once.

  storage::LiveRecords log_;
  std::deque<core::Persist> writing_;
  std::optional<core::RestoredCheckpoint> checkpoint_;
  std::vector<std::shared_ptr<const Executed>> executed_;
  std::set<std::pair<ClientId, RequestNumber>> done_;
  SeqNum at_;  ///< Executed by this process: it goes back with a restart.
  sim::Promises promises_;

  core::ReplicaState state_;
  std::uint64_t orders_ = 0, inputs_ = 0, outputs_ = 0;
};

/// The state machine is the list of what was executed. What it saves after `seq`: a hash of the results.
Bytes application_state(const std::vector<std::shared_ptr<const Executed>>& executed, SeqNum seq);
/// Of what a message says.
std::uint64_t hash_of(const core::Message& message);

}  // namespace pbft::explore
