// The always-on checks must be able to fail.
#include <doctest/doctest.h>

#include "sim/cluster.hpp"
#include "sim/forger.hpp"
#include "sim/history.hpp"
#include "sim/promises.hpp"
#include "sim/violation.hpp"

using namespace pbft;
using namespace pbft::sim;

namespace {

constexpr ReplicaId r0{0}, r1{1};
constexpr ClientId c1{1};

struct Fixture {
  Keys keys{Signatures::ideal, 1, 4, 1};
  Forger forger{keys, {4, AgreedLimits{}}};
  History history;

  core::Execute batch(std::uint64_t seq, std::uint64_t number, const std::string& body,
                      std::uint64_t time = 5) {
    const core::RequestPtr request = forger.request(c1, number, {body});
    return {
        SeqNum{seq}, Timestamp{time}, {{request, RequestNumber{number}, request->items[0].body, false, 0}}};
  }
  void execute(ReplicaId who, const core::Execute& todo, const std::string& result) {
    history.on_executed(who, todo, {to_bytes(result)});
  }
};

}  // namespace

TEST_CASE("history: two correct replicas that execute different batches break agreement") {
  Fixture f;
  f.history.on_submitted(c1, 0, to_bytes("x"));
  f.history.on_submitted(c1, 1, to_bytes("y"));
  f.execute(r0, f.batch(1, 1, "x"), "1");
  CHECK_THROWS_AS(f.execute(r1, f.batch(1, 2, "y"), "1"), Violation);
}

TEST_CASE("history: another time, another result or a gap breaks agreement") {
  Fixture f;
  f.history.on_submitted(c1, 0, to_bytes("x"));
  f.execute(r0, f.batch(1, 1, "x"), "1");
  CHECK_THROWS_AS(f.execute(r1, f.batch(1, 1, "x", 6), "1"), Violation);
  Fixture g;
  g.history.on_submitted(c1, 0, to_bytes("x"));
  g.execute(r0, g.batch(1, 1, "x"), "1");
  CHECK_THROWS_AS(g.execute(r1, g.batch(1, 1, "x"), "2"), Violation);
  CHECK_THROWS_AS(g.execute(r0, g.batch(3, 2, "x"), "1"), Violation);
}

TEST_CASE("history: agreed time that goes back is a violation") {
  Fixture f;
  for (std::uint64_t i = 0; i < 2; ++i) f.history.on_submitted(c1, i, to_bytes("x"));
  f.execute(r0, f.batch(1, 1, "x", 5), "1");
  CHECK_THROWS_AS(f.execute(r0, f.batch(2, 2, "x", 4), "2"), Violation);
}

TEST_CASE("history: an operation that executes twice, or that nobody asked for, is a violation") {
  Fixture f;
  for (std::uint64_t i = 0; i < 3; ++i) f.history.on_submitted(c1, i, to_bytes("x"));
  f.execute(r0, f.batch(1, 1, "x"), "1");
  CHECK_THROWS_AS(f.execute(r0, f.batch(2, 1, "x"), "2"), Violation);
  Fixture g;
  CHECK_THROWS_AS(g.execute(r0, g.batch(1, 1, "x"), "1"), Violation);
}

TEST_CASE("history: an answer must be in the history, once, and in the order of real time") {
  Fixture f;
  f.history.on_submitted(c1, 0, to_bytes("x"));
  CHECK_THROWS_AS(f.history.on_completed(c1, 0, core::Completion::ok, to_bytes("1")), Violation);
  Fixture g;
  g.history.on_submitted(c1, 0, to_bytes("x"));
  g.history.on_submitted(c1, 1, to_bytes("y"));
  g.execute(r0, g.batch(1, 1, "x"), "1");
  g.execute(r0, g.batch(2, 2, "y"), "2");
  g.history.on_completed(c1, 1, core::Completion::ok, to_bytes("2"));
  g.history.on_submitted(c1, 2, to_bytes("x"));  // after y was answered, so it cannot be the first x
  CHECK_THROWS_AS(g.history.on_completed(c1, 2, core::Completion::ok, to_bytes("1")), Violation);
}

TEST_CASE(
    "history: a read shows what was known before it began, and nothing that was not executed by its end") {
  struct Reads : Fixture {
    Reads() {
      history.on_submitted(c1, 0, to_bytes("x"));
      history.on_submitted(c1, 1, to_bytes("y"));
      execute(r0, batch(1, 1, "x"), "1:x");
      execute(r0, batch(2, 2, "y"), "2:y");
    }
    void complete(History::Ticket ticket, const std::string& result) {
      history.on_completed(c1, ticket, core::Completion::ok, to_bytes(result));
    }
  };
  Reads none_known;
  none_known.history.on_submitted(c1, 2, to_bytes("read"));
  none_known.complete(2, "@0");
  none_known.history.on_submitted(c1, 3, to_bytes("read"));
  CHECK_THROWS_AS(none_known.complete(3, "@3"), Violation);
  Reads after_write;
  after_write.complete(0, "1:x");
  after_write.history.on_submitted(c1, 2, to_bytes("read"));
  CHECK_THROWS_AS(after_write.complete(2, "@0"), Violation);
  Reads after_read;
  after_read.history.on_submitted(c1, 2, to_bytes("read"));
  after_read.history.on_submitted(c1, 3, to_bytes("read"));
  after_read.complete(2, "@2");
  after_read.complete(3, "@1");  // it had begun before the other one ended
  after_read.history.on_submitted(c1, 4, to_bytes("read"));
  CHECK_THROWS_AS(after_read.complete(4, "@1"), Violation);
}

TEST_CASE("history: unequal states at equal checkpoints are a violation") {
  History history;
  Digest one, other;
  other.bytes[0] = 1;
  history.on_checkpoint(r0, SeqNum{8}, one);
  history.on_checkpoint(r1, SeqNum{8}, one);
  CHECK_THROWS_AS(history.on_checkpoint(r1, SeqNum{8}, other), Violation);
}

TEST_CASE(
    "promises: a correct replica never signs two of a kind, nor for a view that it has left, nor too early") {
  Fixture f;
  core::BatchHeader header{View{0}, SeqNum{1}, {}};
  core::BatchHeader other = header;
  other.digest.bytes[0] = 1;
  {
    Promises promises(r1, 4, AgreedLimits{});
    promises.on_durable(core::StartRecord{});
    promises.on_send(f.forger.prepare(r1, header));
    promises.on_send(f.forger.prepare(r1, header));
    CHECK_THROWS_AS(promises.on_send(f.forger.prepare(r1, other)), Violation);
    CHECK_THROWS_AS(promises.on_send(f.forger.commit(r1, header)),
                    Violation);  // its certificate is not durable
  }
  {
    Promises promises(r1, 4, AgreedLimits{});
    promises.on_durable(core::StartRecord{});
    core::ViewChange change;
    change.new_view = View{1};
    change.sender = r1;
    const core::ViewChangePtr leaving = f.forger.view_change(change);
    CHECK_THROWS_AS(promises.on_send(leaving), Violation);  // not durable
    promises.on_durable(leaving);
    promises.on_send(leaving);
    CHECK_THROWS_AS(promises.on_send(f.forger.prepare(r1, header)), Violation);
    header.view = View{2};
    CHECK_THROWS_AS(promises.on_send(f.forger.prepare(r1, header)),
                    Violation);  // that NewView is not durable
  }
}

TEST_CASE("cluster: a state machine that is not deterministic is found at once") {
  class Odd : public StateMachine {
   public:
    explicit Odd(int which) : which_(which) {}
    Bytes execute(const Operation&, const Agreed&) override { return to_bytes(which_ == 2 ? "odd" : "even"); }
    void save(SnapshotWriter&) const override {}
    Result<void> load(SnapshotReader&) override { return {}; }

   private:
    int which_;
  };
  ClusterOptions options;
  int machines = 0;
  options.machine = [&] { return std::make_unique<Odd>(machines++); };
  Cluster cluster(options);
  cluster.client(0).send("x");
  CHECK_THROWS_AS(cluster.settle(), Violation);
}

TEST_CASE("cluster: without a quorum finish() says that no progress is made") {
  Cluster cluster;
  cluster.replica(0).stop();
  cluster.replica(1).stop();
  cluster.client(0).send("x");
  try {
    cluster.finish(ms(5000));
    FAIL("it should not finish");
  } catch (const Violation& violation) {
    CHECK(violation.kind() == Violation::Kind::liveness);
  }
}

TEST_CASE("history: two replicas with different results are told apart by the operation") {
  Fixture f;
  f.history.on_submitted(c1, 0, to_bytes("x"));
  f.execute(r0, f.batch(1, 1, "x"), "1");
  CHECK_THROWS_WITH_AS(f.execute(r1, f.batch(1, 1, "x"), "2"),
                       doctest::Contains("another result than the others for \"x\" of c1, \"2\" instead of"),
                       Violation);
}

TEST_CASE("history: of equal operations with equal results a later answer takes a later execution") {
  Fixture f;
  f.history.on_submitted(c1, 0, to_bytes("x"));
  f.history.on_submitted(c1, 1, to_bytes("y"));
  f.execute(r0, f.batch(1, 1, "x"), "same");
  f.execute(r0, f.batch(2, 2, "y"), "same");
  f.history.on_completed(c1, 1, core::Completion::ok, to_bytes("same"));
  f.history.on_submitted(c1, 2, to_bytes("x"));
  f.execute(r0, f.batch(3, 3, "x"), "same");
  f.history.on_completed(c1, 2, core::Completion::ok,
                         to_bytes("same"));  // the third: the first came too early
  f.history.on_completed(c1, 0, core::Completion::ok, to_bytes("same"));
}

TEST_CASE("history: a read that is only recorded comes with the bounds of what it may show") {
  History history(History::Reads::recorded);
  Fixture f;
  history.on_submitted(c1, 0, to_bytes("x"));
  history.on_executed(r0, f.batch(1, 1, "x"), {to_bytes("@9")});  // a result like any other
  history.on_completed(c1, 0, core::Completion::ok, to_bytes("@9"));
  history.on_submitted(c1, 1, to_bytes("look"), true);
  history.on_submitted(c1, 2, to_bytes("x"));
  history.on_executed(r0, f.batch(2, 2, "x"), {to_bytes("@9")});
  history.on_completed(c1, 1, core::Completion::ok, to_bytes("seen"));
  history.on_submitted(c1, 3, to_bytes("look"), true);
  history.on_completed(c1, 3, core::Completion::ok, to_bytes("seen"));

  REQUIRE(history.reads().size() == 2);
  CHECK(history.reads()[0].after == 1);
  CHECK(history.reads()[0].before == 2);
  CHECK(history.reads()[0].known == 0);
  CHECK(history.reads()[1].known == 1);
}
