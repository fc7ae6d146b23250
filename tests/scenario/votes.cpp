// Votes that contradict each other, and proposals that do.
#include "core/vote_set.hpp"
#include "scenario/fixture.hpp"

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
  REQUIRE(!cluster.replica(3).evidence().empty());
  CHECK(cluster.replica(3).evidence()[0].culprit == ReplicaId{0});
}

TEST_CASE("scenario 17: votes before the proposal, body held by one correct replica: completes") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  // Replicas 2 and 3 hear the votes first, and the primary's proposal without the body when it is gone.
  cluster.replica(0).distrust();
  cluster.network().drop<core::BodyMessage>().from(0);
  cluster.network().alter<PrePrepare>([](PrePrepare& message) { message.body = nullptr; }).from(0).to(2, 3);
  sim::Rule& late = cluster.network().delay<PrePrepare>(50ms).from(0).to(2, 3);
  cluster.client(0).send("x");
  cluster.run_for(20ms);
  CHECK(late.hits() == 2);
  CHECK(cluster.replicas(2, 3).none_has_prepared(seq));
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.replicas(1, 2, 3).executed_at(seq) == "x");
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 0);
}

TEST_CASE("scenario o: a header withheld from one backup by the primary: repaired by another replica") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  cluster.replica(0).distrust();
  cluster.network().drop<PrePrepare>().from(0).to(3);
  cluster.replica(2).stop();  // the vote of replica 3 is needed
  cluster.client(0).send("x");
  cluster.run_until("it is executed", [&] { return cluster.replicas(1, 3).executed_at(seq) == "x"; }, 240ms);
  CHECK(cluster.replicas(1, 3).view_changes_started() == 0);
  cluster.expect_no_progress();  // two of four are lost
}

TEST_CASE("a commit that its sender signed falsely for one replica does not keep out the true one") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  cluster.replica(3).distrust();
  cluster.network().alter<Commit>([](Commit& vote) { vote.signature.bytes[0] ^= 1; }).from(3).to(2);
  cluster.network().drop().from(1);  // so that the vote of replica 3 is needed
  cluster.client(0).send("x");
  cluster.run_until(
      "replica 2 has the true vote from replica 0",
      [&] { return cluster.replicas(0, 2).executed_at(seq) == "x"; }, 5s);
}

TEST_CASE("a commit that its sender signed falsely makes no quorum, and is shown to nobody") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  cluster.replica(3).distrust();
  cluster.network().alter<Commit>([](Commit& vote) { vote.signature.bytes[0] ^= 1; }).from(3);
  cluster.network().drop<Commit>().from(2);
  cluster.client(0).send("x");
  cluster.run_for(200ms);
  // With a fourth commit that nobody could be shown, who is behind could never be brought forward.
  CHECK(!cluster.replica(0).has_committed(seq));
  CHECK(!cluster.replica(1).has_committed(seq));
  CHECK(cluster.replica(0).rejections(Rejection::bad_signature) == 1);  // looked at once
  CHECK(cluster.replica(2).rejections(Rejection::bad_signature) <= 1);
  cluster.network().heal();
  cluster.run_until_answered();
}

TEST_CASE("scenario 27: replay across cluster, epoch, type and sender: all rejected") {
  for (auto signatures : {sim::Signatures::ideal, sim::Signatures::ed25519}) {
    ClusterOptions options;
    options.signatures = signatures;
    Cluster cluster(options);
    const core::BatchHeader header{View{0}, cluster.next(), cluster.forge().body(cluster.wall(), {})->digest};
    const sim::Keys elsewhere(signatures, options.seed, 4, 1, {.cluster = 9});
    const sim::Keys another_epoch(signatures, options.seed, 4, 1, {.epoch = Epoch{1}});
    const wire::DecodeLimits limits{4, options.agreed};
    const ReplicaId two{2};
    std::vector<core::Message> replays{
        sim::Forger(elsewhere, limits).prepare(two, header),
        sim::Forger(elsewhere, limits).commit(two, header),
        sim::Forger(elsewhere, limits).checkpoint(two, SeqNum{128}, header.digest),
        sim::Forger(another_epoch, limits).prepare(two, header),
        sim::Forger(another_epoch, limits).commit(two, header),
        sim::Forger(another_epoch, limits).checkpoint(two, SeqNum{128}, header.digest),
        RequestMessage{sim::Forger(elsewhere, limits).request(ClientId{1}, 1, {"x"}), 0}};
    core::ViewChange change;
    change.new_view = View{1};
    change.sender = two;
    replays.push_back(sim::Forger(elsewhere, limits).view_change(change));
    replays.push_back(sim::Forger(another_epoch, limits).view_change(change));
    Prepare genuine = cluster.forge().prepare(two, header);
    replays.push_back(Commit{genuine});  // another type
    genuine.sender = ReplicaId{3};
    replays.push_back(genuine);  // another sender
    genuine.sender = two;
    genuine.header.view = View{4};
    replays.push_back(genuine);  // another view
    // Brought by another: what its sender brings itself needs no signature to count (commits).
    for (const core::Message& replay : replays) cluster.network().inject(ReplicaId{3}, ReplicaId{1}, replay);
    cluster.settle();
    CHECK(cluster.replica(1).rejections(Rejection::bad_signature) == replays.size());
    cluster.network().inject(two, ReplicaId{1}, cluster.forge().prepare(two, header));
    cluster.settle();
    CHECK(cluster.replica(1).rejections(Rejection::bad_signature) == replays.size());
  }
}

TEST_CASE("scenario 27: a vote of an earlier view counts for nothing in a later one") {
  Cluster cluster({.replicas = 7});
  cluster.replica(0).stop();
  cluster.client(0).send("x");
  cluster.run_until_view(View{1});
  cluster.run_until_answered();
  cluster.settle();
  const SeqNum seq = cluster.next();
  const core::BodyPtr body = cluster.forge().body(cluster.wall(), {});
  // Replicas 1 and 2 alone in view 1; votes of view 0 for the same batch are there already.
  cluster.replica(1).distrust();
  cluster.network().drop();
  for (unsigned voter : {3U, 4U, 5U, 6U}) {
    const core::BatchHeader old{View{0}, seq, body->digest};
    cluster.network().inject(ReplicaId{voter}, ReplicaId{2}, cluster.forge().prepare(ReplicaId{voter}, old));
    cluster.network().inject(ReplicaId{voter}, ReplicaId{2}, cluster.forge().commit(ReplicaId{voter}, old));
  }
  cluster.network().inject(ReplicaId{1}, ReplicaId{2}, cluster.forge().pre_prepare(View{1}, seq, body));
  const core::BatchHeader current{View{1}, seq, body->digest};
  cluster.network().inject(ReplicaId{1}, ReplicaId{2}, cluster.forge().commit(ReplicaId{1}, current));
  cluster.run_for(50ms);
  CHECK(cluster.replicas(2).none_has_prepared(seq));
  CHECK(!cluster.replicas(2).have_committed(seq));  // of five commits four are of view 0
  cluster.expect_no_progress();                     // the votes were forged in the names of correct replicas
}

TEST_CASE("scenario 28: duplicate and conflicting votes: counted once, evidence written") {
  Cluster cluster({.replicas = 7, .rogue_clients = 1});
  const SeqNum seq = cluster.next();
  // Only replicas 0, 1 and 6 hear each other: three prepares short of a certificate.
  for (unsigned away : {2U, 3U, 4U, 5U}) cluster.network().drop().from(static_cast<int>(away));
  cluster.replica(6).distrust();
  const core::RequestPtr request = cluster.forge().request(cluster.rogue(), 1, {"x"});
  core::BatchHeader header{View{0}, seq, {}};
  header.digest = cluster.forge().body(cluster.wall(), {request})->digest;
  core::BatchHeader other = header;
  other.digest.bytes[0] ^= 1;
  auto show = [&](const core::Message& message) {
    cluster.network().inject(ReplicaId{6}, ReplicaId{1}, message);
  };
  cluster.network().inject(
      ReplicaId{0}, ReplicaId{1},
      cluster.forge().pre_prepare(View{0}, seq, cluster.forge().body(cluster.wall(), {request})));
  for (int i = 0; i < 10; ++i) {
    show(cluster.forge().prepare(ReplicaId{6}, header));
    show(cluster.forge().commit(ReplicaId{6}, header));
  }
  cluster.run_for(20ms);
  CHECK(cluster.replicas(1).none_has_prepared(seq));
  CHECK(cluster.replica(1).evidence().empty());

  for (int i = 0; i < 3; ++i) {
    show(cluster.forge().prepare(ReplicaId{6}, other));
    show(cluster.forge().commit(ReplicaId{6}, other));
  }
  cluster.run_for(20ms);
  CHECK(cluster.replicas(1).none_has_prepared(seq));
  CHECK(!cluster.replica(1).has_committed(seq));
  const auto& evidence = cluster.replica(1).evidence();
  REQUIRE(evidence.size() == 2);  // one record for each kind
  for (const core::Evidence& record : evidence) {
    CHECK(record.culprit == ReplicaId{6});
    CHECK(record.first_image != record.second_image);
    const core::Crypto& anyone = cluster.forge().as(ReplicaId{3});
    CHECK(anyone.verify(record.statement, ReplicaId{6}, record.first_image, record.first_signature));
    CHECK(anyone.verify(record.statement, ReplicaId{6}, record.second_image, record.second_signature));
  }
  cluster.expect_no_progress();  // replica 0 proposed nothing; its slot is ours
}

TEST_CASE("votes: committed needs a quorum of commits, and one less is too few") {  // OSDI'99 4.2
  for (std::uint32_t n : {4U, 5U, 6U, 7U}) {
    CAPTURE(n);
    for (bool enough : {false, true}) {
      // Replica 1 hears the commits of a quorum, its own among them, or of one less.
      Cluster cluster({.replicas = n});
      const SeqNum seq = cluster.next();
      std::uint32_t heard = 1;  // its own
      for (int from : {0, 2, 3, 4, 5, 6}) {
        if (heard < cluster.quorums().quorum() - (enough ? 0 : 1)) {
          ++heard;
        } else {
          cluster.network().drop<Commit>().from(from).to(1);
        }
      }
      cluster.client(0).send("x");
      cluster.run_for(10ms);  // before others forward what it lacks
      CHECK(cluster.replicas(0, 2).have_executed(seq));
      CHECK(cluster.replicas(1).have_executed(seq) == enough);
    }
  }
}

TEST_CASE("votes: what proves a batch is not lost over many views that vote for it anew") {
  Cluster cluster;
  const SeqNum seq = cluster.next();
  cluster.network().isolate({ReplicaId{3}}, 4);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.replicas(0, 1, 2).executed_at(seq) == "x");
  // Every later view has it prepared at replicas 0 and 1 alone, so no other quorum of commits comes about,
  // and ends because its primary proposes nothing.
  cluster.network().drop_if<Prepare>([=](const Prepare& vote) { return vote.header.view > View{0}; }).to(2);
  cluster.network().drop_if<PrePrepare>([=](const PrePrepare& message) { return message.header.seq > seq; });
  cluster.client(0).send("y");
  const View last{2 * core::VoteSet::votes_per_sender};
  cluster.run_until("many views", [&] { return cluster.replicas(0, 1, 2).are_in_view(last); }, 10min);
  CHECK(!cluster.all_answered());

  // Replica 1 alone is left to show what was committed: nobody votes for it any more.
  cluster.replica(0).stop();
  cluster.replica(2).stop();
  cluster.network().mend();
  cluster.run_until("replica 3 executes it", [&] { return cluster.replicas(3).have_executed(seq); }, 5s);
  cluster.expect_no_progress();  // two of four are lost
}

TEST_CASE("scenario 29: n = 4..13 including n that is not 3f+1: live with f down, safe always") {
  for (std::uint32_t n = 4; n <= 13; ++n) {
    CAPTURE(n);
    ClusterOptions options;
    options.replicas = n;
    Cluster cluster(options);
    const std::uint32_t f = cluster.quorums().f();
    for (std::uint32_t down = 0; down < f; ++down) cluster.replica(down).stop();  // the first primaries
    for (int i = 0; i < 5; ++i) cluster.client(0).send("x" + std::to_string(i));
    cluster.run_until_answered(20s);
    CHECK(cluster.history().operations() == 5);

    // One more, and nothing can be decided; two histories least of all.
    cluster.replica(f).stop();
    const bool quorum_left = n - f - 1 >= cluster.quorums().quorum();
    cluster.client(0).send("y");
    CHECK(cluster.runs_until([&] { return cluster.all_answered(); }, 20s) == quorum_left);
    if (!quorum_left) cluster.expect_no_progress();
  }
}

}  // namespace pbft
