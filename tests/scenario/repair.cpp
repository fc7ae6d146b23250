// What the network lost comes again: Status, bodies by digest.
#include "scenario/fixture.hpp"

namespace pbft {

TEST_CASE("repair: a body at the stable checkpoint is asked for until it comes") {
  ClusterOptions options;
  options.agreed.checkpoint_interval = 4;
  Cluster cluster(options);
  cluster.network().drop<core::BodyMessage>().to(3);
  cluster.network().alter<PrePrepare>([](PrePrepare& message) { message.body = nullptr; }).to(3);
  while (cluster.next() <= SeqNum{4}) {
    cluster.client(0).send("x");
    cluster.run_until_answered();
  }
  cluster.run_until("the checkpoint is stable",
                    [&] { return cluster.replica(3).state().stable == SeqNum{4}; });
  cluster.run_for(500ms);
  CHECK(cluster.replica(3).state().executed < SeqNum{4});

  cluster.heal();
  cluster.run_until(
      "replica 3 has executed all", [&] { return cluster.replicas(3).have_executed(SeqNum{4}); }, 2s);
}

}  // namespace pbft
