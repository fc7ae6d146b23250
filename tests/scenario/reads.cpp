// Reads that are not ordered (docs/protocol.md, reads): linearizable, whatever f replicas say or leave
// unsaid.
#include "core/held_reads.hpp"
#include "scenario/disk_fixture.hpp"

namespace pbft {

namespace {

using core::Query;
using core::QueryReply;

/// A read is given time: that it is ordered after a while would hide what it waits for.
ClusterOptions unhurried(ClusterOptions options = {}) {
  options.client_limits.retry_timeout = 20s;
  options.client_limits.max_retry_timeout = 20s;
  return options;
}

std::string read(Cluster& cluster) {
  cluster.client(0).read();
  cluster.run_until_answered();
  return cluster.client(0).last().result;
}

/// Faulty replica 3 tells readers that there is nothing.
void deny_changes(Cluster& cluster) {
  cluster.replica(3).distrust();
  cluster.network()
      .alter<QueryReply>([](QueryReply& reply) {
        for (QueryReply::Item& item : reply.items) item.result = to_bytes("@0");
      })
      .from(3);
}

/// "x" is executed by replica 0 and acknowledged by it and by replica 3, which denies it to readers; 1 and 2
/// have helped to commit it, and hear no commit.
void acknowledge_unheard(Cluster& cluster) {
  deny_changes(cluster);
  cluster.network().drop<Commit>().to(1, 2);
  const SeqNum seq = cluster.next();
  cluster.client(0).send("x");
  cluster.run_until_answered(100ms);
  REQUIRE(cluster.replicas(1, 2).have_prepared(seq));
  REQUIRE(cluster.replica(1).state().executed < seq);
}

void read_in_vain(Cluster& cluster, Duration time) {
  cluster.client(0).read();
  cluster.run_for(time);
  CHECK(!cluster.all_answered());
  CHECK(cluster.replica(1).state().held_reads == 1);
  CHECK(cluster.replica(2).state().held_reads == 1);
}

void answered_after_healing(Cluster& cluster) {
  cluster.network().heal();
  cluster.run_until_answered(2s);
  CHECK(cluster.client(0).last().result == "@1");
  CHECK(cluster.client(0).ordered_queries() == 0);
  CHECK(cluster.all().rejections(Rejection::wrong_link) == 0);
}

}  // namespace

// ---- What a read must see -------------------------------------------------------------------------------

TEST_CASE("scenario 33: a read waits for what is prepared in the view, since it may have been acknowledged") {
  Cluster cluster(unhurried());
  acknowledge_unheard(cluster);
  read_in_vain(cluster, 100ms);
  answered_after_healing(cluster);
}

TEST_CASE("scenario 33: after a restart a read still waits for what was prepared before") {
  Cluster cluster(unhurried(on_disk()));
  acknowledge_unheard(cluster);
  for (std::uint32_t id : {1U, 2U}) {
    cluster.replica(id).lose_power(id);
    REQUIRE(cluster.replica(id).restart());
  }
  read_in_vain(cluster, 100ms);
  answered_after_healing(cluster);
}

TEST_CASE(
    "scenario 33: a replica that has asked for another view has not forgotten what it helped to commit") {
  Cluster cluster(unhurried());
  acknowledge_unheard(cluster);
  cluster.network().drop<ViewChange>().to(1);  // so there is no NewView
  cluster.run_until("they leave the view", [&] { return cluster.replica(1).state().pending > View{0}; }, 1s);
  read_in_vain(cluster, 50ms);
  CHECK(cluster.replica(1).state().view == View{0});
  CHECK(cluster.replica(2).state().view == View{0});
  answered_after_healing(cluster);
}

TEST_CASE("scenario 33: in a new view a read waits for all that its NewView takes over") {
  for (const bool restarts : {false, true}) {
    Cluster cluster(unhurried(on_disk()));
    acknowledge_unheard(cluster);
    cluster.network()
        .drop_if<Prepare>([](const Prepare& vote) { return vote.header.view > View{0}; })
        .to(1, 2);
    cluster.run_until_view(View{1});
    if (restarts) {
      for (std::uint32_t id : {1U, 2U}) {
        cluster.replica(id).lose_power(id);
        REQUIRE(cluster.replica(id).restart());
      }
    }
    read_in_vain(cluster, 50ms);
    CHECK(cluster.replicas(1, 2).are_exactly_in_view(View{1}));
    answered_after_healing(cluster);
  }
}

TEST_CASE(
    "scenario 33: f liars and a replica that is behind make no quorum: a read that cannot be decided is "
    "ordered") {
  Cluster cluster(unhurried());
  deny_changes(cluster);
  cluster.network().isolate({ReplicaId{2}}, 4);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.network().delay<QueryReply>(20ms).from(0, 1);  // the two that say "@0" come first
  CHECK(read(cluster) == "@1");
  CHECK(cluster.client(0).ordered_queries() == 1);
  CHECK(cluster.client(0).last().latency() < 50ms);
}

TEST_CASE(
    "scenario 33: a read that is held is let go when the view that prepared its batch is left without it") {
  Cluster cluster(unhurried());
  const SeqNum seq = cluster.next();
  cluster.network().drop<Prepare>().to(0, 1, 3);
  cluster.network().drop<RequestMessage>().from(0);
  cluster.client(0).send("x");
  cluster.run_for(20ms);
  REQUIRE(cluster.replica(2).has_prepared(seq));
  cluster.client(0).read();
  cluster.run_for(20ms);
  CHECK(cluster.client(0).last().result == "@0");  // the three others have promised nothing
  CHECK(cluster.replica(2).state().held_reads == 1);
  cluster.network().drop<ViewChange>().from(2);
  cluster.run_until_view(View{1});
  cluster.run_for(20ms);
  CHECK(cluster.replica(2).state().executed < seq);
  CHECK(cluster.replica(2).state().held_reads == 0);
}

TEST_CASE("scenario 33: a restarted client never takes the answer to a read of its old process") {
  Cluster cluster(unhurried());
  cluster.network().hold<QueryReply>();
  cluster.client(0).read();
  cluster.run_for(20ms);
  sim::ClientProcess& again = cluster.restart_client(0);
  again.send("x");
  cluster.run_until_answered();
  again.read();
  cluster.network().release();  // "@0", thrice, under the number of the new process's first read
  cluster.run_for(20ms);
  CHECK(!cluster.all_answered());
  cluster.network().heal();
  cluster.run_until_answered();
  CHECK(again.last().result == "@1");
  CHECK(again.ordered_queries() == 0);
}

// ---- What cannot block it -------------------------------------------------------------------------------

TEST_CASE("scenario 33: f silent replicas cannot block reads, those with the whole result among them") {
  for (std::uint32_t silent = 0; silent < 4; ++silent) {
    CAPTURE(silent);
    Cluster cluster(unhurried());
    cluster.client(0).send("x");
    cluster.run_until_answered();
    cluster.settle();
    cluster.replica(silent).stop();
    for (const std::string body : {"small", "big", "big", "big", "big"}) {
      cluster.client(0).read(body);
      cluster.run_until_answered();
      CHECK(cluster.client(0).last().result.starts_with("@1"));
      CHECK(cluster.client(0).last().latency() < 20ms);
    }
    CHECK(cluster.client(0).ordered_queries() == 0);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("scenario 33: f lying replicas cannot block reads, nor make them wrong") {
  using Lie = std::function<void(QueryReply&)>;
  auto items = [](auto result) {
    return [result](QueryReply& reply) {
      for (QueryReply::Item& item : reply.items) item.result = result;
    };
  };
  const std::vector<std::pair<std::string, Lie>> lies{
      {"another result", items(to_bytes("@0"))},
      {"another result's digest", items(Digest{})},
      {"declined", items(QueryReply::Declined{})},
      {"another read's",
       [](QueryReply& reply) {
         for (QueryReply::Item& item : reply.items) item.number = item.number.next();
       }},
      {"another process's", [](QueryReply& reply) { reply.incarnation = reply.incarnation.next(); }},
      {"another epoch's", [](QueryReply& reply) { reply.epoch = Epoch{1}; }},
      {"none", [](QueryReply& reply) { reply.items.resize(1); }}};
  for (const auto& [name, lie] : lies) {
    CAPTURE(name);
    Cluster cluster(unhurried({.replicas = 7}));
    for (unsigned liar : {5U, 6U}) cluster.replica(liar).distrust();
    cluster.client(0).send("x");
    cluster.run_until_answered();
    cluster.network().alter<QueryReply>(lie).from(5, 6);
    cluster.network().delay<QueryReply>(10ms).from(0, 1, 2, 3, 4);  // lies come first, and agree
    for (int i = 0; i < 7; ++i) {                                   // each replica's turn to send it whole
      cluster.client(0).read_together({"small", "big"});
      cluster.run_until_answered();
      const auto& operations = cluster.client(0).operations();
      CHECK(operations[operations.size() - 2].result == "@1");
      CHECK(operations.back().result.starts_with("@1..."));
      CHECK(operations.back().latency() < 100ms);
    }
    CHECK(cluster.client(0).ordered_queries() == 0);
  }
}

TEST_CASE("scenario 33: replicas that have asked for another view answer reads meanwhile") {
  ClusterOptions options = unhurried({.clients = 2});
  options.client_limits.broadcast_share = 1;
  Cluster cluster(options);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  cluster.replica(0).stop();
  cluster.network().drop<NewView>();
  cluster.client(1).send("y");
  cluster.run_until("they leave the view", [&] { return cluster.replica(1).state().pending > View{0}; }, 1s);
  cluster.run_for(20ms);
  cluster.client(0).read();
  cluster.run_for(20ms);
  CHECK(cluster.client(0).last().result == "@1");
  for (std::uint32_t id : {2U, 3U}) {  // replica 1 has entered the view that nobody else hears of
    CHECK(cluster.replica(id).state().pending > cluster.replica(id).state().view);
  }
}

TEST_CASE("scenario 33: a state machine that answers no queries: its reads are ordered at once") {
  Cluster cluster(unhurried());
  cluster.client(0).read("ordered");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().result == "1:ordered");
  CHECK(cluster.client(0).last().latency() < 20ms);
  CHECK(cluster.client(0).ordered_queries() == 1);
}

TEST_CASE("scenario 33: a read that nobody answers is ordered after a while") {
  Cluster cluster;
  cluster.network().drop<Query>();
  CHECK(read(cluster) == "@0");
  CHECK(cluster.client(0).last().latency() < 400ms);
  CHECK(cluster.client(0).ordered_queries() == 1);
}

TEST_CASE(
    "scenario 33: a primary that stalls what a read waits for is replaced, though it goes on slot by slot") {
  for (const bool reads : {false, true}) {
    CAPTURE(reads);
    ClusterOptions options = unhurried();
    options.limits.status_interval = 5s;  // nothing is repaired meanwhile
    Cluster cluster(options);
    const SeqNum last{cluster.history().last().value + 3};
    for (const Duration late : {150ms, 300ms, 0ms}) {
      sim::Rule& rule = cluster.network().delay<PrePrepare>(late);
      cluster.client(0).send(std::to_string(late.count()));
      cluster.run_for(2ms);
      cluster.network().lift(rule);
    }
    cluster.run_for(5ms);
    REQUIRE(cluster.replicas(1, 2, 3).have_prepared(last));
    if (reads) cluster.client(0).read();
    cluster.run_for(400ms);
    CHECK((cluster.all().view_changes_started() > 0) == reads);
  }
}

// ---- Who does not answer ----------------------------------------------------------------------------------

namespace {
/// Counts the reads that `replica` answers.
class Answers {
 public:
  Answers(Cluster& cluster, int replica) {
    const auto count = [this](const QueryReply& reply) {
      for (const QueryReply::Item& item : reply.items) {
        count_ += !std::holds_alternative<QueryReply::Declined>(item.result);
      }
    };
    cluster.network().watch<QueryReply>(count).from(replica);
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;
  std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};
}  // namespace

TEST_CASE("scenario 33: a replica without its data answers no read until it votes again") {
  Cluster cluster(unhurried(on_disk()));
  send(cluster, 6);
  cluster.settle();
  const Answers answers(cluster, 3);
  cluster.replica(3).stop();
  cluster.replica(3).lose_data();
  REQUIRE(cluster.replica(3).restart());
  sim::Rule& blocks = cluster.network().hold<core::StateBlock>().to(3);
  cluster.run_until("it knows h", [&] { return cluster.replica(3).state().stable > SeqNum{}; }, 2s);
  CHECK(read(cluster) == "@6");
  cluster.run_for(20ms);
  CHECK(cluster.replica(3).state().held_reads == 0);  // declined at once, though it is behind
  cluster.network().lift(blocks);
  cluster.network().release();
  while (cluster.replica(3).state().observing) {
    CHECK(answers.count() == 0);
    CHECK(read(cluster) == "@6");
    cluster.run_for(20ms);
  }
  const std::size_t before = answers.count();
  CHECK(read(cluster) == "@6");
  CHECK(answers.count() == before + 1);
  CHECK(cluster.client(0).ordered_queries() == 0);
}

TEST_CASE("scenario 33: a diverged replica answers no read until it is repaired") {
  Cluster cluster(unhurried(with_big_state(on_disk())));
  send(cluster, 5);
  cluster.settle();
  cluster.replica(2).distrust_state();
  dynamic_cast<sim::BigState&>(cluster.replica(2).machine()).flip_bit(900'000);
  cluster.network().hold<core::StateBlock>().to(2);
  send(cluster, 4, "y");
  cluster.run_until("it notices", [&] { return !cluster.replica(2).state().answering; }, 1s);
  const Answers answers(cluster, 2);
  CHECK(read(cluster) == "@9");
  CHECK(answers.count() == 0);
  cluster.network().heal();
  cluster.run_until("it is repaired", [&] { return cluster.replica(2).state().answering; }, 3s);
}

TEST_CASE("scenario 33: a diverged replica declines also what its executor has answered by then") {
  Cluster cluster(unhurried(with_big_state(on_disk())));
  while (cluster.next().value % 4 != 0) send(cluster, 1);
  cluster.settle();
  cluster.replica(2).distrust_state();
  dynamic_cast<sim::BigState&>(cluster.replica(2).machine()).flip_bit(900'000);
  cluster.replica(2).tempo.execute = 100ms;
  cluster.replica(2).tempo.snapshot = 30ms;
  const Answers answers(cluster, 2);
  send(cluster, 2, "y");  // the first makes a checkpoint, which replica 2 has after 130 ms
  cluster.client(0).read();
  cluster.run_for(120ms);  // what follows the checkpoint and the read are with its executor
  CHECK(cluster.replica(2).state().answering);
  cluster.run_for(200ms);
  CHECK(!cluster.replica(2).reports<core::Diverged>().empty());
  CHECK(cluster.replica(2).state().held_reads == 0);
  CHECK(answers.count() == 0);
}

TEST_CASE("scenario 33: a replica that collects the state answers reads once it has it") {
  Cluster cluster(unhurried(with_big_state(on_disk())));
  send(cluster, 2);
  cluster.settle();
  cluster.network().isolate({ReplicaId{3}}, 4);
  send(cluster, 100, "y");
  cluster.network().mend();
  cluster.network().hold<core::StateBlock>().to(3);
  cluster.run_until("it collects", [&] { return cluster.replica(3).state().collecting; }, 5s);
  CHECK(read(cluster) == "@102");
  CHECK(cluster.replica(3).state().held_reads == 1);
  cluster.network().heal();
  cluster.run_until("it has the state", [&] { return !cluster.replica(3).state().collecting; }, 5s);
  cluster.settle();
  CHECK(cluster.replica(3).state().held_reads == 0);
  CHECK(cluster.client(0).ordered_queries() == 0);
}

// ---- Resources --------------------------------------------------------------------------------------------

TEST_CASE(
    "scenario 35: a client's flood of reads that have to wait fills its own room only, and is refused by "
    "name") {
  ClusterOptions options = unhurried({.rogue_clients = 1});
  options.limits.max_pool_bytes_per_client = 64 * 1024;
  Cluster cluster(options);
  const SeqNum seq = cluster.next();
  cluster.network().drop<Commit>().to(1);
  cluster.client(0).send("x");
  cluster.run_for(20ms);
  REQUIRE(cluster.replica(1).has_prepared(seq));
  for (std::uint64_t i = 0; i < 100; ++i) {
    Query flood{RequestNumber{1}, 0, {}};
    for (std::uint64_t k = 0; k < 10; ++k) {
      flood.items.push_back({core::QueryNumber{i * 10 + k + 1}, Bytes(100)});
    }
    cluster.network().inject(cluster.rogue(), ReplicaId{1}, flood);
  }
  cluster.run_for(20ms);
  const std::size_t room = 64 * 1024 / (core::HeldReads::overhead_bytes + 100) / 10 * 10;
  CHECK(cluster.replica(1).state().held_reads == room);
  CHECK(cluster.replica(1).rejections(Rejection::too_many_reads) == 100 - room / 10);
  CHECK(read(cluster) == "@1");
  CHECK(cluster.replica(1).state().held_reads == room + 1);
  CHECK(cluster.client(0).ordered_queries() == 0);
  cluster.network().heal();
  cluster.run_until("none is held", [&] { return cluster.replica(1).state().held_reads == 0; }, 1s);
}

// ---- Everything at once -----------------------------------------------------------------------------------

TEST_CASE(
    "scenario 33: reads against writes, view changes and restarts: linearizable, and all of them complete") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    ClusterOptions options = on_disk();
    options.seed = seed;
    options.clients = 4;
    options.quality = {.delay_min = ms(1), .delay_max = ms(8)};
    Cluster cluster(options);
    sim::Random random(seed);
    for (int i = 0; i < 120; ++i) {
      const std::size_t who = random.below(4);
      cluster.after(random.between(ms(0), ms(2000)), [&cluster, who, i] {
        if (who < 2) {
          cluster.client(who).send("w" + std::to_string(i));
        } else {
          cluster.client(who).read();
        }
      });
    }
    const auto id = static_cast<std::uint32_t>(random.below(4));
    cluster.after(ms(400), [&cluster, id, seed] { cluster.replica(id).lose_power(seed); });
    cluster.after(ms(900), [&cluster, id] { cluster.replica(id).restart(); });
    cluster.after(ms(1300), [&cluster] { cluster.replica(0).pause(); });
    cluster.after(ms(1800), [&cluster] { cluster.replica(0).resume(); });
    cluster.run_for(ms(2000));
    cluster.run_until_answered();
  }
}

}  // namespace pbft
