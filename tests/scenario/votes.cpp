// Votes that contradict each other, and proposals that do.
#include "scenario/fixture.hpp"
#include "sim/byzantine.hpp"

namespace pbft {

TEST_CASE("votes: a replica that an equivocator showed another batch executes the agreed one") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  // The primary proposes something else to replica 3, and commits there to what it proposed there.
  core::BatchHeader twin;
  cluster.replica(0).distrust();
  cluster.network()
      .alter<PrePrepare>([&](PrePrepare& message) {
        core::BodyPtr other = cluster.forge().body(cluster.wall(), {});
        if (twin.seq != message.header.seq) twin = {message.header.view, message.header.seq, other->digest};
        message = cluster.forge().pre_prepare(twin, other);
      })
      .from(0)
      .to(3);
  cluster.network()
      .alter<Commit>([&](Commit& message) { message = cluster.forge().commit(ReplicaId{0}, twin); })
      .from(0)
      .to(3);
  cluster.client(0).send("x");
  cluster.run_until(
      "replica 3 executes what the others execute",
      [&] { return cluster.replicas(1, 2, 3).executed_at(seq) == "x"; }, 2s);
  CHECK(cluster.replica(3).evidence().size() >= 1);
  CHECK(cluster.replica(3).evidence()[0].culprit == ReplicaId{0});
}

}  // namespace pbft
