#include "sim/storage_faults.hpp"

#include <algorithm>

#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {
std::string millis(Duration duration) { return std::to_string(duration.count() / 1000) + " ms"; }
}  // namespace

StorageFaults::StorageFaults(Cluster& cluster, Random random, const std::set<ReplicaId>& faulty, Note note)
    : cluster_(cluster),
      random_(random),
      note_(std::move(note)),
      may_forget_(faulty.size() < cluster.quorums().f()) {
  for (std::uint32_t i = 0; i < cluster.quorums().n(); ++i) {
    if (!faulty.contains(ReplicaId{i})) honest_.push_back(ReplicaId{i});
  }
}

void StorageFaults::plan(Duration storm) {
  const bool disk = cluster_.storage() == Storage::disk;
  if (disk) {
    for (ReplicaId replica : honest_) {
      Tempo& tempo = cluster_.replica(replica.value).tempo;
      if (random_.chance(0.1)) tempo.persist = random_.between(ms(50), ms(200));
      if (random_.chance(0.2)) tempo.block = random_.between(Duration{}, ms(10));
    }
    const std::uint64_t crashes = random_.between(1, 8), points = random_.below(4);
    for (std::uint64_t i = 0; i < crashes; ++i) plan_crash(random_.between(Duration{}, storm), storm);
    for (std::uint64_t i = 0; i < points; ++i) plan_power_point(random_.between(Duration{}, storm));
  }
  if (may_forget_ && random_.chance(disk ? 0.3 : 0.6)) plan_amnesia(random_.between(Duration{}, storm));
}

std::vector<ReplicaId> StorageFaults::draw_victims(std::uint64_t count) {
  std::vector<ReplicaId> victims = honest_;
  while (victims.size() > count) {
    victims.erase(victims.begin() + static_cast<std::ptrdiff_t>(random_.below(victims.size())));
  }
  return victims;
}

void StorageFaults::plan_crash(Duration at, Duration storm) {
  const std::uint64_t f = cluster_.quorums().f();
  const std::uint64_t kind = random_.below(4);
  const std::vector<ReplicaId> victims = draw_victims(kind < 2 ? 1 : kind == 2 ? f : honest_.size());
  const bool power = random_.chance(0.7);
  const std::uint64_t seed = random_.next();
  std::string names;
  for (ReplicaId victim : victims) names += " " + describe(Node(victim));
  note_(std::string(power ? "power fails for" : "kill of") + names + " at " + millis(at));
  cluster_.after(at, [this, victims, power, seed] {
    for (ReplicaId victim : victims) crash(victim, power, mix(seed ^ victim.value));
  });
  for (ReplicaId victim : victims) {
    const Duration back = at + random_.between(ms(1), random_.chance(0.5) ? ms(50) : storm / 3);
    cluster_.after(back, [this, victim] { restart(victim); });
  }
}

void StorageFaults::plan_power_point(Duration at) {
  const ReplicaId victim = draw_victims(1).front();
  const std::uint64_t distance = random_.between(1, 100), seed = random_.next();
  const Duration down = random_.between(ms(1), ms(300));
  note_("power fails for " + describe(Node(victim)) + " " + std::to_string(distance) + " points after " +
        millis(at));
  cluster_.after(at, [this, victim, distance, seed, down] {
    ReplicaProcess& replica = cluster_.replica(victim.value);
    if (replica.is_stopped()) return;
    replica.lose_power_at(replica.persist_points() + distance, seed, [this, victim, down] {
      cluster_.after(down, [this, victim] { restart(victim); });
    });
  });
}

void StorageFaults::plan_amnesia(Duration at) {
  const ReplicaId victim = draw_victims(1).front();
  const Duration down = random_.between(ms(1), ms(500));
  note_(describe(Node(victim)) + " loses its data at " + millis(at) + " for " + millis(down));
  cluster_.after(at, [this, victim] {
    ReplicaProcess& replica = cluster_.replica(victim.value);
    if (!replica.is_stopped()) replica.stop();
    replica.lose_data();
  });
  cluster_.after(at + down, [this, victim] { restart(victim); });
}

void StorageFaults::crash(ReplicaId victim, bool power, std::uint64_t seed) {
  ReplicaProcess& replica = cluster_.replica(victim.value);
  if (replica.is_stopped()) return;
  if (power) {
    replica.lose_power(seed);
  } else {
    replica.stop();
  }
}

void StorageFaults::restart(ReplicaId victim) {
  ReplicaProcess& replica = cluster_.replica(victim.value);
  if (!replica.is_stopped()) return;
  if (!replica.restart() && !replica.refusal().empty()) {
    unsafe(describe(Node(victim)) + " cannot start from what a crash left: " + replica.refusal());
  }
}

void StorageFaults::end() {
  for (ReplicaId replica : honest_) restart(replica);
}

}  // namespace pbft::sim
