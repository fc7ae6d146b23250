// The swarm's draw of a cluster: its size, its limits, how slow its parts and links are.
#include <array>

#include "sim/big_state.hpp"
#include "sim/swarm_plan.hpp"

namespace pbft::sim {

namespace {

std::uint32_t draw_size(const SwarmOptions& options, Random& random) {
  const std::uint32_t least = 3 * options.byzantine.value_or(1) + 1;
  if (options.sizes) {
    return static_cast<std::uint32_t>(
        random.between(std::max(least, options.sizes->least), options.sizes->most));
  }
  // Larger clusters cost the square of their size: most seeds are small, where quorums are tightest.
  constexpr std::array<std::uint32_t, 20> sizes{4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 6, 7, 7, 7, 7, 8, 9, 10, 13};
  return std::max(least, sizes[random.below(sizes.size())]);
}

std::string percent(double probability) { return std::to_string(static_cast<int>(probability * 100)) + "%"; }

LinkQuality draw_quality(SwarmPlan& plan, Random& random) {
  LinkQuality quality;
  if (random.chance(0.6)) quality.loss = random.fraction() * 0.3;
  if (random.chance(0.5)) quality.duplication = random.fraction() * 0.5;
  constexpr std::array<std::int64_t, 6> slowest{1, 5, 20, 100, 500, 2000};
  quality.delay_max = ms(slowest[random.below(slowest.size())]);
  plan.note("loss " + percent(quality.loss) + " duplication " + percent(quality.duplication) + " delay to " +
            millis(quality.delay_max));
  return quality;
}

void draw_limits(ClusterOptions& options, Random& random) {
  constexpr std::array<std::uint64_t, 5> intervals{4, 8, 16, 64, 128};
  options.agreed.checkpoint_interval = intervals[random.below(intervals.size())];
  options.limits.pipeline_depth = static_cast<std::uint32_t>(random.between(1, 8));
  options.limits.request_timeout = ms(static_cast<std::int64_t>(random.between(100, 500)));
  options.limits.max_request_timeout = std::chrono::seconds(4);
  options.limits.status_interval = ms(static_cast<std::int64_t>(random.between(50, 200)));
  options.limits.max_clock_skew = ms(500);
  options.client_limits.broadcast_share = static_cast<std::uint32_t>(random.below(8));
  options.client_limits.max_requests_in_flight = static_cast<std::uint32_t>(random.between(1, 6));
}

void draw_tempos(SwarmPlan& plan, Random& random) {
  for (std::uint32_t i = 0; i < plan.n(); ++i) {
    Tempo tempo;
    if (random.chance(0.3)) tempo.execute = random.between(Duration{}, ms(20));
    if (random.chance(0.3)) tempo.persist = random.between(Duration{}, ms(30));
    if (random.chance(0.3)) tempo.snapshot = random.between(Duration{}, ms(300));
    // Any two clocks are within max_clock_skew of each other.
    if (random.chance(0.5)) tempo.clock_skew = random.between(ms(-200), ms(200));
    if (plan.options.storage == Storage::disk) {
      if (random.chance(0.1)) tempo.persist = random.between(ms(50), ms(200));
      if (random.chance(0.2)) tempo.block = random.between(Duration{}, ms(10));
    }
    plan.setup.push_back([i, tempo](Cluster& cluster) { cluster.replica(i).tempo = tempo; });
  }
}

}  // namespace

void draw_cluster(SwarmPlan& plan, const SwarmOptions& asked, Random random) {
  ClusterOptions& options = plan.options;
  options.replicas = draw_size(asked, random);
  options.clients = static_cast<std::uint32_t>(random.between(1, 4));
  if (asked.clients != 0) options.clients = asked.clients;
  options.rogue_clients = 1;
  options.settle_at_start = false;
  options.quality = draw_quality(plan, random);
  plan.storm = ms(static_cast<std::int64_t>(random.between(500, 8000)));
  plan.calm_delay = ms(static_cast<std::int64_t>(random.between(1, 20)));
  draw_limits(options, random);
  options.use_tags = random.chance(0.5);
  plan.has_restarts = random.chance(0.7);
  if (plan.has_restarts && random.chance(0.8)) options.storage = Storage::disk;
  plan.has_big_state = options.storage == Storage::disk && random.chance(0.1);
  if (plan.has_big_state) {
    options.agreed.checkpoint_interval = 2;
    if (asked.draw_machine) options.machine = [] { return std::make_unique<BigState>(100'000); };
  }
  if (asked.checkpoint_interval != 0) options.agreed.checkpoint_interval = asked.checkpoint_interval;
  // Each check costs a hundred times as much: few seeds, for what the stand-in cannot show.
  if (options.replicas <= 7 && random.chance(0.015)) options.signatures = Signatures::ed25519;
  if (asked.draw_tempos) draw_tempos(plan, random);
  plan.note("n = " + std::to_string(options.replicas) + ", " + std::to_string(options.clients) +
            " clients, K = " + std::to_string(options.agreed.checkpoint_interval) + ", timeout " +
            millis(options.limits.request_timeout) + ", storm " + millis(plan.storm) +
            (options.storage == Storage::disk ? ", disks" : "") +
            (plan.has_big_state && asked.draw_machine ? ", a state of 100 kB" : "") +
            (options.use_tags ? ", tags" : "") +
            (options.signatures == Signatures::ed25519 ? ", Ed25519" : ""));
}

}  // namespace pbft::sim
