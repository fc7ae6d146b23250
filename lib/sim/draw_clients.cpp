// The swarm's draw of what clients ask for, the faulty among them too.
#include <array>

#include "sim/swarm_plan.hpp"

namespace pbft::sim {

void draw_rogue(SwarmPlan& plan, Random random) {
  if (random.chance(0.7)) return;
  constexpr std::array<const char*, 6> streams{"conflict(5/s)", "jump(5/s)",     "storm(20/s)",
                                               "subset(5/s)",   "bad-tags(5/s)", "garbage(5/s)"};
  const char* const stream = streams[random.below(streams.size())];
  plan.note(std::string("a faulty client: ") + stream);
  plan.setup.push_back(
      [stream, seed = random.next()](Cluster& cluster) { cluster.let_loose(0, stream, seed); });
}

namespace {
// The next process of a client knows nothing of the first; or both run, by somebody's mistake.
void draw_another_process(SwarmPlan& plan, Random& random) {
  const std::size_t client = random.below(plan.options.clients);
  const Duration at = random.between(Duration{}, plan.storm);
  const bool beside = random.chance(0.3);
  plan.note("client " + std::to_string(client + 1) +
            (beside ? " has a second process from " : " is restarted at ") + millis(at));
  plan.at(at, [client, beside](Cluster& cluster) {
    if (beside) {
      cluster.add_client_process(client).send("op of another process");
    } else {
      cluster.restart_client(client);
    }
  });
}
}  // namespace

void draw_operations(SwarmPlan& plan, Random random) {
  const std::uint64_t count = plan.has_big_state ? random.between(100, 200) : random.between(20, 60);
  if (random.chance(0.1)) draw_another_process(plan, random);
  if (random.chance(0.1)) {
    const Duration patience = random.between(ms(500), ms(5000));
    plan.note("clients give up after " + millis(patience));
    plan.options.client_limits.operation_timeout = patience;
  }
  const double share_of_reads = random.chance(0.7) ? random.fraction() * 0.7 : 0;
  plan.note(std::to_string(count) + " operations, of them reads " +
            std::to_string(static_cast<int>(share_of_reads * 100)) + "%");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t client = random.below(plan.options.clients);
    // Some while the network heals or later: progress from a standing start.
    const Duration at = random.between(Duration{}, plan.storm + plan.storm / 5);
    const std::uint64_t together = random.chance(0.2) ? random.between(2, 4) : 1;
    const bool reads = random.chance(share_of_reads);
    std::vector<std::string> bodies;
    for (std::uint64_t k = 0; k < together; ++k) {
      bodies.push_back(reads ? "read" : "op" + std::to_string(i) + "." + std::to_string(k));
    }
    plan.at(at, [client, reads, bodies = std::move(bodies)](Cluster& cluster) {
      if (reads) {
        cluster.client(client).read_together(bodies);
      } else {
        cluster.client(client).send_together(bodies);
      }
    });
  }
}

}  // namespace pbft::sim
