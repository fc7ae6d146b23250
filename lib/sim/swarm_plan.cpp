#include "sim/swarm_plan.hpp"

namespace pbft::sim {

std::string millis(Duration duration) { return std::to_string(duration.count() / 1000) + " ms"; }

std::vector<ReplicaId> SwarmPlan::honest() const {
  std::vector<ReplicaId> found;
  for (std::uint32_t i = 0; i < n(); ++i) {
    if (!faulty.contains(ReplicaId{i})) found.push_back(ReplicaId{i});
  }
  return found;
}

SwarmPlan draw_swarm(const SwarmOptions& options) {
  Random random(options.seed);
  SwarmPlan plan;
  plan.options.seed = options.seed;
  draw_cluster(plan, options, random.fork());
  draw_faulty(plan, options.byzantine, random.fork());
  draw_rogue(plan, random.fork());
  draw_operations(plan, random.fork());
  draw_weather(plan, random.fork());
  draw_restarts(plan, random.fork());
  draw_worst_moment(plan, random.fork());
  return plan;
}

}  // namespace pbft::sim
