// How long a silent primary is waited for: less when its link is broken, longer when this replica stood
// still.
#include "scenario/fixture.hpp"

namespace pbft {

namespace {

/// A cluster that has seen what phases take here; every request goes to all.
struct Experienced : Cluster {
  static ClusterOptions options() {
    ClusterOptions options;
    options.client_limits.broadcast_share = 1;
    return options;
  }
  Experienced() : Cluster(options()) {
    for (int i = 0; i < 20; ++i) {
      client(0).send("warm");
      run_until_answered();
    }
    settle();
  }
  void break_links_to(std::uint32_t lost) {
    for (std::uint32_t id = 0; id < 4; ++id) {
      if (id != lost && !replica(id).is_stopped()) replica(id).link_down(ReplicaId{lost});
    }
  }
};

}  // namespace

TEST_CASE("scenario 2: a primary that is killed, so that its links break: replaced sooner than a mute one") {
  Experienced cluster;
  cluster.replica(0).stop();
  cluster.break_links_to(0);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() < 150ms);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE("a link to the primary that breaks and comes back, or breaks while nothing waits: no view change") {
  Experienced cluster;
  cluster.break_links_to(0);
  cluster.run_for(5s);
  for (int i = 0; i < 20; ++i) {  // the others bring what this link does not
    cluster.client(0).send("x");
    cluster.run_until_answered();
  }
  cluster.network().hold().from(0);
  cluster.client(0).send("y");
  cluster.run_for(80ms);
  for (std::uint32_t id : {1U, 2U, 3U}) cluster.replica(id).link_up(ReplicaId{0});
  cluster.run_for(80ms);
  cluster.heal();
  cluster.run_until_answered();
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("the wait without a link doubles as the other does") {
  Experienced cluster;
  cluster.replica(0).stop();
  cluster.network().drop<NewView>().from(1);
  cluster.break_links_to(0);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{2}));
  cluster.replica(0).restart();
}

TEST_CASE(
    "scenario 39: all replicas stand still for longer than the timeout, with a request under way: no view "
    "change") {
  for (const Duration when : {500us, 1500us, 2500us, 3500us}) {
    CAPTURE(when.count());
    Experienced cluster;
    for (const Duration stall : {200ms, 400ms, 3000ms}) {
      cluster.client(0).send("x");
      cluster.run_for(when);
      for (std::uint32_t id = 0; id < 4; ++id) cluster.replica(id).pause();
      cluster.run_for(stall);
      // Each wakes on its own, the primary last.
      for (std::uint32_t id : {1U, 2U, 3U, 0U}) {
        cluster.replica(id).resume();
        cluster.run_for(5ms);
      }
      cluster.run_until_answered();
      cluster.run_for(5s);
    }
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("a replica whose timers are always late replaces a silent primary all the same") {
  Experienced cluster;
  cluster.replica(0).stop();
  cluster.client(0).send("x");
  for (int i = 0; i < 50 && !cluster.all_answered(); ++i) {
    for (std::uint32_t id : {1U, 2U, 3U}) cluster.replica(id).pause();
    cluster.run_for(100ms);
    for (std::uint32_t id : {1U, 2U, 3U}) cluster.replica(id).resume();
    cluster.run_for(1ms);
  }
  CHECK(cluster.all_answered());
  CHECK(cluster.client(0).last().latency() < 4s);
}

TEST_CASE("patience: where ordering takes longer than request_timeout, the wait grows beyond what it takes") {
  ClusterOptions options;
  options.limits.request_timeout = 100ms;
  Cluster cluster(options);
  cluster.replica(0).stop();
  // Of the three that are left, one writes slowly: nothing is ordered faster.
  cluster.replica(3).tempo.persist = 150ms;
  for (int i = 0; i < 100; ++i) {
    cluster.client(0).send("x");
    cluster.run_for(i % 3 * 20ms);
    cluster.run_until_answered();
  }
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() < 40);
  const std::size_t until_now = cluster.replicas(1, 2, 3).view_changes_started();
  cluster.client(0).send("y");
  cluster.run_for(20s);
  CHECK(cluster.all_answered());
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == until_now);
}

namespace {

/// The window has one place left: all batches are executed, and none is below a stable checkpoint. The
/// primary is gone, and a request waits.
struct FullWindow : Cluster {
  static ClusterOptions options() {
    ClusterOptions options;
    options.agreed.checkpoint_interval = 64;
    options.client_limits.broadcast_share = 1;
    return options;
  }
  FullWindow() : Cluster(options()) {
    network().drop<Checkpoint>();
    for (int i = 0; i < 126; ++i) {  // and one batch that opens the client
      client(0).send("x");
      run_until_answered();
    }
    replica(0).stop();
    client(0).send("y");
  }
  /// Then voting anew takes longer than request_timeout.
  void make_signatures_dear() {
    for (std::uint32_t id : {1U, 2U, 3U}) {
      replica(id).tempo.frame = 5us;
      replica(id).tempo.signature = 1ms;
    }
  }
  void run_until_in_view_1() {
    run_until("all are in view 1", [this] { return replicas(1, 2, 3).are_exactly_in_view(View{1}); });
  }
};

}  // namespace

TEST_CASE("patience: voting anew on what is executed long since costs the new primary no office either") {
  FullWindow cluster;
  cluster.make_signatures_dear();
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() > 500ms);  // twice request_timeout
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  for (std::uint32_t id : {1U, 2U, 3U}) CHECK(cluster.replica(id).view_changes_started() == 1);
}

TEST_CASE("scenario 39: a stall of all while they vote anew after a view change: no other one") {
  FullWindow cluster;
  cluster.make_signatures_dear();
  cluster.run_until_in_view_1();
  cluster.run_for(100ms);
  for (std::uint32_t id : {1U, 2U, 3U}) cluster.replica(id).pause();
  cluster.run_for(2s);
  for (std::uint32_t id : {1U, 2U, 3U}) cluster.replica(id).resume();
  cluster.run_until_answered();
  for (std::uint32_t id : {1U, 2U, 3U}) CHECK(cluster.replica(id).view_changes_started() == 1);
}

TEST_CASE(
    "scenario 2: a new primary that falls silent after its NewView: what it re-issued does not keep it") {
  FullWindow cluster;
  cluster.run_until_in_view_1();
  cluster.network().drop().from(1);
  const Duration begin = cluster.now();
  cluster.run_until("both leave view 1", [&] { return cluster.replicas(2, 3).view_changes_started() == 4; });
  CHECK(cluster.now() - begin < 280ms);  // request_timeout and little more
}

}  // namespace pbft
