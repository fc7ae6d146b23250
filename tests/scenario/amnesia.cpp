// Replicas that have lost their data (docs/protocol.md, amnesia).
#include "core/client_table.hpp"
#include "scenario/disk_fixture.hpp"

namespace pbft {

namespace {

/// Counts what `replica` signs that others count.
class Votes {
 public:
  Votes(Cluster& cluster, int replica) {
    const ReplicaId id{static_cast<std::uint32_t>(replica)};
    const auto count = [this, id](const auto& message) { count_ += message.sender == id; };
    cluster.network().watch<Prepare>(count).from(replica);
    cluster.network().watch<Commit>(count).from(replica);
    cluster.network().watch<Checkpoint>(count).from(replica);
    cluster.network().watch<ViewChange>(count).from(replica);
    cluster.network().watch<PrePrepare>([this](const PrePrepare&) { ++count_; }).from(replica);
  }
  Votes(const Votes&) = delete;
  Votes& operator=(const Votes&) = delete;
  std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

void lose_everything(Cluster& cluster, std::uint32_t replica) {
  cluster.replica(replica).stop();
  cluster.replica(replica).lose_data();
  REQUIRE(cluster.replica(replica).restart());
}

void run_until_rejoined(Cluster& cluster, std::uint32_t replica, Duration limit = 10s) {
  cluster.run_until(
      "it votes again", [&] { return !cluster.replica(replica).reports<core::Rejoined>().empty(); }, limit);
}

}  // namespace

TEST_CASE("amnesia: in a busy cluster a replica without its data follows, then votes again") {
  for (auto storage : {sim::Storage::disk, sim::Storage::memory}) {
    ClusterOptions options = on_disk();
    options.storage = storage;
    Cluster cluster(options);
    send(cluster, 10);
    cluster.settle();
    lose_everything(cluster, 3);
    Votes votes(cluster, 3);
    keep_busy(cluster, 20ms, 3s);
    run_until_rejoined(cluster, 3);
    CHECK(cluster.replica(3).reports<core::Observing>().size() == 1);
    CHECK(votes.count() == 0);
    const SeqNum from = cluster.replica(3).reports<core::Rejoined>()[0].seq;
    CHECK(cluster.replica(3).state().stable >= from);
    cluster.run_for(1s);
    CHECK(votes.count() > 0);
    cluster.replica(1).stop();  // without it nothing goes on
    send(cluster, 3, "y");
  }
}

TEST_CASE("amnesia: in an idle cluster empty batches bring a replica without its data back") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  const SeqNum before = cluster.history().last();
  lose_everything(cluster, 3);
  run_until_rejoined(cluster, 3);
  cluster.run_for(2s);
  CHECK(cluster.history().last().value <= before.value + 1 + 2 * 8 + 4);  // and then it is idle again
  cluster.replica(1).stop();
  send(cluster, 3, "y");
}

TEST_CASE("amnesia: in an idle cluster whose primary may not propose, another one brings it back") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  cluster.replica(0).lose_power(1);  // it has forgotten what it proposed, and proposes nothing in this view
  REQUIRE(cluster.replica(0).restart());
  lose_everything(cluster, 3);
  run_until_rejoined(cluster, 3);
  CHECK(cluster.replicas(0, 1, 2).are_in_view(View{1}));
}

TEST_CASE("amnesia: the primary without its data is replaced, and comes back") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  lose_everything(cluster, 0);
  send(cluster, 3, "y");
  CHECK(cluster.replicas(1, 2, 3).are_in_view(View{1}));
  run_until_rejoined(cluster, 0);
}

TEST_CASE("amnesia: a replica loses its data again and again, also while it observes") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    lose_everything(cluster, 3);
    cluster.run_for(round % 2 == 0 ? 150ms : 20ms);
    lose_everything(cluster, 3);
    keep_busy(cluster, 30ms, 600ms, "round" + std::to_string(round) + ".");
    cluster.run_until(
        "it votes again",
        [&] {
          return cluster.replica(3).reports<core::Rejoined>().size() == static_cast<std::size_t>(round) + 1;
        },
        2 * core::rejoin_spacing);
    CHECK(cluster.replica(3).reports<core::RejoinRefused>().empty());
  }
}

TEST_CASE("amnesia: each replica in turn") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  for (std::uint32_t id : {0U, 1U, 2U, 3U}) {
    CAPTURE(id);
    lose_everything(cluster, id);
    keep_busy(cluster, 30ms, 600ms, "round" + std::to_string(id) + ".");
    run_until_rejoined(cluster, id);
    cluster.run_until_answered();
  }
}

TEST_CASE("amnesia: a power failure while observing, and of all at once, leaves an observer") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  lose_everything(cluster, 3);
  cluster.run_for(40ms);
  cluster.replica(3).lose_power(1);
  REQUIRE(cluster.replica(3).restart());
  CHECK(cluster.replica(3).state().observing);
  cluster.run_for(60ms);
  cluster.lose_power(2);
  REQUIRE(cluster.restart_all());
  CHECK(cluster.replica(3).state().observing);
  send(cluster, 10, "y");
  run_until_rejoined(cluster, 3);
}

TEST_CASE(
    "scenario d: a replica without its directory rejoins while an old ViewChange of it is still travelling") {
  ClusterOptions options = on_disk();
  options.rogue_clients = 1;
  Cluster cluster(options);
  send(cluster, 10);
  cluster.settle();
  /// One replica alone waits for a request, and asks for view 1 in vain.
  const auto ask_alone = [&](int who) {
    const ReplicaId id{static_cast<std::uint32_t>(who)};
    core::ViewChangePtr asked;
    cluster.network().drop().from(who);
    cluster.network().drop().to(who);
    sim::Rule& watch = cluster.network()
                           .watch<ViewChange>([&](const ViewChange& message) {
                             if (message.sender == id) asked = std::make_shared<const ViewChange>(message);
                           })
                           .from(who);
    const auto request = cluster.forge().request(cluster.rogue(), 1, {"heard by one"});
    cluster.network().inject(cluster.rogue(), id, RequestMessage{request, 0});
    cluster.run_until("it asks for view 1", [&] { return asked != nullptr; }, 2s);
    cluster.network().lift(watch);
    return asked;
  };
  const core::ViewChangePtr old = ask_alone(3);
  cluster.replica(3).stop();
  cluster.network().heal();
  cluster.replica(3).lose_data();
  REQUIRE(cluster.replica(3).restart());
  keep_busy(cluster, 20ms, 600ms);
  run_until_rejoined(cluster, 3);
  cluster.run_until_answered();
  cluster.settle();

  // Replicas 0, 1 and 3 commit a batch that replica 2 never sees. The ViewChange that replica 3 has
  // forgotten, one of replica 2 and one of the faulty primary of view 1 would be the quorum that knows
  // nothing of it.
  const SeqNum seq = cluster.next();
  cluster.network().drop().from(2);
  cluster.network().drop().to(2);
  send(cluster, 1, "y");
  REQUIRE(cluster.next() > seq);
  const core::ViewChangePtr other = ask_alone(2);
  cluster.replica(1).distrust();
  cluster.network().drop<ViewChange>();
  cluster.network().drop<NewView>();
  core::ViewChange hiding;
  hiding.new_view = View{1};
  hiding.sender = ReplicaId{1};
  hiding.stable = other->stable;
  const core::ViewChangePtr hidden = cluster.forge().view_change(hiding);
  core::NewView entered;
  entered.view = View{1};
  entered.sources = {
      {ReplicaId{1}, hidden->digest}, {ReplicaId{2}, other->digest}, {ReplicaId{3}, old->digest}};
  entered.first = other->stable.seq.next();
  const auto another =
      cluster.forge().body(cluster.wall(), {cluster.forge().request(cluster.rogue(), 2, {"z"})});
  for (std::uint32_t to : {0U, 2U, 3U}) {
    for (const core::ViewChangePtr& source : {hidden, other, old}) {
      cluster.network().inject(ReplicaId{1}, ReplicaId{to}, source);
    }
    cluster.network().inject(ReplicaId{1}, ReplicaId{to}, cluster.forge().new_view(entered));
    for (SeqNum at = entered.first; at <= seq; at = at.next()) {
      const auto body = at == seq ? another : cluster.forge().null_body();
      cluster.network().inject(ReplicaId{1}, ReplicaId{to}, cluster.forge().pre_prepare(View{1}, at, body));
      cluster.network().inject(ReplicaId{1}, ReplicaId{to},
                               cluster.forge().commit(ReplicaId{1}, {View{1}, at, body->digest}));
    }
  }
  cluster.run_for(100ms);
  for (std::uint32_t id : {0U, 2U, 3U}) {
    CAPTURE(id);
    CHECK(cluster.replica(id).rejections(Rejection::void_incarnation) >= 1);
    CHECK(cluster.replica(id).state().view == View{0});
  }
}

TEST_CASE(
    "amnesia: more than f replicas without their data are reported, and nothing is decided by the rest") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  lose_everything(cluster, 2);
  lose_everything(cluster, 3);
  cluster.client(0).send("y");
  cluster.run_for(10s);
  CHECK(!cluster.all_answered());
  for (std::uint32_t id = 0; id < 4; ++id) {
    CAPTURE(id);
    const auto reports = cluster.replica(id).reports<core::TooManyObservers>();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].observers == 2);
  }
  cluster.expect_no_progress();
}

TEST_CASE("amnesia: a replica whose clock went back since its last Rejoin says that it cannot come back") {
  Cluster cluster(on_disk());
  send(cluster, 10);
  cluster.settle();
  cluster.replica(3).tempo.clock_skew = 1h;
  lose_everything(cluster, 3);
  keep_busy(cluster, 20ms, 1s);
  run_until_rejoined(cluster, 3);
  cluster.replica(3).tempo.clock_skew = Duration{};
  lose_everything(cluster, 3);
  keep_busy(cluster, 20ms, 1s, "later");
  cluster.run_for(3s);
  const auto refused = cluster.replica(3).reports<core::RejoinRefused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].later > refused[0].incarnation);
  CHECK(cluster.replica(3).state().observing);
  cluster.replica(3).stop();
}

}  // namespace pbft
