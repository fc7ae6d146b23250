#include "sim/swarm.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "sim/big_state.hpp"
#include "sim/describe.hpp"
#include "sim/storage_faults.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

/// After healing: enough for f faulty primaries in a row at the longest timeout.
constexpr Duration liveness_bound = std::chrono::seconds(120);

constexpr std::uint64_t tags_salt = 0x7461677321;

class Swarm {
 public:
  Swarm(std::uint64_t seed, Focus focus, Trace::Sink trace)
      : random_(seed), focus_(focus), cluster_(draw_options(seed, std::move(trace))) {
    draw_tempos();
    draw_faulty();
    draw_rogue();
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
  void draw_rogue();
  std::string draw_behaviour();
  std::string draw_two_faces();
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
  std::set<ReplicaId> faulty_;
  std::string two_faces_;  // one plan for all of them
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
  options.rogue_clients = 1;
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
  options.use_tags = mix(seed ^ tags_salt) % 2 == 0;  // not drawn: older seeds keep their faults
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
       millis(options.limits.request_timeout) + ", storm " + millis(storm_) + (disk ? ", disks" : "") +
       (options.use_tags ? ", tags" : ""));
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
  two_faces_ = draw_two_faces();
  for (ReplicaId replica : faulty_) {
    if (random_.chance(0.3)) {
      const Duration at = random_.between(Duration{}, storm_);
      note(describe(Node(replica)) + " crashes at " + millis(at));
      cluster_.after(at, [this, replica] { cluster_.replica(replica.value).stop(); });
    } else {
      std::string behaviour = draw_behaviour();
      if (random_.chance(0.2)) behaviour += "+" + draw_behaviour();
      note(describe(Node(replica)) + " is Byzantine: " + behaviour);
      cluster_.replica(replica.value).corrupt(behaviour, random_.next());
    }
  }
}

// What both halves of the correct replicas are shown is decided once, for all accomplices.
std::string Swarm::draw_two_faces() {
  std::string deceived;
  for (std::uint32_t id = 0; id < n_; ++id) {
    if (!faulty_.contains(ReplicaId{id}) && random_.chance(0.5)) deceived += " " + std::to_string(id);
  }
  return deceived.empty() ? "equivocate" : "equivocate(" + deceived + ")";  // alone: each sees another
}

std::string Swarm::draw_behaviour() {
  const auto share = [this](std::uint64_t low, std::uint64_t high) {
    return "(" + std::to_string(random_.between(low, high)) + "%)";
  };
  const auto time = [this](std::uint64_t most_ms) {
    return std::to_string(random_.between(1, most_ms)) + "ms";
  };
  const auto some = [this] {
    return random_.chance(0.5)
               ? std::string()
               : "(" + std::to_string(any_replica().value) + " " + std::to_string(any_replica().value) + ")";
  };
  const auto client = [this] { return "client " + std::to_string(random_.between(1, clients_)); };
  switch (random_.below(18)) {
    case 0:
      return "drop" + share(10, 100);
    case 1:
      return "replay" + share(5, 50);
    case 2:
    case 3:
      return "mutate" + share(5, 45);
    case 4:
      return "slow(" + time(600) + ")";
    case 5:
      return "delay(" + time(600) + ")";
    case 6:
      return "withhold-body" + some();
    case 7:
      return "starve(" + client() + ")";
    case 8:
      return "selective(" + client() + (random_.chance(0.5) ? "" : " " + time(400)) + ")";
    case 9:
      return "stale-view(" + std::to_string(random_.between(1, 50)) + "/s)";
    case 10:
      return "valid-flood(" + std::to_string(random_.between(1, 100)) + "/s)";
    case 11:
      return random_.chance(0.5) ? "bad-signature" : "junk-flood(0.02MB/s)";
    case 12:
      return random_.chance(0.5) ? "wrong-reply" : "no-reply";
    case 13:
      return (random_.chance(0.5) ? "mute" : "partition") + some();
    default:
      return two_faces_;
  }
}

void Swarm::draw_rogue() {
  if (random_.chance(0.7)) return;
  constexpr std::array<const char*, 5> streams{"conflict(5/s)", "jump(5/s)", "storm(20/s)", "subset(5/s)",
                                               "garbage(5/s)"};
  const char* const stream = streams[random_.below(streams.size())];
  note(std::string("a faulty client: ") + stream);
  cluster_.let_loose(0, stream, random_.next());
}

void Swarm::plan_operations() {
  const std::uint64_t count = many_checkpoints_ ? random_.between(100, 200) : random_.between(20, 60);
  const double share_of_reads = random_.chance(0.7) ? random_.fraction() * 0.7 : 0;
  note(std::to_string(count) + " operations, of them reads " + percent(share_of_reads));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t client = random_.below(clients_);
    // Some while the network heals or later: progress from a standing start.
    const Duration at = random_.between(Duration{}, storm_ + storm_ / 5);
    const std::uint64_t together = random_.chance(0.2) ? random_.between(2, 4) : 1;
    const bool reads = random_.chance(share_of_reads);
    cluster_.after(at, [this, client, together, reads] {
      if (reads) {
        cluster_.client(client).read_together(std::vector<std::string>(together, "read"));
        return;
      }
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
