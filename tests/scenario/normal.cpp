// The normal case (OSDI'99 4.2).
#include "scenario/fixture.hpp"

namespace pbft {

TEST_CASE("normal case: operations execute in one order and are answered") {
  for (auto signatures : {sim::Signatures::ideal, sim::Signatures::ed25519}) {
    Cluster cluster({.clients = 3, .signatures = signatures});
    for (int i = 0; i < 10; ++i) {
      for (std::size_t client = 0; client < 3; ++client)
        cluster.client(client).send("op" + std::to_string(i));
    }
    cluster.settle();
    CHECK(cluster.all_answered());
    CHECK(cluster.history().operations() == 30);
    CHECK(cluster.client(0).operations()[0].result.ends_with(":op0"));
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("batching: what comes within the spacing of a batch under way gathers for the next one") {
  Cluster cluster({.clients = 4, .limits = {}});
  cluster.network().quality.delay_min = cluster.network().quality.delay_max = ms(30);  // a round takes 90 ms
  const SeqNum before = cluster.replica(0).state().executed;
  for (std::size_t client = 0; client < 4; ++client) {
    cluster.client(client).send("op");  // the first leaves at once
    cluster.run_for(ms(3));
  }
  cluster.run_for(ms(40));
  cluster.client(0).send("long after");  // overlaps with the first, and takes the others along
  cluster.settle();
  CHECK(cluster.all_answered());
  CHECK(cluster.replica(0).state().executed == SeqNum{before.value + 2});
  CHECK(cluster.client(1).last().latency() < 5 * ms(30) + 2 * ms(30));
}

TEST_CASE("batching: a round shorter than the spacing is waited for, and no longer") {
  for (const bool spaced : {true, false}) {
    Cluster cluster({.clients = 2, .limits = spaced ? ReplicaLimits() : sim::overlapping()});
    cluster.client(0).send("first");  // proposed after 1 ms, executed after 3 more
    cluster.run_for(ms(1));
    cluster.client(1).send("second");
    cluster.settle();
    CHECK(cluster.client(1).last().latency() == (spaced ? ms(7) : ms(5)));
  }
}

}  // namespace pbft
