// One identity run twice, and one that has forgotten what it signed: honest programs, Byzantine replicas.
#include <memory>
#include <set>

#include "scenario/fixture.hpp"

namespace pbft {

namespace {
/// A process that begins later would know nothing of what its twin has said until then.
ClusterOptions from_genesis() {
  ClusterOptions options;
  options.settle_at_start = false;
  return options;
}
}  // namespace

TEST_CASE(
    "twins: a primary that runs twice proposes two batches for one place; one is executed, everywhere") {
  Cluster cluster(from_genesis());
  sim::ReplicaProcess& twin = cluster.add_twin(ReplicaId{0});
  twin.tempo.clock_skew = ms(7);  // so its batches are others
  cluster.replica(0).corrupt("partition(2 3)");
  twin.corrupt("partition(1)");
  const auto proposed = std::make_shared<std::set<Digest>>();
  cluster.network().watch<PrePrepare>([proposed](const PrePrepare& message) {
    if (message.header.seq == SeqNum{1}) proposed->insert(message.header.digest);
  });
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(proposed->size() >= 2);
  cluster.run_for(5s);
  CHECK(cluster.replicas(1, 2, 3).have_executed(cluster.history().last()));
  CHECK(cluster.history().executions(ClientId{1}, "x") == 1);
}

TEST_CASE("twins: a backup that runs twice votes on both sides of a partition, and one side alone decides") {
  Cluster cluster(from_genesis());
  sim::ReplicaProcess& twin = cluster.add_twin(ReplicaId{3});
  cluster.replica(3).corrupt("partition(2)");
  twin.corrupt("partition(0 1)");
  cluster.network().cut(ReplicaId{2}, ReplicaId{0});
  cluster.network().cut(ReplicaId{2}, ReplicaId{1});
  cluster.network().cut(ReplicaId{0}, ReplicaId{2});
  cluster.network().cut(ReplicaId{1}, ReplicaId{2});
  cluster.client(0).send("x");
  cluster.run_until_answered();  // by 0, 1 and the first process
  CHECK(cluster.replica(2).state().executed == SeqNum{0});
  CHECK(cluster.replica(2).state().view == View{0});
  cluster.network().mend();
  cluster.run_for(2s);
  CHECK(cluster.replicas(0, 1, 2).have_executed(cluster.history().last()));
  CHECK(cluster.history().executions(ClientId{1}, "x") == 1);
}

TEST_CASE("denial: a replica that has forgotten what it signed, and does not say so, harms nobody") {
  for (const sim::Storage storage : {sim::Storage::memory, sim::Storage::disk}) {
    for (std::uint32_t faulty : {0U, 2U}) {
      CAPTURE(faulty);
      ClusterOptions options;
      options.storage = storage;
      options.agreed.checkpoint_interval = 4;
      Cluster cluster(options);
      for (int i = 0; i < 6; ++i) {
        cluster.client(0).send("x" + std::to_string(i));
        cluster.run_until_answered();
      }
      cluster.replica(faulty).stop();
      cluster.replica(faulty).restart_in_denial();
      CHECK(!cluster.replica(faulty).is_correct());
      for (int i = 0; i < 6; ++i) {
        cluster.client(0).send("y" + std::to_string(i));
        cluster.run_until_answered();
        CHECK(cluster.client(0).last().is_ok());
      }
    }
  }
}

}  // namespace pbft
