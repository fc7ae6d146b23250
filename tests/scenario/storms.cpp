// Processes that stop, clocks that jump, and crashes without end.
#include "scenario/disk_fixture.hpp"
#include "sim/random.hpp"

namespace pbft {

TEST_CASE("scenario 39: a pause of 30 s: the replica catches up and votes again") {
  for (std::uint32_t who : {0U, 2U}) {
    CAPTURE(who);
    Cluster cluster(on_disk());
    send(cluster, 5);
    cluster.replica(who).pause();
    keep_busy(cluster, 50ms, 30s);
    cluster.run_for(30s);
    cluster.replica(who).resume();
    cluster.run_for(3s);
    CHECK(cluster.history().last().value - cluster.history().executed_by(ReplicaId{who}).value < 4);
    const std::size_t before = cluster.all().view_changes_started();
    cluster.replica(who == 1 ? 3 : 1).stop();  // its vote is needed
    send(cluster, 3, "y");
    CHECK(cluster.all().view_changes_started() <= before + 4);
  }
}

TEST_CASE(
    "scenario 39: a clock that jumps, both ways and at anybody: no operation fails, agreed time never goes "
    "back") {
  for (const Duration jump : {Duration(-1h), Duration(1h)}) {
    for (std::uint32_t who = 0; who < 4; ++who) {
      CAPTURE(who);
      CAPTURE(jump.count());
      Cluster cluster(on_disk());
      send(cluster, 5);
      cluster.replica(who).tempo.clock_skew = jump;
      send(cluster, 5, "jumped");
      cluster.replica(who).lose_power(who);
      REQUIRE(cluster.replica(who).restart());
      send(cluster, 5, "restarted");
      cluster.replica(who).tempo.clock_skew = Duration{};
      send(cluster, 5, "back");
    }
  }
}

TEST_CASE("scenario 39: crash storms: somebody is killed every 200 ms under load, and at times everybody") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    ClusterOptions options = on_disk(8);
    options.seed = seed;
    options.tempo.persist = 1ms;
    Cluster cluster(options);
    sim::Random random(seed);
    keep_busy(cluster, 20ms, 12s);
    for (int i = 0; i < 50; ++i) {
      cluster.run_for(200ms);
      if (i % 20 == 19) {
        cluster.lose_power(random.next());
      } else if (random.chance(0.5)) {
        cluster.replica(static_cast<std::uint32_t>(random.below(4))).lose_power(random.next());
      } else {
        cluster.replica(static_cast<std::uint32_t>(random.below(4))).stop();
      }
      cluster.run_for(random.between(Duration{}, 30ms));
      REQUIRE(cluster.restart_all());
    }
    cluster.run_until_answered();
  }
}

}  // namespace pbft
