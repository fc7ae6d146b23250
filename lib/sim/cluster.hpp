// A whole cluster in one thread on virtual time: seed in, same run out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/client_process.hpp"
#include "sim/forger.hpp"
#include "sim/replica_process.hpp"
#include "sim/rogue_client.hpp"

namespace pbft::sim {

/// Batches overlap as far as `pipeline_depth` allows, also where a round takes a few milliseconds: what
/// breaks mostly does there.
inline ReplicaLimits overlapping() {
  ReplicaLimits limits;
  limits.pipeline_spacing = Duration{};
  return limits;
}

struct ClusterOptions {
  std::uint32_t replicas = 4;
  std::uint32_t clients = 1;  ///< Processes of clients 1..clients.
  std::uint32_t rogue_clients =
      0;  ///< Admitted beside them; their keys are the adversary's, no process runs.
  std::uint64_t seed = 1;
  Signatures signatures = Signatures::ideal;
  Realm realm = {};
  AgreedLimits agreed = {};
  ReplicaLimits limits = overlapping();
  ClientLimits client_limits = patient();
  bool use_tags = false;  ///< By the clients.
  LinkQuality quality = {};
  Tempo tempo = {};
  /// Runs until the clients are known to the replicas, so that a test begins with its first operation.
  bool settle_at_start = true;
  MachineFactory machine = nullptr;  ///< Empty: AppendLog. Called for every process.
  History::Reads reads = History::Reads::counted;
  Storage storage = Storage::memory;
  Trace::Sink trace = nullptr;
  /// Changes one replica's configuration before it starts.
  std::function<void(core::ReplicaConfig&)> configure = nullptr;

  /// Waits for ever, and sends to the primary alone first: nothing a test does not ask for.
  static ClientLimits patient();
};

/// Some replicas, asked together.
class ReplicaGroup {
 public:
  ReplicaGroup(std::vector<const ReplicaProcess*> members, const History& history)
      : members_(std::move(members)), history_(history) {}
  bool have_prepared(SeqNum seq) const;
  bool have_committed(SeqNum seq) const;
  bool have_executed(SeqNum seq) const;
  bool none_has_prepared(SeqNum seq) const;
  /// The bodies of the operations executed there, joined by commas; "?" while one of the replicas has not.
  std::string executed_at(SeqNum seq) const;
  /// They have entered this view or a later one, and want no other.
  bool are_in_view(View view) const;
  bool are_exactly_in_view(View view) const;
  std::uint64_t rejections(core::Rejection reason) const;  ///< Sum.
  std::size_t view_changes_started() const;                ///< Sum.

 private:
  std::vector<const ReplicaProcess*> members_;
  const History& history_;
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});
  virtual ~Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  ReplicaProcess& replica(std::uint32_t id) { return *replicas_.at(id); }
  const ReplicaProcess& replica(std::uint32_t id) const { return *replicas_.at(id); }
  template <class... Ids>
  ReplicaGroup replicas(Ids... ids) const {
    return ReplicaGroup({&replica(static_cast<std::uint32_t>(ids))...}, history_);
  }
  ReplicaGroup all() const;
  /// The process of client index + 1; after a restart the newest.
  ClientProcess& client(std::size_t index) { return *clients_.at(index); }
  /// Its process ends and another one starts with the same key.
  ClientProcess& restart_client(std::size_t index);
  /// Another process beside the running one, with the same key.
  ClientProcess& add_client_process(std::size_t index);
  /// Another process of this replica runs beside the first, with the same key and data of its own (Twins,
  /// Bano et al. 2022): each is honest, both together are Byzantine. Everything for the one reaches both.
  ReplicaProcess& add_twin(ReplicaId id);
  ClientId rogue(std::size_t index = 0) const { return ClientId{options_.clients + 1 + index}; }
  /// From now on that client is faulty in this way, "storm(100/s)". REQUIRES: there is such a behaviour.
  void let_loose(std::size_t rogue_index, std::string_view behaviour, std::uint64_t seed = 1);

  Network& network() { return network_; }
  Trace& trace() { return trace_; }
  const History& history() const { return history_; }
  const Forger& forge() const { return forger_; }
  const Keys& keys() const { return keys_; }
  const core::Quorums& quorums() const { return quorums_; }
  Storage storage() const { return options_.storage; }
  Instant now() const { return scheduler_.now(); }
  Timestamp wall() const { return {wall_start_us + static_cast<std::uint64_t>(now().count())}; }
  /// The sequence number of the next batch.
  SeqNum next() const { return history_.last().next(); }
  std::uint64_t events() const { return events_; }

  // ---- Time -----------------------------------------------------------------------------------------------
  template <class Action>
  void after(Duration delay, Action action) {
    scheduler_.after(delay, EventKind::timer, std::move(action));
  }
  void run_for(Duration time);
  /// Runs until nothing is on its way any more; timers that are far off do not count.
  void settle();
  /// True as soon as the condition holds; false if it did not within `limit`.
  bool runs_until(const std::function<bool()>& condition, Duration limit);
  /// As runs_until, but a Violation if the limit passes. `what` completes "waiting in vain until ...".
  void run_until(const std::string& what, const std::function<bool()>& condition, Duration limit = patience);
  /// Every running correct replica has entered `view` or a later one.
  void run_until_view(View view, Duration limit = patience);
  void run_until_answered(Duration limit = patience);
  bool all_answered() const;

  // ---- The end --------------------------------------------------------------------------------------------
  /// The network is as good as new, and who was paused goes on. Stopped and Byzantine replicas stay so.
  void heal();
  /// Heals and demands I5: every operation of a client completes, and every running correct replica executes
  /// all that any executed, answers and votes. Then the whole of what clients saw is judged (I2).
  void finish(Duration limit = patience);
  /// From here on more than f replicas are lost: finish() checks safety alone.
  void expect_no_progress() { progress_expected_ = false; }
  /// finish() could not decide whether what clients saw is linearizable.
  bool is_undecided() const { return undecided_; }
  /// Power fails everywhere at once.
  void lose_power(std::uint64_t seed);
  /// All that are stopped. False if a disk refuses.
  bool restart_all();
  /// Operations that clients wait for, and how far each replica is: for a report.
  std::string summary() const;

  /// Enough for a few doubled timeouts.
  static constexpr Duration patience = std::chrono::seconds(60);
  static constexpr std::uint64_t max_events = 20'000'000;

 private:
  void run_next();
  void run_until_finished(Duration limit);
  void deliver(const Node& from, const Node& to, const FramePtr& frame);
  std::unique_ptr<ClientProcess> make_client(std::size_t index);
  std::unique_ptr<ReplicaProcess> make_replica(ReplicaId id);
  World world() { return {scheduler_, trace_, network_, mail_, history_, options_.replicas}; }

  ClusterOptions options_;
  core::Quorums quorums_;
  Scheduler scheduler_;
  Trace trace_;
  Random random_;
  Keys keys_;
  Mail mail_;
  Network network_;
  History history_;
  Forger forger_;
  std::vector<std::unique_ptr<ReplicaProcess>> replicas_;
  std::vector<std::unique_ptr<ReplicaProcess>> twins_;
  std::vector<std::unique_ptr<ClientProcess>> clients_;
  std::vector<std::unique_ptr<ClientProcess>> more_clients_;  // replaced, or beside the first
  std::vector<std::unique_ptr<RogueClient>> rogues_;
  std::uint64_t processes_started_ = 0;
  std::uint64_t events_ = 0;
  bool progress_expected_ = true;
  bool undecided_ = false;
};

}  // namespace pbft::sim
