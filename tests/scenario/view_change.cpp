// View changes (OSDI'99 4.4).
#include <algorithm>
#include <limits>
#include <map>

#include "core/images.hpp"
#include "scenario/fixture.hpp"

namespace pbft {

namespace {

constexpr Duration timeout = ms(250);

ClusterOptions with(std::uint32_t replicas) {
  ClusterOptions options;
  options.replicas = replicas;
  options.client_limits.retry_timeout = ms(200);
  return options;
}

}  // namespace

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

TEST_CASE("scenario 11: f replicas ask for view changes without end: none happens") {
  Cluster cluster(with(7));
  for (std::uint32_t liar : {5U, 6U}) cluster.replica(liar).distrust();
  for (std::uint64_t view = 1; view <= 50; ++view) {
    for (std::uint32_t liar : {5U, 6U}) {
      core::ViewChange change;
      change.new_view = View{view};
      change.sender = ReplicaId{liar};
      const core::ViewChangePtr complaint = cluster.forge().view_change(change);
      for (std::uint32_t to = 0; to < 5; ++to)
        cluster.network().inject(ReplicaId{liar}, ReplicaId{to}, complaint);
    }
    cluster.client(0).send("x" + std::to_string(view));
    cluster.run_for(20ms);
    CHECK(cluster.all_answered());
  }
  CHECK(cluster.replicas(0, 1, 2, 3, 4).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 12: huge, wrapped or far view and sequence numbers: ignored, the next honest leader is not "
    "blocked") {
  Cluster cluster(with(7));
  cluster.replica(6).distrust();
  const ReplicaId liar{6};
  constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  Digest digest;
  digest.bytes.fill(7);
  for (std::uint64_t view : {std::uint64_t{0}, std::uint64_t{6}, huge / 7 * 7 - 1, huge - 1, huge}) {
    for (std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{300}, std::uint64_t{1} << 63, huge - 1, huge}) {
      const core::BatchHeader header{View{view}, SeqNum{seq}, digest};
      core::ViewChange change;
      change.new_view = View{view};
      change.sender = liar;
      change.stable.seq = SeqNum{seq};
      change.prepared.push_back(cluster.forge().certificate(header));
      core::NewView entered;
      entered.view = View{view};
      entered.first = SeqNum{seq};
      entered.headers.push_back({digest, {}});
      Status status;
      status.view = status.pending = View{view};
      status.stable = status.executed = SeqNum{seq};
      std::vector<core::Message> lies{cluster.forge().prepare(liar, header),
                                      cluster.forge().commit(liar, header),
                                      cluster.forge().checkpoint(liar, SeqNum{seq}, digest),
                                      core::CheckpointProof{SeqNum{seq}, digest, {}},
                                      cluster.forge().view_change(change),
                                      core::FetchBody{SeqNum{seq}, digest},
                                      core::FetchViewChange{liar, digest},
                                      status};
      if (cluster.quorums().primary(View{view}) == liar) {
        lies.push_back(cluster.forge().pre_prepare(header, nullptr));
        lies.push_back(cluster.forge().new_view(entered));
      }
      for (std::uint32_t to = 0; to < 6; ++to) {
        for (const core::Message& lie : lies) cluster.network().inject(liar, ReplicaId{to}, lie);
      }
    }
  }
  cluster.settle();
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() < 20ms);
  CHECK(cluster.replicas(0, 1, 2, 3, 4, 5).view_changes_started() == 0);

  cluster.replica(0).stop();
  cluster.client(0).send("y");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() <= 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3, 4, 5).are_exactly_in_view(View{1}));
}

TEST_CASE("scenario 13: invalid prepared certificates mixed with valid ones: the valid value is chosen") {
  struct Way {
    std::string name;
    std::function<void(Cluster&, core::ViewChange&, core::PreparedCertificate)> spoil;
  };
  // Each would put the null batch, which everybody has, in the place of x.
  const std::vector<Way> ways{
      {"votes by one replica in the names of others",
       [](Cluster& cluster, core::ViewChange& change, core::PreparedCertificate lie) {
         for (auto& prepare : lie.prepares)
           prepare.signature = cluster.forge().prepare(ReplicaId{0}, lie.header).signature;
         change.prepared = {lie};
       }},
      {"a proposal that the primary did not sign",
       [](Cluster&, core::ViewChange& change, core::PreparedCertificate lie) {
         lie.pre_prepare.bytes[0] ^= 1;
         change.prepared = {lie};
       }},
      {"a vote of the primary",
       [](Cluster& cluster, core::ViewChange& change, core::PreparedCertificate lie) {
         lie.prepares[0] = {ReplicaId{0}, cluster.forge().prepare(ReplicaId{0}, lie.header).signature};
         change.prepared = {lie};
       }},
      {"a view that does not lie before the new one",
       [](Cluster& cluster, core::ViewChange& change, const core::PreparedCertificate& lie) {
         change.prepared = {cluster.forge().certificate({View{1}, lie.header.seq, lie.header.digest})};
       }},
      {"too few votes",
       [](Cluster&, core::ViewChange& change, core::PreparedCertificate lie) {
         lie.prepares.pop_back();
         change.prepared = {lie};
       }},
      {"one vote counted twice",
       [](Cluster&, core::ViewChange& change, core::PreparedCertificate lie) {
         std::fill(lie.prepares.begin(), lie.prepares.end(), lie.prepares[0]);
         change.prepared = {lie};
       }},
      {"a sequence number twice", [](Cluster&, core::ViewChange& change,
                                     const core::PreparedCertificate& lie) { change.prepared = {lie, lie}; }},
      {"a sequence number beyond the window",
       [](Cluster& cluster, core::ViewChange& change, const core::PreparedCertificate& lie) {
         change.prepared = {lie, cluster.forge().certificate({View{0}, SeqNum{257}, lie.header.digest})};
       }},
      {"a stable checkpoint without proof",
       [](Cluster&, core::ViewChange& change, const core::PreparedCertificate&) {
         change.stable.seq = SeqNum{128};
         change.prepared.clear();
       }},
  };
  for (const Way& way : ways) {
    CAPTURE(way.name);
    Cluster cluster(with(7));
    const SeqNum seq = cluster.next();
    cluster.network().drop<Commit>();
    cluster.client(0).send("x");
    cluster.settle();
    CHECK(cluster.replicas(1, 2, 3, 4, 5).have_prepared(seq));
    // The liar's comes before that of replica 5, without which the quorum is complete only with the liar's.
    cluster.replica(6).stop();
    cluster.replica(0).distrust();
    cluster.network().delay<ViewChange>(50ms).from(5);
    std::size_t lies = 0;
    cluster.network()
        .alter<ViewChange>([&](ViewChange& change) {
          if (change.sender != ReplicaId{0}) return;
          const Digest null = cluster.forge().null_body()->digest;
          way.spoil(cluster, change, cluster.forge().certificate({View{0}, seq, null}));
          change = *cluster.forge().view_change(change);
          ++lies;
        })
        .from(0);
    cluster.run_until_view(View{1});
    CHECK(lies > 0);
    CHECK(cluster.replicas(1, 2, 3, 4, 5).are_exactly_in_view(View{1}));
    CHECK(cluster.replica(1).state().stable == SeqNum{0});
    cluster.network().heal();
    cluster.run_until_answered();
    CHECK(cluster.replicas(1).executed_at(seq) == "x");
  }
}

TEST_CASE("scenario 14: two valid certificates for one sequence number: the higher view wins") {
  Cluster cluster(with(4));
  const SeqNum seq = cluster.next();
  auto of_view_0 = [](const Prepare& message) { return message.header.view == View{0}; };
  // View 0: only replica 3 prepares, and nobody hears of it.
  cluster.network().drop_if<Prepare>(of_view_0).to(0, 1, 2);
  cluster.network().drop<Commit>();
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.replicas(3).have_prepared(seq));
  CHECK(cluster.replicas(0, 1, 2).none_has_prepared(seq));
  // View 1, without it: the same operation in another batch, executed at replica 0 alone.
  cluster.network().heal();
  cluster.network().drop_if<Prepare>(of_view_0).to(0, 1, 2);
  cluster.network().isolate({ReplicaId{3}}, 4);
  cluster.network().drop<Commit>().to(1, 2);
  cluster.run_until("replica 0 executes in view 1", [&] {
    return cluster.replicas(0).are_exactly_in_view(View{1}) && cluster.replicas(0).have_executed(seq);
  });
  CHECK(!cluster.replicas(1).have_executed(seq));
  CHECK(cluster.replicas(1, 2).have_prepared(seq));
  // View 2, without replica 0: its certificates are one of view 0 and two of view 1.
  std::map<ReplicaId, core::BatchHeader> shown;
  cluster.network().heal();
  cluster.network().isolate({ReplicaId{0}}, 4);
  cluster.network().drop<PrePrepare>().to(3);
  cluster.network().drop<Commit>();
  cluster.network().watch<ViewChange>([&](const ViewChange& change) {
    for (const auto& certificate : change.prepared) {
      if (change.new_view == View{2} && certificate.header.seq == seq)
        shown[change.sender] = certificate.header;
    }
  });
  cluster.run_until("view 2", [&] { return cluster.replicas(1, 2, 3).are_exactly_in_view(View{2}); });
  CHECK(shown[ReplicaId{1}].view == View{1});
  CHECK(shown[ReplicaId{2}].view == View{1});
  CHECK(shown[ReplicaId{3}].view == View{0});
  CHECK(shown[ReplicaId{3}].digest != shown[ReplicaId{1}].digest);
  cluster.network().heal();
  cluster.run_until_answered();
  cluster.run_until("all execute it", [&] { return cluster.all().executed_at(seq) == "x"; });
}

TEST_CASE(
    "scenario 15: NewView with wrong pre-prepares, short or duplicated set, another view's messages: "
    "rejected") {
  struct Case {
    std::string name;
    std::function<void(Cluster&, NewView&)> change;
    bool spoils_header = false;  ///< A pre-prepare that the primary did not sign.
  };
  const std::vector<Case> cases{
      {"a null batch in place of what was prepared",
       [](Cluster& cluster, NewView& m) { m.headers.at(1).digest = cluster.forge().null_body()->digest; }},
      {"one batch more",
       [](Cluster& cluster, NewView& m) { m.headers.push_back({cluster.forge().null_body()->digest, {}}); }},
      {"one batch less", [](Cluster&, NewView& m) { m.headers.pop_back(); }},
      {"another start", [](Cluster&, NewView& m) { m.first = m.first.next(); }},
      {"a source less", [](Cluster&, NewView& m) { m.sources.pop_back(); }},
      {"a source twice", [](Cluster&, NewView& m) { m.sources[1] = m.sources[0]; }},
      {"sources in another order", [](Cluster&, NewView& m) { std::swap(m.sources[0], m.sources[1]); }},
      {"another view's source",
       [](Cluster& cluster, NewView& m) {
         core::ViewChange other;
         other.new_view = m.view.next();
         other.sender = ReplicaId{1};
         other.stable.state = cluster.replica(2).state().checkpoint_state;  // of genesis: it is valid
         const core::ViewChangePtr forged = cluster.forge().view_change(other);
         m.sources[0] = {ReplicaId{1}, forged->digest};
         for (std::uint32_t to = 2; to < 7; ++to)
           cluster.network().inject(ReplicaId{1}, ReplicaId{to}, forged);
       }},
      {"a source that does not prove what it says",
       [](Cluster& cluster, NewView& m) {
         core::ViewChange boast;
         boast.new_view = m.view;
         boast.sender = ReplicaId{1};
         boast.stable = {SeqNum{128}, cluster.forge().null_body()->digest, {}};
         const core::ViewChangePtr forged = cluster.forge().view_change(boast);
         m.sources[0] = {ReplicaId{1}, forged->digest};
         for (std::uint32_t to = 2; to < 7; ++to)
           cluster.network().inject(ReplicaId{1}, ReplicaId{to}, forged);
       }},
      {"a pre-prepare without the primary's signature", [](Cluster&, NewView&) {}, true},
      {"a source that nobody has", [](Cluster&, NewView& m) { m.sources[0].view_change.bytes[0] ^= 1; }}};
  for (const Case& each : cases) {
    CAPTURE(each.name);
    Cluster cluster(with(7));
    const SeqNum seq = cluster.next();
    cluster.network().drop<Commit>();
    cluster.client(0).send("x");
    cluster.settle();
    cluster.replica(0).stop();
    cluster.replica(1).distrust();
    std::size_t lies = 0;
    cluster.network()
        .alter<NewView>([&](NewView& message) {
          if (message.view != View{1}) return;
          each.change(cluster, message);
          message = *cluster.forge().new_view(message);
          if (each.spoils_header) {
            message.headers.at(0).signature.bytes[0] ^= 1;
            message.signature =
                cluster.forge().as(ReplicaId{1}).sign(core::Statement::new_view, core::image_of(message));
          }
          ++lies;
        })
        .from(1);
    bool accepted = false;
    cluster.run_until("view 2", [&] {
      for (unsigned backup : {2U, 3U, 4U, 5U, 6U})
        accepted = accepted || cluster.replica(backup).state().view == View{1};
      return cluster.replicas(2, 3, 4, 5, 6).are_in_view(View{2});
    });
    CHECK(lies > 0);
    CHECK(!accepted);
    CHECK(cluster.replicas(2, 3, 4, 5, 6).are_exactly_in_view(View{2}));
    cluster.network().heal();
    cluster.run_until_answered();
    CHECK(cluster.replicas(2).executed_at(seq) == "x");
  }
}

TEST_CASE("scenario 16: gaps become null batches, equal digests everywhere") {
  ClusterOptions options = with(4);
  options.agreed.checkpoint_interval = 4;
  Cluster cluster(options);
  const SeqNum gap = cluster.next(), kept = gap.next();
  cluster.network().drop_if<PrePrepare>([&](const PrePrepare& message) { return message.header.seq == gap; });
  cluster.network().drop<Commit>();
  cluster.client(0).send("x");
  cluster.run_for(5ms);
  cluster.client(0).send("y");
  cluster.settle();
  CHECK(cluster.all().none_has_prepared(gap));
  CHECK(cluster.replicas(1, 2, 3).have_prepared(kept));
  cluster.replica(0).stop();
  cluster.run_until_view(View{1});
  cluster.network().heal();
  cluster.run_until_answered();
  CHECK(cluster.replicas(1, 2, 3).executed_at(gap) == "");
  CHECK(cluster.replicas(1, 2, 3).executed_at(kept) == "y");
  while (cluster.replica(1).state().stable < SeqNum{4}) {
    cluster.client(0).send("z");
    cluster.run_until_answered();
    cluster.settle();
  }
  for (unsigned other : {2U, 3U}) {
    CHECK(cluster.replica(other).state().checkpoint_state == cluster.replica(1).state().checkpoint_state);
  }
}

TEST_CASE("scenario 18: partial mesh, everything before healing lost: progress without restart") {
  Cluster cluster(with(4));
  for (int replica : {0, 1, 2, 3}) cluster.network().drop().to(0, 1, 2, 3).from(replica);
  for (int i = 0; i < 5; ++i) cluster.client(0).send("lost" + std::to_string(i));
  cluster.run_for(5s);
  CHECK(cluster.history().operations() == 0);
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 3);  // each asks for view 1, and nobody hears it
  cluster.network().heal();
  for (unsigned replica : {0U, 1U, 2U, 3U}) {  // no direct link between 0 and 2, 1 and 3
    cluster.network().cut(ReplicaId{replica}, ReplicaId{(replica + 2) % 4});
  }
  cluster.run_until_answered(20s);
}

TEST_CASE("scenario 19: a one-way deaf replica: causes no view change") {
  ClusterOptions options = with(4);
  options.rogue_clients = 1;
  Cluster cluster(options);
  for (std::uint32_t from : {0U, 1U, 2U}) cluster.network().cut(ReplicaId{from}, ReplicaId{3});
  const core::Message loud =
      RequestMessage{cluster.forge().request(cluster.rogue(), 1, {"only to the deaf"}), 0};
  cluster.network().inject(cluster.rogue(), ReplicaId{3}, loud);
  cluster.network().drop<RequestMessage>().from(3);
  for (int i = 0; i < 50; ++i) {
    cluster.client(0).send("x");
    cluster.run_for(100ms);
    CHECK(cluster.all_answered());
  }
  CHECK(cluster.replica(3).view_changes_started() > 0);
  CHECK(cluster.replicas(0, 1, 2).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 20: a checkpoint quorum reaches the primary first, backups still below the window: its "
    "proposals are "
    "kept "
    "or resent, no view change") {
  for (bool lost : {false, true}) {
    ClusterOptions options = with(4);
    options.agreed.checkpoint_interval = 4;
    Cluster cluster(options);
    // Only the primary learns that 4 is stable; the window of the others ends at 8.
    if (lost) {
      cluster.network().drop<Checkpoint>().to(1, 2, 3);
    } else {
      cluster.network().hold<Checkpoint>().to(1, 2, 3);
    }
    cluster.network().drop<core::CheckpointProof>();
    while (cluster.next() <= SeqNum{8}) {
      cluster.client(0).send("x");
      cluster.run_until_answered();
    }
    CHECK(cluster.replica(0).state().stable >= SeqNum{4});
    CHECK(cluster.replica(1).state().stable == SeqNum{0});
    cluster.client(0).send("beyond their window");
    cluster.run_for(50ms);
    CHECK(!cluster.all_answered());
    cluster.network().heal();
    cluster.run_until_answered(timeout);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("scenario 21: a replica that missed several views rejoins the current one") {
  Cluster cluster(with(4));
  cluster.network().isolate({ReplicaId{3}}, 4);
  for (std::uint32_t primary : {0U, 1U}) {
    sim::Rule& mute = cluster.network().drop<PrePrepare>().from(static_cast<int>(primary));
    cluster.client(0).send("x" + std::to_string(primary));
    cluster.run_until("the next view",
                      [&] { return cluster.replicas(0, 1, 2).are_in_view(View{primary + 1}); });
    cluster.network().lift(mute);
    cluster.run_until_answered();
  }
  CHECK(cluster.replica(3).state().view == View{0});
  cluster.network().heal();
  cluster.run_until(
      "replica 3 is where the others are",
      [&] {
        return cluster.all().are_exactly_in_view(View{2}) &&
               cluster.replicas(3).have_executed(cluster.history().last());
      },
      5s);
  cluster.replica(0).stop();  // its votes are needed now
  cluster.client(0).send("y");
  cluster.run_until_answered(timeout);
}

TEST_CASE(
    "scenario e: a batch executed at one replica only is re-proposed, its numbers now outside the window "
    "there: it "
    "votes") {
  ClusterOptions options = with(4);
  options.rogue_clients = 1;
  Cluster cluster(options);
  const SeqNum first = cluster.next(), second = first.next();
  // Only replica 3 executes in view 0; the second batch says that nobody needs the first one's number any
  // more.
  cluster.network()
      .drop_if<Commit>([](const Commit& vote) { return vote.header.view == View{0}; })
      .to(0, 1, 2);
  for (const std::uint64_t number : {1U, 2U}) {
    const core::RequestPtr request =
        cluster.forge().request(cluster.rogue(), number, {"x" + std::to_string(number)}, number);
    cluster.network().inject(request->client, ReplicaId{0}, RequestMessage{request, 0});
    cluster.run_for(20ms);
  }
  CHECK(cluster.replicas(3).have_executed(second));
  CHECK(!cluster.replicas(1).have_executed(first));
  CHECK(!cluster.replicas(2).have_executed(first));
  cluster.replica(0).stop();  // from now on each vote is needed
  cluster.client(0).send("y");
  cluster.run_until("the others execute them too, in view 1",
                    [&] { return cluster.replicas(1, 2, 3).executed_at(second) == "x2"; });
  CHECK(cluster.replicas(1, 2, 3).executed_at(first) == "x1");
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  CHECK(cluster.history().executions(cluster.rogue(), "x1") == 1);
}

TEST_CASE(
    "scenario l: a faulty replica holds a valid certificate for a body that nobody else kept: the next view "
    "does not "
    "wait "
    "for it") {
  Cluster cluster(with(4));
  const SeqNum seq = cluster.next();
  cluster.replica(3).distrust();
  // View 0: it prepares at replica 3 alone.
  cluster.network().drop<Prepare>().to(0, 1, 2);
  cluster.network().drop<Commit>();
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.replicas(3).have_prepared(seq));
  // View 1 starts without it; nothing prepares there, and the old body is forgotten.
  cluster.network().heal();
  cluster.network().isolate({ReplicaId{3}}, 4);
  cluster.network().drop<PrePrepare>().from(0);
  cluster.network().drop<Prepare>();
  cluster.run_until("view 1", [&] { return cluster.replicas(0, 1, 2).are_in_view(View{1}); });
  CHECK(cluster.replicas(0, 1, 2).none_has_prepared(seq));
  // On the way to view 2 replica 3 shows its certificate first, and serves no body.
  cluster.network().mend();
  cluster.network().drop<core::BodyMessage>().from(3);
  cluster.network().drop<PrePrepare>().from(1);
  cluster.network().drop<PrePrepare>().from(3);
  cluster.network().delay<ViewChange>(50ms).from(0, 1);
  sim::Rule& quiet = cluster.network().drop<Prepare>();
  cluster.run_until("view 2", [&] { return cluster.replicas(0, 1, 2).are_in_view(View{2}); }, 5s);
  cluster.network().lift(quiet);
  cluster.network().heal();
  cluster.network().drop<core::BodyMessage>().from(3);
  cluster.run_until_answered(timeout);
  CHECK(cluster.replicas(0, 1, 2).are_exactly_in_view(View{2}));
}

TEST_CASE(
    "scenario m: a genuine prepare with a spoilt signature inside a ViewChange: all replicas judge alike") {
  ClusterOptions options = with(7);
  options.signatures = sim::Signatures::ed25519;  // each replica remembers what it has verified
  Cluster cluster(options);
  const SeqNum seq = cluster.next();
  cluster.network().drop<Commit>();
  cluster.client(0).send("x");
  cluster.settle();
  cluster.replica(0).stop();
  cluster.replica(6).distrust();
  std::size_t spoilt = 0;
  cluster.network()
      .alter<ViewChange>([&](ViewChange& change) {
        if (change.sender != ReplicaId{6} || change.prepared.empty()) return;
        change.prepared[0].prepares[1].signature.bytes[5] ^= 1;
        change = *cluster.forge().view_change(change);
        ++spoilt;
      })
      .from(6);
  cluster.network().delay<ViewChange>(20ms).from(2, 3, 4, 5);  // the spoilt one comes first
  cluster.run_until_view(View{1});
  CHECK(spoilt > 0);
  CHECK(cluster.replicas(1, 2, 3, 4, 5).are_exactly_in_view(View{1}));
  CHECK(cluster.replicas(1, 2, 3, 4, 5).rejections(Rejection::bad_new_view) == 0);
  cluster.network().heal();
  cluster.run_until_answered();
  CHECK(cluster.replicas(1).executed_at(seq) == "x");
}

TEST_CASE("scenario n: one replica times out alone: it goes on executing what others commit") {
  Cluster cluster({.rogue_clients = 1});
  // A request that only replica 3 knows of.
  cluster.network().drop<RequestMessage>().from(3);
  cluster.network().inject(cluster.rogue(), ReplicaId{3},
                           RequestMessage{cluster.forge().request(cluster.rogue(), 1, {"alone"}), 0});
  cluster.run_for(400ms);
  CHECK(cluster.replica(3).state().pending > View{0});
  for (int i = 0; i < 10; ++i) {
    const SeqNum seq = cluster.next();
    cluster.client(0).send("x");
    cluster.settle();
    CHECK(cluster.replicas(0, 1, 2, 3).executed_at(seq) == "x");
  }
  CHECK(cluster.replica(3).state().view == View{0});
  CHECK(cluster.replicas(0, 1, 2).view_changes_started() == 0);
}

}  // namespace pbft
