// The swarm's draw of what correct replicas survive: kills, power failures at any moment, lost data.
#include <algorithm>
#include <limits>
#include <optional>

#include "sim/describe.hpp"
#include "sim/swarm_plan.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

using Victims = std::vector<ReplicaId>;

Victims draw_victims(const SwarmPlan& plan, std::uint64_t count, Random& random) {
  Victims victims = plan.honest();
  while (victims.size() > count) {
    victims.erase(victims.begin() + static_cast<std::ptrdiff_t>(random.below(victims.size())));
  }
  return victims;
}

void crash(ReplicaProcess& replica, bool power, std::uint64_t seed) {
  if (replica.is_stopped()) return;
  if (power) {
    replica.lose_power(seed);
  } else {
    replica.stop();
  }
}

void restart(ReplicaProcess& replica) {
  if (!replica.is_stopped() || replica.restart() || replica.refusal().empty()) return;
  unsafe(describe(Node(replica.id())) + " cannot start from what a crash left: " + replica.refusal());
}

void restart_at(SwarmPlan& plan, Duration at, ReplicaId victim) {
  plan.at(at, [victim](Cluster& cluster) { restart(cluster.replica(victim.value)); });
}

// Of one, of f, of all.
void draw_crash(SwarmPlan& plan, Random& random) {
  const Duration at = random.between(Duration{}, plan.storm);
  const std::uint64_t kind = random.below(4);
  const Victims victims = draw_victims(plan,
                                       kind < 2    ? 1
                                       : kind == 2 ? plan.f()
                                                   : plan.honest().size(),
                                       random);
  const bool power = random.chance(0.7);
  const std::uint64_t seed = random.next();
  std::string names;
  for (ReplicaId victim : victims) names += " " + describe(Node(victim));
  plan.note(std::string(power ? "power fails for" : "kill of") + names + " at " + millis(at));
  plan.at(at, [victims, power, seed](Cluster& cluster) {
    for (ReplicaId victim : victims) crash(cluster.replica(victim.value), power, mix(seed ^ victim.value));
  });
  for (ReplicaId victim : victims) {
    const Duration longest = random.chance(0.5) ? ms(50) : plan.storm / 3;
    restart_at(plan, at + random.between(ms(1), longest), victim);
  }
}

// Before, in the middle of or after any operation of the disk.
void draw_power_point(SwarmPlan& plan, Random& random) {
  const Duration at = random.between(Duration{}, plan.storm);
  const ReplicaId victim = draw_victims(plan, 1, random).front();
  const std::uint64_t distance = random.between(1, 100), seed = random.next();
  const Duration down = random.between(ms(1), ms(300));
  plan.note("power fails for " + describe(Node(victim)) + " " + std::to_string(distance) + " points after " +
            millis(at));
  plan.at(at, [victim, distance, seed, down](Cluster& cluster) {
    ReplicaProcess& replica = cluster.replica(victim.value);
    if (replica.is_stopped()) return;
    replica.lose_power_at(replica.persist_points() + distance, seed, [&cluster, &replica, down] {
      cluster.after(down, [&replica] { restart(replica); });
    });
  });
}

void draw_lost_data(SwarmPlan& plan, Random& random) {
  const Duration at = random.between(Duration{}, plan.storm);
  const ReplicaId victim = draw_victims(plan, 1, random).front();
  const Duration down = random.between(ms(1), ms(500));
  // Before that it may be deaf, and ask for a view that it will have forgotten.
  const Duration deaf = random.chance(0.5) ? std::min(at, ms(1500)) : Duration{};
  plan.note(describe(Node(victim)) + " loses its data at " + millis(at) + " for " + millis(down) +
            (deaf > Duration{} ? ", deaf for " + millis(deaf) + " before" : ""));
  if (deaf > Duration{}) {
    plan.at(at - deaf, [victim](Cluster& cluster) {
      for (std::uint32_t from = 0; from < cluster.quorums().n(); ++from) {
        if (ReplicaId{from} != victim) cluster.network().cut(ReplicaId{from}, victim);
      }
    });
    plan.at(at, [](Cluster& cluster) { cluster.network().mend(); });
  }
  plan.at(at, [victim](Cluster& cluster) {
    ReplicaProcess& replica = cluster.replica(victim.value);
    if (!replica.is_stopped()) replica.stop();
    replica.lose_data();
  });
  restart_at(plan, at + down, victim);
}

/// Until now only a faulty replica has the certificate of some batch: with the others' memory goes the batch.
std::optional<ReplicaId> lone_holder(Cluster& cluster, const std::set<ReplicaId>& faulty,
                                     const Victims& honest) {
  constexpr std::uint64_t most_ahead = 8;
  SeqNum executed{std::numeric_limits<std::uint64_t>::max()};
  for (ReplicaId id : honest) {
    if (!cluster.replica(id.value).is_running()) return std::nullopt;
    executed = std::min(executed, cluster.replica(id.value).state().executed);
  }
  for (ReplicaId id : faulty) {
    for (std::uint64_t ahead = 1; ahead <= most_ahead; ++ahead) {
      const SeqNum seq{executed.value + ahead};
      if (cluster.replica(id.value).has_prepared(seq) &&
          std::none_of(honest.begin(), honest.end(), [&](ReplicaId other) {
            const ReplicaProcess& replica = cluster.replica(other.value);
            return replica.has_prepared(seq) || replica.has_committed(seq);
          })) {
        return id;
      }
    }
  }
  return std::nullopt;
}

// The worst moment for a power failure. Who then has the batch keeps it to himself (schedule l).
void watch_for_lone_holder(Cluster& cluster, const std::set<ReplicaId>& faulty, const Victims& honest,
                           Duration left, std::uint64_t seed) {
  if (left <= Duration{}) return;
  const auto holder = lone_holder(cluster, faulty, honest);
  if (!holder) {
    return cluster.after(
        ms(1), [=, &cluster] { watch_for_lone_holder(cluster, faulty, honest, left - ms(1), seed); });
  }
  std::string names;
  for (ReplicaId victim : honest) names += " " + std::to_string(victim.value);
  cluster.replica(holder->value).corrupt("withhold-body(" + names + ")");
  Random random(seed);
  for (ReplicaId victim : honest) {
    crash(cluster.replica(victim.value), true, random.next());
    cluster.after(random.between(ms(1), ms(50)),
                  [&cluster, victim] { restart(cluster.replica(victim.value)); });
  }
}

}  // namespace

void draw_worst_moment(SwarmPlan& plan, Random random) {
  if (plan.options.storage != Storage::disk || plan.faulty.empty() || !random.chance(0.2)) return;
  const Duration from = random.between(Duration{}, plan.storm / 2);
  plan.note("power fails for all when after " + millis(from) + " only a faulty replica has a certificate");
  plan.at(from,
          [faulty = plan.faulty, honest = plan.honest(), left = plan.storm - from, seed = random.next()](
              Cluster& cluster) { watch_for_lone_holder(cluster, faulty, honest, left, seed); });
}

void draw_restarts(SwarmPlan& plan, Random random) {
  if (!plan.has_restarts) return;
  const bool disk = plan.options.storage == Storage::disk;
  if (disk) {
    const std::uint64_t crashes = random.between(1, 8), points = random.below(4);
    for (std::uint64_t i = 0; i < crashes; ++i) draw_crash(plan, random);
    for (std::uint64_t i = 0; i < points; ++i) draw_power_point(plan, random);
  }
  // Who has lost its data counts as one of the f until it votes again.
  if (plan.faulty.size() < plan.f() && random.chance(disk ? 0.3 : 0.6)) draw_lost_data(plan, random);
  plan.clearing.push_back([honest = plan.honest()](Cluster& cluster) {
    for (ReplicaId replica : honest) restart(cluster.replica(replica.value));
  });
}

}  // namespace pbft::sim
