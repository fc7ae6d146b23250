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

}  // namespace pbft
