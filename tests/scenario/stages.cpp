// Where a batch's time goes (core/stages.hpp).
#include "scenario/fixture.hpp"

namespace pbft {

namespace {

/// What a replica has measured since this was made: before it, the clients' opens.
class Stages {
 public:
  explicit Stages(const sim::ReplicaProcess& replica) : replica_(replica), before_(replica.stage_times()) {}

  /// Admission, pre-prepare, prepare, persist, commit, execute; the reply is not the core's.
  std::vector<Duration> sums() const {
    std::vector<Duration> all;
    for (std::size_t i = 0; i + 1 < core::stage_count; ++i)
      all.push_back(replica_.stage_times()[i].sum() - before_[i].sum());
    return all;
  }
  std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i + 1 < core::stage_count; ++i)
      all.push_back(replica_.stage_times()[i].count() - before_[i].count());
    return all;
  }

 private:
  const sim::ReplicaProcess& replica_;
  const core::StageTimes before_;
};

using Sums = std::vector<Duration>;
using Counts = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("stages: each hop, write and execution is in the stage that waits for it, and in no other") {
  Cluster cluster({.tempo = {.execute = ms(2), .persist = ms(3)}});  // a link takes 1 ms
  const Stages primary(cluster.replica(0)), backup(cluster.replica(1));
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(primary.sums() == Sums{ms(0), ms(2), ms(0), ms(3), ms(1), ms(2)});
  CHECK(primary.counts() == Counts{1, 1, 1, 1, 1, 1});
  CHECK(backup.sums() == Sums{ms(0), ms(0), ms(1), ms(3), ms(1), ms(2)});
  CHECK(backup.counts() == Counts{0, 1, 1, 1, 1, 1});
  CHECK(cluster.client(0).last().latency() == ms(10));  // the primary's stages, there and back
}

TEST_CASE("stages: what waits for its turn in the pipeline waits in admission") {
  ReplicaLimits limits;
  limits.pipeline_depth = 1;
  Cluster cluster({.clients = 2, .limits = limits});
  const Stages primary(cluster.replica(0));
  cluster.client(0).send("first");
  cluster.run_for(ms(2));  // proposed 1 ms ago; committed in 2 ms
  cluster.client(1).send("second");
  cluster.settle();
  CHECK(primary.counts()[0] == 2);
  CHECK(primary.sums()[0] == ms(1));
}

TEST_CASE("stages: a replica that the others carry along has no sample of what it did not do") {
  Cluster cluster;
  cluster.network().drop<Prepare>().to(3);
  const Stages carried(cluster.replica(3));
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(carried.counts() == Counts{0, 1, 0, 0, 1, 1});
}

TEST_CASE("stages: an execution that outlasts the others' checkpoint is measured from its commit") {
  AgreedLimits agreed;
  agreed.checkpoint_interval = 2;
  Cluster cluster({.agreed = agreed});
  cluster.replica(3).tempo.execute = ms(20);
  const Stages slow(cluster.replica(3));
  cluster.client(0).send("x");  // batch 2, after the open
  cluster.run_for(ms(15));
  REQUIRE(cluster.replica(3).state().stable == SeqNum{2});
  REQUIRE(cluster.replica(3).state().executed == SeqNum{1});
  cluster.settle();
  CHECK(slow.sums()[5] == ms(20));
}

}  // namespace pbft
