// View changes (OSDI'99 4.4).
#include "scenario/fixture.hpp"

namespace pbft {

TEST_CASE("view change: a batch prepared in view 0 keeps its number in view 1") {  // OSDI'99 4.4
  Cluster cluster({.replicas = 4, .seed = 7});
  const SeqNum seq = cluster.next();
  cluster.network().drop<Commit>();
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.replicas(1, 2).have_prepared(seq));

  cluster.replica(0).stop();
  cluster.run_until_view(View{1});
  cluster.network().heal();
  cluster.settle();
  CHECK(cluster.replicas(1, 2, 3).executed_at(seq) == "x");
}

}  // namespace pbft
