// Power fails at every moment at which what is on a disk changes.
#include "scenario/fixture.hpp"

namespace pbft {

namespace {

constexpr Duration down = 30ms;

ClusterOptions options_of(std::uint32_t replicas) {
  ClusterOptions options;
  options.replicas = replicas;
  options.storage = sim::Storage::disk;
  options.agreed.checkpoint_interval = 4;
  options.tempo.persist = 1ms;
  options.tempo.snapshot = 3ms;
  options.settle_at_start = false;  // power may fail before the first record
  return options;
}

/// Two checkpoints, a view change with a batch on the way, and another checkpoint.
void play(Cluster& cluster, std::uint32_t replicas) {
  const auto send = [&](const std::string& body) {
    cluster.client(0).send(body);
    cluster.run_until_answered();
  };
  for (int i = 0; i < 8; ++i) send("x" + std::to_string(i));
  cluster.network().isolate({ReplicaId{0}}, replicas);
  send("y");
  cluster.network().mend();
  for (int i = 0; i < 3; ++i) send("z" + std::to_string(i));
  cluster.run_for(200ms);
}

struct Range {
  std::uint64_t first, last;
};

/// The moments of `victim` in a run that nothing disturbs.
Range moments_of(std::uint32_t replicas, std::uint32_t victim) {
  Cluster cluster(options_of(replicas));
  const std::uint64_t before = cluster.replica(victim).persist_points();
  play(cluster, replicas);
  CHECK(cluster.all().are_in_view(View{1}));
  CHECK(cluster.replica(victim).state().stable >= SeqNum{8});
  return {before + 1, cluster.replica(victim).persist_points()};
}

/// At each moment of `victim`, power fails there and at `others`; all come back.
void enumerate(std::uint32_t replicas, std::uint32_t victim, const std::vector<std::uint32_t>& others) {
  const Range moments = moments_of(replicas, victim);
  REQUIRE(moments.last > moments.first + 50);
  for (std::uint64_t moment = moments.first; moment <= moments.last; ++moment) {
    CAPTURE(victim);
    CAPTURE(moment);
    Cluster cluster(options_of(replicas));
    bool happened = false;
    cluster.replica(victim).lose_power_at(moment, moment, [&] {
      happened = true;
      for (std::uint32_t other : others) cluster.replica(other).lose_power(moment * 31 + other);
      cluster.after(down, [&] { CHECK(cluster.restart_all()); });
    });
    play(cluster, replicas);
    CHECK(happened);
  }
}

}  // namespace

TEST_CASE(
    "scenario 25: crash at every persist point of one replica: nothing contradictory is signed, nothing is "
    "lost") {
  for (std::uint32_t victim : {0U, 1U, 2U}) enumerate(4, victim, {});
}

TEST_CASE("scenario 25: crash at every persist point, of f replicas at once") { enumerate(7, 1, {4}); }

TEST_CASE("scenario 25: crash at every persist point, of all replicas at once") {
  enumerate(4, 0, {1, 2, 3});
  enumerate(4, 1, {0, 2, 3});
}

TEST_CASE("scenario 25: crash at every persist point, and again while it starts") {
  const Range moments = moments_of(4, 1);
  for (std::uint64_t moment = moments.first; moment <= moments.last; ++moment) {
    CAPTURE(moment);
    Cluster cluster(options_of(4));
    std::uint64_t crashes = 0;
    std::function<void()> come_back = [&] {
      cluster.after(down, [&] {
        sim::ReplicaProcess& replica = cluster.replica(1);
        if (!replica.is_stopped()) return;
        if (++crashes <= 3)
          replica.lose_power_at(replica.persist_points() + crashes, moment + crashes, come_back);
        if (!replica.restart()) CHECK(replica.refusal() == "");
      });
    };
    cluster.replica(1).lose_power_at(moment, moment, come_back);
    play(cluster, 4);
    cluster.run_for(500ms);
    CHECK(crashes >= 2);
  }
}

}  // namespace pbft
