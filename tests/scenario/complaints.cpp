// Primaries that are slow or unfair, but faster than the request timeout; and complaints that are lies.
#include "scenario/load.hpp"

namespace pbft {

namespace {

ClusterOptions watched(std::uint32_t replicas, std::uint32_t clients) {
  ClusterOptions options;
  options.replicas = replicas;
  options.clients = clients;
  options.client_limits.broadcast_share = 16;
  options.agreed.checkpoint_interval = 16;
  return options;
}

}  // namespace

TEST_CASE(
    "scenario 4: a primary that delays each proposal by 10, 100 ms or by just under the timeout: replaced") {
  for (const Duration delay : {10ms, 100ms, 240ms}) {
    CAPTURE(delay.count());
    Cluster cluster(watched(4, 4));
    Load load(cluster, 4, 4);
    const std::size_t usual = load.run(1000ms);
    CHECK(cluster.all().view_changes_started() == 0);

    cluster.replica(0).distrust();
    cluster.network().delay<PrePrepare>(delay).from(0);
    load.run(delay < 100ms ? 1000ms : 3000ms);
    CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
    CHECK(load.run(1000ms) > usual * 97 / 100);
    CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  }
}

TEST_CASE("scenario 4: a primary that delays each proposal by 1 ms, less than phases differ: it stays") {
  Cluster cluster(watched(4, 4));
  Load load(cluster, 4, 4);
  cluster.network().delay<PrePrepare>(1ms).from(0);
  load.run(3000ms);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 5: idle, then a load spike under a slow primary: replaced within a second") {
  Cluster cluster(watched(4, 8));
  cluster.replica(0).distrust();
  cluster.network().delay<PrePrepare>(20ms).from(0);
  cluster.run_for(10s);
  Load load(cluster, 8, 8);
  load.run(1000ms);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE("scenario 5: load spikes under a correct primary: it stays") {
  Cluster cluster(watched(4, 8));
  for (std::size_t outstanding : {1U, 16U, 2U, 32U}) {
    Load load(cluster, 8, outstanding);
    load.run(300ms);
    cluster.run_for(1s);
  }
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 6: a primary that starves one client, but not until the timeout: replaced") {
  bool starving = true;
  Cluster cluster(watched(4, 6));
  Load load(cluster, 6, 4);
  load.run(500ms);
  cluster.replica(0).distrust();
  cluster.network()
      .drop_if<RequestMessage>([&](const RequestMessage& message) {
        if (!starving || message.request->client != ClientId{1}) return false;
        cluster.after(150ms, [&cluster, message] {
          cluster.network().inject(message.request->client, ReplicaId{0}, message);
        });
        return true;
      })
      .to(0);
  load.run(8000ms);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  starving = false;
}

TEST_CASE("complaints: q of them end the view, one less does not") {
  for (std::uint32_t n : {4U, 7U}) {
    CAPTURE(n);
    Cluster cluster(watched(n, 1));
    const std::uint32_t q = cluster.quorums().quorum();
    for (std::uint32_t by = 0; by + 1 < q; ++by) {
      cluster.network().inject(ReplicaId{by + 1}, ReplicaId{0},
                               cluster.forge().complaint(ReplicaId{by + 1}, View{0}, SeqNum{0}));
    }
    cluster.run_for(500ms);
    CHECK(cluster.all().view_changes_started() == 0);
    // Shown to one alone: it shows all of them to the others.
    cluster.network().inject(ReplicaId{1}, ReplicaId{0},
                             cluster.forge().complaint(ReplicaId{0}, View{0}, SeqNum{0}));
    cluster.run_until_view(View{1}, 50ms);
    CHECK(cluster.all().are_exactly_in_view(View{1}));
  }
}

TEST_CASE("complaints: forged, about another view, or too old: they do not count") {
  ClusterOptions options = watched(4, 1);
  options.agreed.checkpoint_interval = 4;
  Cluster cluster(options);
  const auto say = [&](core::Complaints message) {
    for (std::uint32_t to = 0; to < 4; ++to) {
      cluster.network().inject(ReplicaId{(to + 1) % 4}, ReplicaId{to}, message);
    }
    cluster.run_for(10ms);
  };
  const auto complain = [&](std::uint32_t by, View view, SeqNum stable) {
    say(cluster.forge().complaint(ReplicaId{by}, view, stable));
  };
  for (std::uint32_t by : {0U, 1U, 2U, 3U}) complain(by, View{1}, SeqNum{0});
  for (std::uint32_t by : {0U, 1U, 2U, 3U}) complain(by, View{0}, SeqNum{4 * 1000});
  CHECK(cluster.all().rejections(Rejection::outside_window) > 0);
  core::Complaints forged = cluster.forge().complaint(ReplicaId{3}, View{0}, SeqNum{0});
  for (std::uint32_t by : {0U, 1U, 2U}) {
    forged.votes[0].replica = ReplicaId{by};
    say(forged);
  }
  CHECK(cluster.all().rejections(Rejection::bad_certificate) > 0);

  complain(0, View{0}, SeqNum{0});
  complain(1, View{0}, SeqNum{0});
  for (int i = 0; i < 20; ++i) {
    cluster.client(0).send("x");
    cluster.run_until_answered();
  }
  cluster.settle();
  const SeqNum stable = cluster.replica(0).state().stable;
  REQUIRE(stable.value > options.agreed.window());
  complain(2, View{0}, stable);
  complain(3, View{0}, stable);
  complain(3, View{0}, stable);
  CHECK(cluster.all().view_changes_started() == 0);
  complain(1, View{0}, stable);
  cluster.run_until_view(View{1}, 50ms);
}

TEST_CASE("complaints: all are lost but those that one replica got: it shows them to the others by and by") {
  Cluster cluster(watched(4, 1));
  auto& lost = cluster.network().drop<core::Complaints>();
  for (std::uint32_t by : {0U, 2U, 3U}) {
    cluster.network().inject(ReplicaId{by}, ReplicaId{1},
                             cluster.forge().complaint(ReplicaId{by}, View{0}, SeqNum{0}));
  }
  cluster.run_for(3s);
  CHECK(cluster.replica(1).view_changes_started() == 1);
  CHECK(cluster.replicas(0, 2, 3).view_changes_started() == 0);
  cluster.network().lift(lost);
  cluster.run_until_view(View{1}, 2s);
}

TEST_CASE("scenario r: f liars complain for ever beside one slow honest replica: no endless view changes") {
  for (std::uint32_t n : {4U, 7U}) {
    for (const std::uint32_t slow : {0U, 1U}) {
      CAPTURE(n);
      CAPTURE(slow);
      std::function<void()> lie;
      ClusterOptions options = watched(n, 2);
      options.client_limits.broadcast_share = 2;
      Cluster cluster(options);
      const std::uint32_t f = cluster.quorums().f();
      cluster.network().delay<PrePrepare>(15ms).from(static_cast<int>(slow));
      cluster.network().delay<PrePrepare>(15ms).to(static_cast<int>(slow));
      cluster.network().delay<Prepare>(15ms).from(static_cast<int>(slow));
      cluster.network().delay<Commit>(15ms).from(static_cast<int>(slow));
      lie = [&] {
        for (std::uint32_t liar = n - f; liar < n; ++liar) {
          const core::ReplicaState seen = cluster.replica(liar).state();
          for (std::uint32_t to = 0; to < n - f; ++to) {
            cluster.network().inject(ReplicaId{liar}, ReplicaId{to},
                                     cluster.forge().complaint(ReplicaId{liar}, seen.view, seen.stable));
          }
        }
        cluster.after(20ms, lie);
      };
      for (std::uint32_t liar = n - f; liar < n; ++liar) cluster.replica(liar).distrust();
      lie();
      Load load(cluster, 2, 2);
      load.run(n == 4 ? 10s : 3s);
      // Only a slow primary is left behind, once.
      CHECK(cluster.replica(2).state().view == View{slow == 0 ? 1U : 0U});
      lie = [] {};
    }
  }
}

}  // namespace pbft
