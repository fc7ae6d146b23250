#include "sim/swarm.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "sim/big_state.hpp"
#include "sim/byzantine.hpp"
#include "sim/describe.hpp"
#include "sim/storage_faults.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

/// After healing: enough for f faulty primaries in a row at the longest timeout.
constexpr Duration liveness_bound = std::chrono::seconds(120);

class Swarm {
 public:
  Swarm(std::uint64_t seed, Focus focus, Trace::Sink trace)
      : random_(seed),
        focus_(focus),
        cluster_(draw_options(seed, std::move(trace))),
        conspiracy_(random_.fork(), cluster_.forge(), n_) {
    draw_tempos();
    draw_faulty();
    if (restarts_) {
      storage_.emplace(cluster_, random_.fork(), faulty_, [this](const std::string& text) { note(text); });
    }
  }

  SwarmResult run();

 private:
  ClusterOptions draw_options(std::uint64_t seed, Trace::Sink trace);
  LinkQuality draw_quality();
  void draw_tempos();
  void draw_faulty();
  void make_byzantine(ReplicaId replica);
  void plan_operations();
  void plan_weather();
  void plan_partition(Duration at);
  void plan_pause(Duration at);
  void note(const std::string& text) { plan_ += (plan_.empty() ? "" : ", ") + text; }
  ReplicaId any_replica() { return ReplicaId{static_cast<std::uint32_t>(random_.below(n_))}; }

  Random random_;
  Focus focus_;
  std::string plan_;
  std::uint32_t n_ = 4;
  std::uint32_t clients_ = 1;
  Duration storm_{};  // how long faults of the network go on
  bool restarts_ = false, many_checkpoints_ = false;
  Cluster cluster_;
  Conspiracy conspiracy_;
  std::set<ReplicaId> faulty_;
  std::optional<StorageFaults> storage_;
  std::uint64_t operations_sent_ = 0;
};

std::string percent(double probability) { return std::to_string(static_cast<int>(probability * 100)) + "%"; }
std::string millis(Duration duration) { return std::to_string(duration.count() / 1000) + " ms"; }

ClusterOptions Swarm::draw_options(std::uint64_t seed, Trace::Sink trace) {
  // Larger clusters cost the square of their size: most seeds are small, where quorums are tightest.
  constexpr std::array<std::uint32_t, 14> sizes{4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 8, 9, 10};
  n_ = sizes[random_.below(sizes.size())];
  clients_ = static_cast<std::uint32_t>(random_.between(1, 4));
  storm_ = ms(static_cast<std::int64_t>(random_.between(500, 8000)));

  ClusterOptions options;
  options.replicas = n_;
  options.clients = clients_;
  options.seed = seed;
  options.trace = std::move(trace);
  options.settle_at_start = false;
  options.quality = draw_quality();
  constexpr std::array<std::uint64_t, 5> intervals{4, 8, 16, 64, 128};
  options.agreed.checkpoint_interval = intervals[random_.below(intervals.size())];
  options.limits.pipeline_depth = static_cast<std::uint32_t>(random_.between(1, 8));
  options.limits.request_timeout = ms(static_cast<std::int64_t>(random_.between(100, 500)));
  options.limits.max_request_timeout = std::chrono::seconds(4);
  options.limits.status_interval = ms(static_cast<std::int64_t>(random_.between(50, 200)));
  options.limits.max_clock_skew = ms(500);
  options.client_limits.broadcast_share = static_cast<std::uint32_t>(random_.below(8));
  options.client_limits.max_requests_in_flight = static_cast<std::uint32_t>(random_.between(1, 6));
  restarts_ = focus_ == Focus::storage || random_.chance(0.5);
  const bool disk = restarts_ && (focus_ == Focus::storage || random_.chance(0.7));
  if (disk) options.storage = Storage::disk;
  // So many checkpoints that whoever is away for a while needs the state itself.
  many_checkpoints_ = focus_ == Focus::storage && random_.chance(0.3);
  if (many_checkpoints_) {
    options.agreed.checkpoint_interval = 2;
    options.machine = [] { return std::make_unique<BigState>(100'000); };
  }
  note("n = " + std::to_string(n_) + ", " + std::to_string(clients_) +
       " clients, K = " + std::to_string(options.agreed.checkpoint_interval) + ", timeout " +
       millis(options.limits.request_timeout) + ", storm " + millis(storm_) + (disk ? ", disks" : ""));
  return options;
}

LinkQuality Swarm::draw_quality() {
  LinkQuality quality;
  if (random_.chance(0.6)) quality.loss = random_.fraction() * 0.3;
  if (random_.chance(0.5)) quality.duplication = random_.fraction() * 0.5;
  constexpr std::array<std::int64_t, 6> slowest{1, 5, 20, 100, 500, 2000};
  quality.delay_max = ms(slowest[random_.below(slowest.size())]);
  note("loss " + percent(quality.loss) + " duplication " + percent(quality.duplication) + " delay to " +
       millis(quality.delay_max));
  return quality;
}

void Swarm::draw_tempos() {
  for (std::uint32_t i = 0; i < n_; ++i) {
    Tempo& tempo = cluster_.replica(i).tempo;
    if (random_.chance(0.3)) tempo.execute = random_.between(Duration{}, ms(20));
    if (random_.chance(0.3)) tempo.persist = random_.between(Duration{}, ms(30));
    if (random_.chance(0.3)) tempo.snapshot = random_.between(Duration{}, ms(300));
    // Any two clocks are within max_clock_skew of each other.
    if (random_.chance(0.5)) tempo.clock_skew = random_.between(ms(-200), ms(200));
  }
}

void Swarm::draw_faulty() {
  const std::uint64_t count = random_.below(cluster_.quorums().f() + 1);
  while (faulty_.size() < count) faulty_.insert(any_replica());
  for (ReplicaId replica : faulty_) {
    if (random_.chance(0.3)) {
      const Duration at = random_.between(Duration{}, storm_);
      note(describe(Node(replica)) + " crashes at " + millis(at));
      cluster_.after(at, [this, replica] { cluster_.replica(replica.value).stop(); });
    } else {
      make_byzantine(replica);
    }
  }
}

void Swarm::make_byzantine(ReplicaId replica) {
  ReplicaProcess& process = cluster_.replica(replica.value);
  const std::string who = describe(Node(replica));
  switch (random_.below(5)) {
    case 0: {
      const double probability = 0.1 + random_.fraction() * 0.9;
      note(who + " omits " + percent(probability));
      return process.corrupt(omit(random_.fork(), probability));
    }
    case 1:
      note(who + " replays");
      return process.corrupt(replay(random_.fork(), n_));
    case 2: {
      const double probability = 0.05 + random_.fraction() * 0.4;
      note(who + " mutates " + percent(probability));
      return process.corrupt(mutate(random_.fork(), probability, cluster_.forge(), replica));
    }
    default:
      note(who + " has two faces");
      return process.corrupt(conspiracy_.member(replica));
  }
}

void Swarm::plan_operations() {
  const std::uint64_t count = many_checkpoints_ ? random_.between(100, 200) : random_.between(20, 60);
  note(std::to_string(count) + " operations");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t client = random_.below(clients_);
    // Some while the network heals or later: progress from a standing start.
    const Duration at = random_.between(Duration{}, storm_ + storm_ / 5);
    const std::uint64_t together = random_.chance(0.2) ? random_.between(2, 4) : 1;
    cluster_.after(at, [this, client, together] {
      std::vector<std::string> bodies;
      for (std::uint64_t k = 0; k < together; ++k)
        bodies.push_back("op" + std::to_string(operations_sent_++));
      cluster_.client(client).send_together(bodies);
    });
  }
}

void Swarm::plan_weather() {
  const std::uint64_t partitions = random_.below(5), pauses = random_.below(3);
  for (std::uint64_t i = 0; i < partitions; ++i) plan_partition(random_.between(Duration{}, storm_));
  for (std::uint64_t i = 0; i < pauses; ++i) plan_pause(random_.between(Duration{}, storm_));
}

// Partitions follow each other, overlap or end early: each one's end mends all.
void Swarm::plan_partition(Duration at) {
  const Duration length = random_.between(ms(50), storm_ / 2);
  std::vector<std::pair<Node, Node>> cuts;
  if (random_.chance(0.4)) {
    const std::uint64_t links = random_.between(1, n_ * 2);
    for (std::uint64_t i = 0; i < links; ++i) cuts.emplace_back(any_replica(), any_replica());
    note(std::to_string(links) + " links cut one way");
  } else {
    std::set<ReplicaId> group;
    const std::uint64_t size = random_.between(1, n_ - 1);
    while (group.size() < size) group.insert(any_replica());
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (group.contains(ReplicaId{i})) continue;
      for (ReplicaId inside : group) {
        cuts.emplace_back(inside, ReplicaId{i});
        cuts.emplace_back(ReplicaId{i}, inside);
      }
    }
    std::string names;
    for (ReplicaId inside : group) names += " " + describe(Node(inside));
    note("partition of" + names);
  }
  plan_ += " at " + millis(at) + " for " + millis(length);
  cluster_.after(at, [this, cuts] {
    for (const auto& [from, to] : cuts) cluster_.network().cut(from, to);
  });
  cluster_.after(at + length, [this] { cluster_.network().mend(); });
}

void Swarm::plan_pause(Duration at) {
  const ReplicaId replica = any_replica();
  const Duration length = random_.between(ms(50), storm_ / 2);
  note(describe(Node(replica)) + " pauses at " + millis(at) + " for " + millis(length));
  cluster_.after(at, [this, replica] { cluster_.replica(replica.value).pause(); });
  cluster_.after(at + length, [this, replica] { cluster_.replica(replica.value).resume(); });
}

SwarmResult Swarm::run() {
  plan_operations();
  plan_weather();
  if (storage_) storage_->plan(storm_);
  SwarmResult result;
  try {
    cluster_.run_for(storm_);
    for (ReplicaId replica : faulty_) {
      if (cluster_.replica(replica.value).is_correct()) cluster_.replica(replica.value).stop();
    }
    if (storage_) storage_->end();
    cluster_.heal();
    cluster_.network().quality.delay_max = ms(static_cast<std::int64_t>(random_.between(1, 20)));
    cluster_.run_for(storm_ / 5 + ms(1));
    cluster_.finish(liveness_bound);
  } catch (const Violation& violation) {
    result.verdict = violation.kind() == Violation::Kind::safety ? SwarmResult::Verdict::unsafe
                                                                 : SwarmResult::Verdict::stuck;
    result.what = violation.what();
  }
  result.plan = plan_;
  result.trace_hash = cluster_.trace().hash();
  result.events = cluster_.events();
  result.view_changes = cluster_.all().view_changes_started();
  result.operations = cluster_.history().operations();
  result.virtual_time = cluster_.now();
  return result;
}

}  // namespace

SwarmResult run_swarm(std::uint64_t seed, Focus focus, Trace::Sink trace) {
  return Swarm(seed, focus, std::move(trace)).run();
}

}  // namespace pbft::sim
