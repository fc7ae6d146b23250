// Replicas that end and start again from their disks.
#include "scenario/disk_fixture.hpp"

namespace pbft {

TEST_CASE("restart: a replica that is killed goes on where its disk left it") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  const auto before = cluster.replica(2).state();
  cluster.replica(2).stop();
  REQUIRE(cluster.replica(2).restart());
  const auto after = cluster.replica(2).state();
  CHECK(after.stable == before.stable);
  CHECK(after.checkpoint == before.checkpoint);
  CHECK(after.executed == before.checkpoint);
  send(cluster, 10, "y");
  cluster.settle();
  CHECK(cluster.all().have_executed(cluster.history().last()));
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("restart: what was acknowledged survives when power fails everywhere at once, again and again") {
  Cluster cluster(on_disk());
  for (std::uint64_t round = 1; round <= 20; ++round) {
    CAPTURE(round);
    send(cluster, static_cast<int>(round % 7) + 1, "r" + std::to_string(round) + ".");
    cluster.lose_power(round);
    REQUIRE(cluster.restart_all());
  }
}

TEST_CASE("restart: f mute replicas and the restart of the primary cost one view change") {
  Cluster cluster(on_disk());
  send(cluster, 3);
  cluster.replica(3).stop();
  cluster.replica(0).lose_power(1);
  REQUIRE(cluster.replica(0).restart());
  send(cluster, 3, "y");
  CHECK(cluster.replicas(0, 1, 2).are_exactly_in_view(View{1}));
}

TEST_CASE(
    "scenario a: own Commit counted before it is durable, replica loses power after replying: the write must "
    "survive") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Cluster cluster(on_disk(128));
    const SeqNum seq = cluster.next();
    // The commits of replicas 0 and 3 are there at once; replicas 1 and 2 would need their own.
    cluster.replica(1).tempo.persist = cluster.replica(2).tempo.persist = 100ms;
    cluster.client(0).send("x");
    cluster.run_for(50ms);
    CHECK(!cluster.all_answered());
    CHECK(cluster.history().last() < seq);
    cluster.run_until_answered();
    cluster.lose_power(seed);
    cluster.replica(0).corrupt("mute");
    REQUIRE(cluster.restart_all());
    send(cluster, 1, "y");
    CHECK(cluster.replicas(1, 2, 3).executed_at(seq) == "x");
  }
}

TEST_CASE(
    "scenario b: checkpoint voted by replicas that lose power before the snapshot is on disk: state must "
    "exist") {
  for (Duration moment{}; moment <= 40ms; moment += 2ms) {
    CAPTURE(moment.count());
    ClusterOptions options = on_disk();
    options.tempo.snapshot = 20ms;
    Cluster cluster(options);
    send(cluster, 3);  // with the client's open, up to the checkpoint
    cluster.run_for(moment);
    cluster.lose_power(static_cast<std::uint64_t>(moment.count()));
    REQUIRE(cluster.restart_all());
    SeqNum stable;
    for (std::uint32_t id = 0; id < 4; ++id) stable = std::max(stable, cluster.replica(id).state().stable);
    std::uint32_t holders = 0;
    for (std::uint32_t id = 0; id < 4; ++id) holders += cluster.replica(id).state().checkpoint >= stable;
    CHECK(holders >= 3);
    CHECK(stable == SeqNum{moment > 25ms ? 4U : stable.value});
    send(cluster, 3, "y");
  }
}

TEST_CASE(
    "scenario c: a restarted replica, same view, is offered a second batch for a slot it voted on: must not "
    "sign") {
  Cluster cluster(on_disk());
  send(cluster, 2);
  cluster.settle();
  const SeqNum seq = cluster.next();
  cluster.replica(0).distrust();
  cluster.network().drop().from(0);  // speaks by injections only
  std::size_t prepares = 0;
  cluster.network().watch<Prepare>([&](const Prepare& vote) { prepares += vote.header.seq == seq; }).from(1);

  const auto first = cluster.forge().body(cluster.wall(), {});
  const auto second = cluster.forge().body(Timestamp{cluster.wall().unix_us + 1}, {});
  cluster.network().inject(ReplicaId{0}, ReplicaId{1}, cluster.forge().pre_prepare(View{0}, seq, first));
  cluster.run_for(20ms);
  REQUIRE(prepares == 3);
  cluster.replica(1).lose_power(1);
  REQUIRE(cluster.replica(1).restart());
  prepares = 0;
  cluster.network().inject(ReplicaId{0}, ReplicaId{1}, cluster.forge().pre_prepare(View{0}, seq, second));
  cluster.run_for(20ms);
  CHECK(prepares == 0);
  CHECK(cluster.replica(1).state().view == View{0});
  cluster.client(0).send("y");  // the next view brings it
}

TEST_CASE("scenario c: a restarted primary offers no second batch for a slot it proposed in") {
  Cluster cluster(on_disk());
  send(cluster, 2);
  cluster.settle();
  cluster.network().drop().from(0);  // what it proposes is lost with its memory
  cluster.client(0).send("y");
  cluster.run_for(20ms);
  cluster.replica(0).lose_power(1);
  cluster.network().heal();
  REQUIRE(cluster.replica(0).restart());
  cluster.run_until_answered();
  CHECK(cluster.replicas(1, 2, 3).are_in_view(View{1}));
}

TEST_CASE("restart: a commit that its signer has forgotten counts for the signer again") {
  ClusterOptions options = on_disk(128);
  options.rogue_clients = 1;
  Cluster cluster(options);
  const SeqNum seq = cluster.next();
  // Replicas 0, 1 and 3 commit in view 0; replica 3 does not hear of it, and its vote was needed.
  cluster.network().drop<Commit>().to(3);
  cluster.network().drop_if<PrePrepare>([=](const PrePrepare& m) { return m.header.seq == seq; }).to(2);
  cluster.network().isolate({ReplicaId{2}}, 4);
  send(cluster, 1);
  REQUIRE(cluster.history().executed_by(ReplicaId{3}) < seq);
  // In view 1 nobody hears votes for it.
  cluster.network().mend();
  cluster.network().drop<PrePrepare>().from(0);
  cluster.network().drop_if<Prepare>(
      [=](const Prepare& m) { return m.header.seq == seq && m.header.view.value > 0; });
  cluster.network().drop_if<Commit>(
      [=](const Commit& m) { return m.header.seq == seq && m.header.view.value > 0; });
  send(cluster, 1, "y");
  cluster.run_until_view(View{1});
  cluster.run_for(50ms);
  REQUIRE(cluster.history().executed_by(ReplicaId{3}) < seq);
  cluster.replica(3).lose_power(1);
  REQUIRE(cluster.replica(3).restart());
  // It alone asks for view 2, and votes no more.
  cluster.network().isolate({ReplicaId{3}}, 4);
  const auto request = cluster.forge().request(cluster.rogue(), 1, {"heard by one"});
  cluster.network().inject(cluster.rogue(), ReplicaId{3}, RequestMessage{request, 0});
  cluster.run_until("it asks for view 2", [&] { return cluster.replica(3).state().pending == View{2}; });
  cluster.network().heal();
  cluster.run_until(
      "it has executed everything", [&] { return cluster.replicas(3).have_executed(seq.next()); }, 5s);
}

namespace {

/// Replica 3 alone has executed up to the end of its window, its checkpoint is nobody else's, and after a
/// restart nobody has the commits that proved it. Replica 0 is gone, replica 1 is the primary of view 1, and
/// replica 2 has left that view. To `also`, no commit came either.
struct AheadOfAll : Cluster {
  explicit AheadOfAll(int also) : Cluster(on_disk(2)) {
    network().drop<Commit>().to(also, 1, 2);
    while (next() <= SeqNum{4}) {
      client(0).send("x");
      settle();
    }
    replica(0).stop();
    // It prepares nothing of that again in view 1, so that all depends on commits of view 0.
    network().drop<Prepare>().from(2).to(3);
    run_until_view(View{1});
    run_for(20ms);
    REQUIRE(replicas(3).have_executed(SeqNum{4}));
    REQUIRE(history().executed_by(ReplicaId{1}) < SeqNum{2});
    for (std::uint32_t id = 1; id < 4; ++id) replica(id).stop();
    network().isolate({ReplicaId{3}}, 4);
    REQUIRE(restart_all());
    replica(0).stop();
    run_until("replica 2 leaves view 1", [&] { return replica(2).state().pending == View{2}; });
    network().heal();
  }
};

}  // namespace

TEST_CASE(
    "restart: a replica whose window is full of what only it has executed asks for another view in the end") {
  AheadOfAll cluster(1);
  cluster.client(0).send("y");
  cluster.run_until_answered();
}

TEST_CASE(
    "restart: so does one that is asked for nothing new, because only it has executed what others wait for") {
  AheadOfAll cluster(0);
  REQUIRE(!cluster.all_answered());
  cluster.run_until_answered();
}

TEST_CASE("restart: who waits for its own slow snapshot blames nobody, however long it takes") {
  ClusterOptions options = on_disk(2);
  options.limits.request_timeout = 100ms;
  Cluster cluster(options);
  for (std::uint32_t id = 0; id < 4; ++id) cluster.replica(id).tempo.snapshot = 2s;
  for (int i = 0; i < 12; ++i) cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.all().view_changes_started() == 0);
}

}  // namespace pbft
