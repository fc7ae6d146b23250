// The swarm's draw of what the network does: partitions, one-way cuts, pauses.
#include "sim/describe.hpp"
#include "sim/swarm_plan.hpp"

namespace pbft::sim {

namespace {

using Group = std::set<ReplicaId>;

Group draw_group(const SwarmPlan& plan, Random& random) {
  Group group;
  const std::uint64_t size = random.between(1, plan.n() - 1);
  while (group.size() < size) group.insert(plan.any_replica(random));
  return group;
}

std::string names_of(const Group& group) {
  std::string names;
  for (ReplicaId inside : group) names += " " + describe(Node(inside));
  return names;
}

// Partitions follow each other, overlap or end early: each one's end mends all.
void mend(SwarmPlan& plan, Duration at) {
  plan.at(at, [](Cluster& cluster) { cluster.network().mend(); });
}

void draw_one_way(SwarmPlan& plan, Duration at, Duration length, Random& random) {
  const std::uint64_t links = random.between(1, plan.n() * 2);
  std::vector<std::pair<Node, Node>> cuts;
  for (std::uint64_t i = 0; i < links; ++i) {
    const ReplicaId from = plan.any_replica(random), to = plan.any_replica(random);
    cuts.emplace_back(from, to);
  }
  plan.note(std::to_string(links) + " links cut one way at " + millis(at) + " for " + millis(length));
  plan.at(at, [cuts = std::move(cuts)](Cluster& cluster) {
    for (const auto& [from, to] : cuts) cluster.network().cut(from, to);
  });
  mend(plan, at + length);
}

void isolate(SwarmPlan& plan, Duration at, Group group) {
  plan.at(at, [group = std::move(group)](Cluster& cluster) {
    cluster.network().isolate(group, cluster.quorums().n());
  });
}

void draw_split(SwarmPlan& plan, Duration at, Duration length, Random& random) {
  Group group = draw_group(plan, random);
  plan.note("partition of" + names_of(group) + " at " + millis(at) + " for " + millis(length));
  isolate(plan, at, std::move(group));
  mend(plan, at + length);
}

// Always some group is cut off, another one each time: nobody is connected for long.
void draw_moving(SwarmPlan& plan, Duration at, Duration length, Random& random) {
  const std::uint64_t moves = random.between(2, 8);
  const Duration step = length / static_cast<std::int64_t>(moves);
  plan.note("a partition moves every " + millis(step) + " from " + millis(at) + " for " + millis(length));
  for (std::uint64_t i = 0; i < moves; ++i) {
    const Duration begin = at + static_cast<std::int64_t>(i) * step;
    if (i > 0) mend(plan, begin);
    isolate(plan, begin, draw_group(plan, random));
  }
  mend(plan, at + length);
}

void draw_partition(SwarmPlan& plan, Random& random) {
  const Duration at = random.between(Duration{}, plan.storm);
  const Duration length = random.between(ms(50), plan.storm / 2);
  const std::uint64_t kind = random.below(10);
  if (kind < 4) return draw_one_way(plan, at, length, random);
  if (kind < 8) return draw_split(plan, at, length, random);
  draw_moving(plan, at, length, random);
}

void draw_pause(SwarmPlan& plan, Random& random) {
  const ReplicaId replica = plan.any_replica(random);
  const Duration at = random.between(Duration{}, plan.storm);
  const Duration length = random.between(ms(50), plan.storm / 2);
  plan.note(describe(Node(replica)) + " pauses at " + millis(at) + " for " + millis(length));
  plan.at(at, [replica](Cluster& cluster) { cluster.replica(replica.value).pause(); });
  plan.at(at + length, [replica](Cluster& cluster) { cluster.replica(replica.value).resume(); });
}

}  // namespace

void draw_weather(SwarmPlan& plan, Random random) {
  const std::uint64_t partitions = random.below(5), pauses = random.below(3);
  for (std::uint64_t i = 0; i < partitions; ++i) draw_partition(plan, random);
  for (std::uint64_t i = 0; i < pauses; ++i) draw_pause(plan, random);
}

}  // namespace pbft::sim
