// What floods must not take from the others.
#include "scenario/fixture.hpp"

namespace pbft {

TEST_CASE("h faulty clients fill the primary's pool: no view change, correct clients complete") {
  ClusterOptions options;
  options.rogue_clients = 2;
  options.limits.max_pool_bytes_per_client = 16 * 1024;
  Cluster cluster(options);
  std::uint64_t number = 1;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t rogue : {0U, 1U}) {
      for (std::uint64_t i = 0; i < 20; ++i) {
        const core::RequestPtr junk =
            cluster.forge().request(cluster.rogue(rogue), number + i, {std::string(2000, 'j')}, number);
        cluster.network().inject(junk->client, ReplicaId{0}, RequestMessage{junk, 0});
        cluster.network().inject(junk->client, ReplicaId{1}, RequestMessage{junk, 0});
      }
    }
    number += 20;
    cluster.client(0).send("x");
    cluster.run_for(40ms);
    CHECK(cluster.all_answered());
    for (std::uint32_t i = 0; i < 4; ++i) CHECK(cluster.replica(i).state().waiting_bytes < 100 * 1024);
  }
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("31 a retransmission storm: answers are bounded, others are served") {
  ClusterOptions options;
  options.clients = 2;
  Cluster cluster(options);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  const core::RequestPtr again = cluster.forge().request(ClientId{1}, 1, {"old"});
  for (int i = 0; i < 2000; ++i) {
    for (std::uint32_t to = 0; to < 4; ++to) {
      cluster.network().inject(ClientId{1}, ReplicaId{to}, RequestMessage{again, 0});
    }
  }
  const std::uint64_t before = cluster.network().sent();
  cluster.client(1).send("y");
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.client(1).last().latency() < 20ms);
  CHECK(cluster.network().sent() - before <
        4 * 2000 + 200);  // one answer each at most, and nothing among replicas
  CHECK(cluster.all().view_changes_started() == 0);
}

}  // namespace pbft
