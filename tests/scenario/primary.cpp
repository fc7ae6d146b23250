// Faulty, slow and unfair primaries.
#include <memory>

#include "core/images.hpp"
#include "scenario/fixture.hpp"

namespace pbft {

namespace {

constexpr Duration timeout = ms(250);  // the default; clients of these tests repeat a request after 200 ms

ClusterOptions with(std::uint32_t replicas, std::uint32_t clients = 1, std::uint32_t rogue_clients = 0) {
  ClusterOptions options;
  options.replicas = replicas;
  options.clients = clients;
  options.rogue_clients = rogue_clients;
  options.client_limits.retry_timeout = ms(200);
  return options;
}

/// Replaces what the primary of view 0 proposes, properly signed by it; its core's own headers stay hidden.
void proposes(Cluster& cluster, std::function<core::BodyPtr(const core::BodyPtr&)> change) {
  cluster.replica(0).distrust();
  cluster.network().drop_if<PrePrepare>([](const PrePrepare& message) { return !message.body; }).from(0);
  cluster.network()
      .alter<PrePrepare>([&cluster, change = std::move(change)](PrePrepare& message) {
        if (!message.body) return;
        message = cluster.forge().pre_prepare(message.header.view, message.header.seq, change(message.body));
      })
      .from(0);
}

}  // namespace

TEST_CASE("scenario 1: equivocating pre-prepares: one history, and progress within two timeouts") {
  for (std::uint32_t n : {4U, 7U}) {
    Cluster cluster(with(n));
    cluster.replica(0).distrust();
    std::uint64_t copies = 0;
    cluster.network()
        .alter<PrePrepare>([&](PrePrepare& message) {
          if (!message.body || message.header.view > View{0}) return;
          const Timestamp time{message.body->time.unix_us + ++copies};
          const core::BodyPtr another = cluster.forge().body(time, message.body->requests);
          message = cluster.forge().pre_prepare(message.header.view, message.header.seq, another);
        })
        .from(0);
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(copies >= n - 1);
    CHECK(cluster.client(0).last().latency() <= 2 * timeout);
    CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  }
}

TEST_CASE(
    "scenario 1: a primary that supports two histories with the votes of its accomplices: one history") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ClusterOptions options = with(7);
    options.seed = seed;
    Cluster cluster(options);
    sim::Random random(seed);
    std::string plan = "equivocate(" + std::to_string(random.between(2, 6));
    for (int id = 2; id < 7; ++id) plan += random.chance(0.5) ? " " + std::to_string(id) : "";
    cluster.replica(0).corrupt(plan + ")");
    cluster.replica(1).corrupt(plan + ")");
    for (int i = 0; i < 5; ++i) {
      cluster.client(0).send("x" + std::to_string(i));
      cluster.run_until_answered();
    }
    cluster.finish();  // the conspiracy is still on
  }
}

TEST_CASE("scenario 2: a crashed or mute primary: outage at most two timeouts") {
  for (bool crashed : {true, false}) {
    Cluster cluster(with(4));
    if (crashed) {
      cluster.replica(0).stop();
    } else {
      cluster.replica(0).corrupt("mute");
    }
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(cluster.client(0).last().latency() <= 2 * timeout);
    CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  }
}

TEST_CASE(
    "scenario 3: f faulty primaries in a row: at most the sum of the doubled timeouts, then the backoff "
    "resets") {
  Cluster cluster(with(7));
  cluster.network().drop().from(0, 1);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() <= 200ms + timeout + 2 * timeout);
  CHECK(cluster.replicas(2, 3, 4, 5, 6).are_exactly_in_view(View{2}));

  // The first wait for a view is as long as that for a request; a third primary gets twice the time.
  {
    Cluster larger(with(10));
    larger.network().drop().from(0, 1, 2);
    larger.client(0).send("x");
    larger.run_until_answered();
    CHECK(larger.client(0).last().latency() >= 200ms + timeout + timeout + 2 * timeout);
    CHECK(larger.client(0).last().latency() <= 200ms + timeout + 2 * timeout + 4 * timeout);
    CHECK(larger.replicas(3, 4, 5, 6, 7, 8, 9).are_exactly_in_view(View{3}));
  }

  cluster.heal();
  for (int i = 0; i < 30; ++i) {
    cluster.client(0).send("y");
    cluster.run_until_answered();
    cluster.run_for(100ms);
  }
  cluster.replica(2).stop();
  cluster.client(0).send("z");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() <= 2 * timeout);
  CHECK(cluster.replicas(3, 4, 5, 6).are_exactly_in_view(View{3}));
}

TEST_CASE("scenario 5: idle, then an operation: no view change") {
  Cluster cluster(with(4));
  for (Duration idle : {100ms, 1000ms, 10000ms}) {
    cluster.run_for(idle);
    cluster.client(0).send("x");
    cluster.run_until_answered();
    cluster.settle();
    CHECK(cluster.client(0).last().latency() < 10ms);
  }
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 5: idle, with votes for a slot that nobody proposed, then an operation: no view change") {
  Cluster cluster(with(4));
  cluster.replica(3).distrust();
  const core::BatchHeader header{View{0}, cluster.next(), cluster.forge().body(cluster.wall(), {})->digest};
  for (unsigned to : {0U, 1U, 2U}) {
    cluster.network().inject(ReplicaId{3}, ReplicaId{to}, cluster.forge().prepare(ReplicaId{3}, header));
    cluster.network().inject(ReplicaId{3}, ReplicaId{to}, cluster.forge().commit(ReplicaId{3}, header));
  }
  cluster.run_for(1s);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.replicas(0, 1, 2).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 7: a primary that replays an ordered batch, or one operation inside a new batch: it executes "
    "once") {
  Cluster cluster(with(4, 1, 1));
  const core::RequestPtr once = cluster.forge().request(cluster.rogue(), 1, {"once"});
  const core::RequestPtr fresh = cluster.forge().request(cluster.rogue(), 2, {"fresh"});
  cluster.replica(0).corrupt("mute");
  const std::vector<std::vector<core::RequestPtr>> batches{
      {once}, {once}, {once, fresh}, {fresh, once, fresh}};
  for (const auto& requests : batches) {
    const core::BodyPtr body = cluster.forge().body(Timestamp{sim::wall_start_us}, requests);
    const PrePrepare proposal = cluster.forge().pre_prepare(View{0}, cluster.next(), body);
    for (int backup : {1, 2, 3})
      cluster.network().inject(ReplicaId{0}, ReplicaId(static_cast<unsigned>(backup)), proposal);
    cluster.settle();
  }
  CHECK(cluster.history().last() == SeqNum{1 + batches.size()});
  CHECK(cluster.history().executions(cluster.rogue(), "once") == 1);
  CHECK(cluster.history().executions(cluster.rogue(), "fresh") == 1);
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 8: a batch with a bad signature, an unknown client, an oversize request or a body that does "
    "not match "
    "its digest: refused, view change") {
  struct Case {
    std::string name;
    Rejection reason;
    std::function<core::BodyPtr(Cluster&, const core::BodyPtr&)> change;
  };
  auto foreign = [](Cluster& cluster, core::RequestDraft draft) {
    draft.first = draft.lowest_unanswered = RequestNumber{1};
    return cluster.forge().body(cluster.wall(), {cluster.forge().request_signed_by(ClientId{1}, draft)});
  };
  const std::vector<Case> cases{
      {"bad signature", Rejection::bad_request_in_batch,
       [&](Cluster& cluster, const core::BodyPtr&) {
         core::RequestDraft draft;
         draft.client = ClientId{2};  // admitted, and signed by another
         draft.items.push_back({to_bytes("forged"), false});
         return foreign(cluster, draft);
       }},
      {"unknown client", Rejection::bad_request_in_batch,
       [&](Cluster& cluster, const core::BodyPtr&) {
         core::RequestDraft draft;
         draft.client = ClientId{99};
         draft.items.push_back({to_bytes("forged"), false});
         return foreign(cluster, draft);
       }},
      {"oversize request", Rejection::too_large,
       [&](Cluster& cluster, const core::BodyPtr&) {
         // Too large for a client to seal: a primary assembles it from a legal one and many more.
         std::vector<core::RequestPtr> requests;
         const AgreedLimits limits;
         for (std::uint64_t i = 1; i <= 5; ++i) {
           requests.push_back(
               cluster.forge().request(cluster.rogue(), i, {std::string(limits.max_operation_bytes, 'x')}));
         }
         return cluster.forge().body(cluster.wall(), requests);
       }},
      {"body that does not match", Rejection::digest_mismatch, nullptr},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    Cluster cluster(with(4, 2, 1));
    if (each.change) {
      proposes(cluster, [&](const core::BodyPtr& body) { return each.change(cluster, body); });
    } else {
      cluster.replica(0).distrust();
      cluster.network()
          .alter<PrePrepare>([&](PrePrepare& message) {
            core::BatchHeader header = message.header;
            header.digest.bytes[0] ^= 1;
            message = cluster.forge().pre_prepare(header, message.body);
          })
          .from(0);
    }
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(cluster.replicas(1, 2, 3).rejections(each.reason) > 0);
    CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
    CHECK(cluster.client(0).last().latency() <= 2 * timeout);
    CHECK(cluster.history().operations() == 1);
  }
}

TEST_CASE("scenario 8: a batch that names a request twice: it executes once") {
  Cluster cluster(with(4));
  proposes(cluster, [&](const core::BodyPtr& body) {
    std::vector<core::RequestPtr> twice = body->requests;
    twice.insert(twice.end(), body->requests.begin(), body->requests.end());
    return cluster.forge().body(body->time, twice);
  });
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.history().executions(ClientId{1}, "x") == 1);
}

TEST_CASE("scenario 9: agreed time out of bounds: refused, view change") {
  Cluster cluster(with(4));
  proposes(cluster, [&](const core::BodyPtr& body) {
    return cluster.forge().body(Timestamp{body->time.unix_us + 3'000'000}, body->requests);
  });
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.replicas(1, 2, 3).rejections(Rejection::time_ahead) > 0);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  CHECK(cluster.history().batch(cluster.history().last()).time <= cluster.wall());
}

TEST_CASE("scenario 9: agreed time within the bounds of clock skew: accepted") {
  ClusterOptions options = with(4);
  Cluster cluster(options);
  cluster.replica(0).tempo.clock_skew = 900ms;
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 9: agreed time that the primary sets back: executed time stays") {
  Cluster cluster(with(4));
  cluster.client(0).send("x");
  cluster.run_until_answered();
  const Timestamp before = cluster.history().batch(cluster.history().last()).time;
  proposes(cluster, [&](const core::BodyPtr& body) {
    return cluster.forge().body(Timestamp{sim::wall_start_us / 2}, body->requests);
  });
  cluster.client(0).send("y");
  cluster.run_until_answered();
  CHECK(cluster.history().batch(cluster.history().last()).time == before);
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 0);
}

TEST_CASE("scenario 10: a body withheld from some backups: fetched from one that has it, no view change") {
  Cluster cluster(with(4));
  cluster.network().alter<PrePrepare>([](PrePrepare& message) { message.body = nullptr; }).from(0).to(2, 3);
  cluster.network().drop<core::BodyMessage>().from(0);
  const SeqNum seq = cluster.next();
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.all().executed_at(seq) == "x");
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 10: a body withheld from all backups: the primary is replaced") {
  Cluster cluster(with(4));
  cluster.network().alter<PrePrepare>([](PrePrepare& message) { message.body = nullptr; }).from(0);
  cluster.network().drop<core::BodyMessage>().from(0);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().latency() <= 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE(
    "scenario f: a pre-prepare with a clock behind, executed after later times through a view change: time "
    "never "
    "goes back, no refusal") {
  Cluster cluster(with(4));
  cluster.replica(1).tempo.clock_skew = -900ms;
  cluster.client(0).send("x");
  cluster.run_until_answered();
  const Timestamp before = cluster.history().batch(cluster.history().last()).time;
  cluster.replica(0).stop();
  cluster.client(0).send("y");
  cluster.run_until_answered();
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
  CHECK(cluster.history().batch(cluster.history().last()).time == before);
  CHECK(cluster.all().rejections(Rejection::time_ahead) == 0);
}

TEST_CASE(
    "scenario g: a primary that orders only a friend's requests: the waiting client's timer still fires") {
  Cluster cluster(with(4, 2));
  cluster.replica(0).distrust();
  cluster.network()
      .drop_if<RequestMessage>(
          [](const RequestMessage& message) { return message.request->client == ClientId{1}; })
      .to(0);
  std::function<void(int)> friendly = [&](int left) {
    cluster.client(1).send("friend" + std::to_string(left));
    if (left > 0) cluster.after(10ms, [&friendly, left] { friendly(left - 1); });
  };
  friendly(100);
  cluster.client(0).send("x");
  cluster.run_until(
      "the starved client is answered", [&] { return cluster.client(0).waiting() == 0; }, 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).are_in_view(View{1}));
  cluster.run_for(1500ms);
}

TEST_CASE("scenario g: a primary that orders only empty batches: the waiting client's timer still fires") {
  Cluster cluster(with(4));
  cluster.replica(0).corrupt("mute");
  std::function<void(SeqNum)> idle = [&](SeqNum seq) {
    const PrePrepare proposal =
        cluster.forge().pre_prepare(View{0}, seq, cluster.forge().body(cluster.wall(), {}));
    for (unsigned backup : {1U, 2U, 3U}) cluster.network().inject(ReplicaId{0}, ReplicaId{backup}, proposal);
    cluster.after(10ms, [&idle, seq] { idle(seq.next()); });
  };
  idle(cluster.next());
  cluster.run_for(300ms);
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 0);  // nobody waits
  CHECK(cluster.history().last() > SeqNum{20});
  cluster.client(0).send("x");
  cluster.run_until("the client is answered", [&] { return cluster.client(0).waiting() == 0; }, 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE(
    "scenario g: a primary that brings about one checkpoint after the other: the waiting client's timer "
    "still fires") {
  ClusterOptions options = with(4);
  options.agreed.checkpoint_interval = 8;
  Cluster cluster(options);
  cluster.replica(0).corrupt("mute");
  std::function<void(SeqNum)> busy = [&](SeqNum seq) {
    const PrePrepare proposal =
        cluster.forge().pre_prepare(View{0}, seq, cluster.forge().body(cluster.wall(), {}));
    for (unsigned backup : {1U, 2U, 3U}) cluster.network().inject(ReplicaId{0}, ReplicaId{backup}, proposal);
    cluster.after(5ms, [&busy, seq] { busy(seq.next()); });
  };
  busy(cluster.next());
  cluster.run_for(300ms);
  CHECK(cluster.replica(1).state().stable > SeqNum{32});
  cluster.client(0).send("x");
  cluster.run_until("the client is answered", [&] { return cluster.client(0).waiting() == 0; }, 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE(
    "scenario g: a request that a faulty replica shows to the backups alone: they show it to the primary") {
  Cluster cluster(with(4, 1, 1));
  cluster.replica(3).distrust();
  const RequestMessage message{cluster.forge().request(cluster.rogue(), 1, {"hidden"}), 0};
  for (unsigned backup : {1U, 2U}) cluster.network().inject(ReplicaId{3}, ReplicaId{backup}, message);
  const SeqNum next = cluster.next();
  cluster.run_for(2 * timeout);
  CHECK(cluster.replicas(0, 1, 2).executed_at(next) == "hidden");
  CHECK(cluster.replicas(0, 1, 2).view_changes_started() == 0);
}

}  // namespace pbft
