#include "testing/seed_run.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/swarm_plan.hpp"
#include "testing/guard.hpp"
#include "testing/judge.hpp"

namespace pbft::testing {

namespace {

using sim::SwarmPlan;

constexpr std::uint64_t workload_salt = 0x776f726b, interval_salt = 0x696e74;

void draw_calls(SwarmPlan& plan, const Workload& next, std::uint32_t count, core::Random random,
                std::uint64_t seed) {
  Random calls(core::mix(seed ^ workload_salt));
  if (count == 0) count = static_cast<std::uint32_t>(random.between(20, 60));
  plan.note(std::to_string(count) + " operations");
  std::vector<Duration> moments(count);  // some when the storm has passed: progress from a standing start
  for (Duration& moment : moments) moment = random.between(Duration{}, plan.storm + plan.storm / 5);
  std::sort(moments.begin(), moments.end());
  for (std::uint32_t i = 0; i < count; ++i) {
    // Some travel together: what is sent in one moment by one client may share a signature.
    if (i > 0 && random.chance(0.3)) moments[i] = moments[i - 1];
    const std::size_t client = random.below(plan.options.clients);
    plan.at(moments[i], [client, call = next(calls)](sim::Cluster& cluster) {
      const std::string body = to_text(call.body);
      if (call.is_query) {
        cluster.client(client).read(body);
      } else {
        cluster.client(client).send(body);
      }
    });
  }
}

SwarmPlan draw(const Workload& workload, const SimulationOptions& options, std::uint64_t seed) {
  const Faults& faults = options.faults;
  sim::SwarmOptions asked;
  asked.seed = seed;
  if (options.replicas != 0) asked.sizes = sim::Sizes{options.replicas, options.replicas};
  asked.clients = options.clients;
  asked.checkpoint_interval = options.checkpoint_interval;
  asked.draw_machine = false;
  asked.draw_tempos = faults.slowness;
  // Small, so that every seed has snapshots, and some replicas need one of another's.
  constexpr std::array<std::uint64_t, 6> intervals{2, 2, 4, 4, 8, 16};
  core::Random random(seed), intervals_random(core::mix(seed ^ interval_salt));
  if (asked.checkpoint_interval == 0) {
    asked.checkpoint_interval = intervals[intervals_random.below(intervals.size())];
  }
  SwarmPlan plan;
  plan.options.seed = seed;
  draw_cluster(plan, asked, random.fork());
  plan.options.reads = sim::History::Reads::recorded;
  if (!faults.network) plan.options.quality = {};
  plan.has_restarts = plan.has_restarts && faults.restarts;
  // All are drawn from, so that leaving one kind of fault out does not change the others.
  core::Random faulty = random.fork(), rogue = random.fork(), calls = random.fork(), weather = random.fork(),
               restarts = random.fork();
  if (faults.faulty_replicas) draw_faulty(plan, std::nullopt, faulty);
  if (faults.faulty_clients) draw_rogue(plan, rogue);
  draw_calls(plan, workload, options.operations, calls, seed);
  if (faults.partitions) draw_weather(plan, weather);
  draw_restarts(plan, restarts);
  return plan;
}

/// What the simulator says, without the kind that it puts in front.
std::string without_kind(const std::string& what) {
  for (const char* kind : {"safety: ", "liveness: "}) {
    if (what.starts_with(kind)) return what.substr(std::string(kind).size());
  }
  return what;
}

class SeedRun {
 public:
  SeedRun(const MachineFactory& make, const SimulationOptions& options, std::uint64_t seed)
      : make_(make), options_(options), seed_(seed) {}

  SeedResult run(SwarmPlan plan, sim::Trace::Sink trace) {
    plan.options.trace = std::move(trace);
    plan.options.machine = [this] {
      ++starts_;
      return std::make_unique<Guard>(make_(), common_);
    };
    const sim::SwarmResult swarm = sim::run_plan(plan, [this](sim::Cluster& cluster) { judge(cluster); });
    result_.operations = swarm.operations;
    result_.view_changes = swarm.view_changes;
    result_.virtual_time = swarm.virtual_time;
    result_.restarts = starts_ - plan.n();
    if (!common_.breach.empty()) {
      fail({Invariant::contract, common_.breach});
    } else if (swarm.verdict != sim::SwarmResult::Verdict::good) {
      fail({swarm.verdict == sim::SwarmResult::Verdict::stuck ? Invariant::progress : Invariant::agreement,
            without_kind(swarm.what)});
    }
    if (result_.failure) result_.failure->faults = plan.text;
    return std::move(result_);
  }

 private:
  void judge(sim::Cluster& cluster) {
    const sim::History& history = cluster.history();
    result_.reads = history.reads().size();
    for (std::uint32_t i = 0; i < cluster.quorums().n(); ++i) {
      result_.state_transfers += cluster.replica(i).reports<core::StateTaken>().size();
    }
    Guard own(make_(), common_);
    std::optional<Fault> fault;
    if (options_.model) {
      Guard model(options_.model(), common_);
      fault = check_results(model, history);
      if (!fault) fault = check_results(own, history);
    } else {
      fault = check_results(own, history);
    }
    if (!fault) fault = check_states(own, cluster);
    if (!fault && options_.check) {
      const std::string wrong = options_.check(run_of(history, seed_));
      if (!wrong.empty()) fault = Fault{Invariant::check, wrong};
    }
    if (fault) fail(*fault);
  }

  void fail(const Fault& fault) {
    if (result_.failure) return;
    result_.failure.emplace();
    result_.failure->seed = seed_;
    result_.failure->invariant = fault.invariant;
    result_.failure->what = fault.what;
  }

  const MachineFactory& make_;
  const SimulationOptions& options_;
  const std::uint64_t seed_;
  Common common_;
  std::uint64_t starts_ = 0;
  SeedResult result_;
};

}  // namespace

SeedResult run_seed(const MachineFactory& make, const Workload& workload, const SimulationOptions& options,
                    std::uint64_t seed, sim::Trace::Sink trace) {
  return SeedRun(make, options, seed).run(draw(workload, options, seed), std::move(trace));
}

}  // namespace pbft::testing
