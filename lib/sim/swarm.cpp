#include "sim/swarm.hpp"

#include "sim/swarm_plan.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

/// After healing: enough for f faulty primaries in a row at the longest timeout.
constexpr Duration liveness_bound = std::chrono::seconds(120);

/// Safety: whatever happens, nothing may go wrong.
void run_storm(Cluster& cluster, const SwarmPlan& plan) {
  for (const SwarmPlan::Action& action : plan.setup) action(cluster);
  for (const SwarmPlan::Event& event : plan.events) {
    cluster.after(event.at, [&cluster, &event] { event.what(cluster); });
  }
  cluster.run_for(plan.storm);
}

/// Liveness: n - f correct replicas with a network between them; the others stay as they are.
void run_calm(Cluster& cluster, const SwarmPlan& plan) {
  for (const SwarmPlan::Action& action : plan.clearing) action(cluster);
  cluster.heal();
  cluster.network().quality.delay_max = plan.calm_delay;
  cluster.run_for(plan.storm / 5 + ms(1));  // the last operations are sent meanwhile
  cluster.finish(liveness_bound);
}

}  // namespace

SwarmResult run_plan(const SwarmPlan& plan, const SwarmPlan::Action& judge) {
  SwarmResult result;
  result.plan = plan.text;
  Cluster cluster(plan.options);
  try {
    run_storm(cluster, plan);
    run_calm(cluster, plan);
    if (judge) judge(cluster);
  } catch (const Violation& violation) {
    result.verdict = violation.kind() == Violation::Kind::safety ? SwarmResult::Verdict::unsafe
                                                                 : SwarmResult::Verdict::stuck;
    result.what = violation.what();
  }
  result.trace_hash = cluster.trace().hash();
  result.events = cluster.events();
  result.view_changes = cluster.all().view_changes_started();
  result.operations = cluster.history().operations();
  result.virtual_time = cluster.now();
  return result;
}

SwarmResult run_swarm(const SwarmOptions& options, Trace::Sink trace) {
  SwarmPlan plan = draw_swarm(options);
  plan.options.trace = std::move(trace);
  return run_plan(plan);
}

}  // namespace pbft::sim
