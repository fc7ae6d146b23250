#include "core/client_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "client_fixture.hpp"
#include "core/designated.hpp"

namespace pbft::core::test {

namespace {

constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
const std::set<ClientId> clients{ClientId{1}, ClientId{2}, ClientId{7}};

struct Table {
  explicit Table(AgreedLimits l = {}) : limits(l), table(l, clients) {}

  /// Executes a batch of one request; every operation's result is "did " and its body.
  std::vector<std::uint64_t> execute(const RequestPtr& request) {
    std::vector<std::uint64_t> numbers;
    for (const ClientTable::Verdict& verdict : table.begin(*request, {++seq, {}}, crypto())) {
      CHECK(request->first.value + verdict.item == verdict.number.value);
      numbers.push_back(verdict.number.value);
      table.finish(request->client, verdict.number, result_of(request->items[verdict.item].body));
    }
    table.invariants();
    return numbers;
  }
  static Bytes result_of(BytesView body) { return to_bytes("did " + to_text(body)); }

  Outcome outcome(const RequestPtr& request) const { return only_answer(request).outcome; }
  std::string result(const RequestPtr& request) const {
    const ReplyItem answer = only_answer(request);
    return to_text(BytesView(std::get<Bytes>(answer.result)));
  }
  std::uint64_t reported(const RequestPtr& request) const {
    std::uint64_t value = 0;
    const ReplyItem answer = only_answer(request);
    const Bytes& bytes = std::get<Bytes>(answer.result);
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }
  ReplyItem only_answer(const RequestPtr& request) const {
    std::vector<ReplyItem> items = table.answers(*request, crypto());
    REQUIRE(items.size() == 1);
    return items[0];
  }

  struct Counter {
    SeqNum value;
    SeqNum operator++() { return value = value.next(); }
  };
  AgreedLimits limits;
  ClientTable table;
  Counter seq;
};

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("client table: an operation executes once however often it is ordered") {
  Table t;
  auto request = operations(1, 1, 1, {"a", "b"});
  CHECK(!t.table.is_done(*request));
  CHECK(t.table.answers(*request, crypto()).empty());
  CHECK(t.execute(request) == Numbers{1, 2});
  CHECK(t.table.is_done(*request));
  CHECK(t.execute(request) == Numbers{});
  CHECK(t.execute(operations(1, 1, 1, {"a", "b", "c"})) == Numbers{3});
  CHECK(t.result(operations(1, 1, 2, {"b"})) == "did b");
}

TEST_CASE("client table: of overlapping bundles each number executes once, first come first served") {
  Table t;
  auto first = operations(1, 1, 6, {"x"});
  auto second = operations(1, 1, 6, {"z", "w"});
  CHECK(t.execute(first) == Numbers{6});
  CHECK(!t.table.is_done(*second));
  CHECK(t.execute(second) == Numbers{7});
  CHECK(t.table.is_done(*second));

  const auto answers = t.table.answers(*second, crypto());
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].outcome == Outcome::number_reused);
  CHECK(answers[0].operation ==
        operation_digest(crypto(), ClientId{1}, RequestNumber{6}, false, view_of("z")));
  CHECK(answers[1].outcome == Outcome::executed);
  CHECK(t.result(first) == "did x");
}

TEST_CASE("client table: requests of one client may execute in any order") {
  Table t;
  CHECK(t.execute(operations(1, 1, 4, {"d"})) == Numbers{4});
  CHECK(t.execute(operations(1, 1, 1, {"a", "b", "c"})) == Numbers{1, 2, 3});
  CHECK(t.result(operations(1, 1, 2, {"b"})) == "did b");
}

TEST_CASE("client table: a number that its client has abandoned is void, and the window moves") {
  AgreedLimits limits;
  limits.client_window = 4;
  Table t(limits);
  CHECK(t.execute(operations(1, 1, 2, {"b", "c", "d"})) == Numbers{2, 3, 4});
  CHECK(!t.table.in_window(*operations(1, 1, 5, {"e"})));
  CHECK(t.execute(operations(1, 1, 5, {"e"})) == Numbers{});

  CHECK(t.execute(operations(1, 5, 5, {"e"})) == Numbers{5});
  auto abandoned = operations(1, 1, 1, {"a"});
  CHECK(t.execute(abandoned) == Numbers{});
  CHECK(t.table.is_done(*abandoned));
  CHECK(t.outcome(abandoned) == Outcome::number_void);
  CHECK(t.execute(operations(1, 5, 8, {"h"})) == Numbers{8});
}

TEST_CASE("client table: a restarted client never receives an old result") {
  Table t;
  CHECK(t.execute(open(1, 1000)).empty());
  CHECK(t.execute(operations(1, 1001, 1001, {"old"})) == Numbers{1001});
  auto late = operations(1, 1001, 1002, {"late"});

  CHECK(t.execute(open(1, 5000)).empty());
  CHECK(t.outcome(open(1, 5000)) == Outcome::executed);
  CHECK(t.reported(open(1, 5000)) == 5000);
  CHECK(t.execute(operations(1, 1, 1, {"new"})) == Numbers{});
  CHECK(t.outcome(operations(1, 1, 1, {"new"})) == Outcome::number_void);
  CHECK(t.execute(late) == Numbers{});
  CHECK(t.outcome(operations(1, 1001, 1001, {"old"})) == Outcome::number_void);
  CHECK(t.execute(operations(1, 5001, 5001, {"new"})) == Numbers{5001});
}

TEST_CASE("client table: an open that is not above every number used is stale and learns what is") {
  Table t;
  CHECK(t.table.answers(*open(1, 1000), crypto()).empty());
  t.execute(open(1, 1000));
  t.execute(operations(1, 1001, 1001, {"a", "b"}));
  for (std::uint64_t stale : {1U, 999U, 1001U, 1002U}) {
    t.execute(open(1, stale));
    CHECK(t.outcome(open(1, stale)) == Outcome::stale_incarnation);
    CHECK(t.reported(open(1, stale)) == 1002);
    CHECK(t.table.is_done(*open(1, stale)));
  }
  CHECK(!t.table.is_done(*open(1, 1003)));
  t.execute(open(1, 1003));
  CHECK(t.outcome(open(1, 1003)) == Outcome::executed);
  CHECK(t.outcome(open(1, 1000)) == Outcome::stale_incarnation);
}

TEST_CASE(
    "client table: an incarnation whose numbers are used cannot be opened again by a process with the same "
    "clock") {
  Table t;
  t.execute(open(1, 1000));
  CHECK(t.outcome(open(1, 1000)) == Outcome::executed);
  t.execute(operations(1, 1001, 1001, {"a"}));
  CHECK(t.outcome(open(1, 1000)) == Outcome::stale_incarnation);
  CHECK(t.reported(open(1, 1000)) == 1001);
}

TEST_CASE("client table: what is not well-formed executes as nothing") {
  Table t;
  t.execute(operations(1, 1, 1, {"a"}));
  const Bytes before = t.table.encode();
  const RequestPtr odd[] = {
      operations(1, 2, 2, {}),              // nothing asked
      operations(1, 0, 2, {"b"}),           // no lowest
      operations(1, 0, 0, {"b"}),           // no number
      operations(1, 3, 2, {"b"}),           // lowest above first
      operations(1, 1, 2049, {"b"}),        // beyond the window
      operations(1, 2, 2049, {"b", "c"}),   // its last is
      operations(1, top, top, {"b", "c"}),  // wraps
      operations(1, 2, top, {"b"}),
      open(1, 0),
      operations(3, 1, 1, {"b"}),  // nobody
      open(3, 1),
  };
  for (const RequestPtr& request : odd) {
    CHECK(!t.table.in_window(*request));
    CHECK(t.table.is_done(*request));
    CHECK(t.execute(request) == Numbers{});
    CHECK(t.table.answers(*request, crypto()).empty());
  }
  CHECK(t.table.encode() == before);
}

TEST_CASE("client table: the last number there is can be used, and nothing after it") {
  Table t;
  CHECK(t.execute(operations(1, top, top, {"z"})) == Numbers{top});
  CHECK(t.result(operations(1, top, top, {"z"})) == "did z");
  CHECK(t.execute(open(1, top)).empty());
  CHECK(t.outcome(open(1, top)) == Outcome::stale_incarnation);
  CHECK(t.execute(operations(2, 1, 1, {"other client"})) == Numbers{1});
}

TEST_CASE("client table: what is executing has no answer and does not execute twice") {
  Table t;
  auto request = operations(1, 1, 1, {"a"});
  CHECK(t.table.begin(*request, {SeqNum{1}, {}}, crypto()).size() == 1);
  CHECK(t.table.is_done(*request));
  CHECK(t.table.answers(*request, crypto()).empty());
  CHECK(t.table.begin(*request, {SeqNum{2}, {}}, crypto()).empty());
  t.table.finish(ClientId{1}, RequestNumber{1}, to_bytes("r"));
  CHECK(t.result(request) == "r");
}

TEST_CASE("client table: a result that is no longer wanted when it comes is dropped") {
  Table t;
  t.table.begin(*operations(1, 1, 1, {"a", "b"}), {SeqNum{1}, {}}, crypto());
  t.table.begin(*operations(1, 3, 3, {"c"}), {SeqNum{2}, {}}, crypto());
  t.table.finish(ClientId{1}, RequestNumber{1}, to_bytes("r"));
  t.table.finish(ClientId{1}, RequestNumber{2}, to_bytes("r"));
  t.table.finish(ClientId{1}, RequestNumber{3}, to_bytes("r"));
  t.table.invariants();
  CHECK(t.outcome(operations(1, 1, 1, {"a"})) == Outcome::number_void);
  CHECK(t.result(operations(1, 3, 3, {"c"})) == "r");
}

TEST_CASE("client table: cached results give way by lowest number, long ones are not kept at all") {
  AgreedLimits limits;
  limits.max_result_bytes = 40;
  limits.client_cache_bytes = 100;
  Table t(limits);
  auto run = [&t](std::uint64_t number, std::size_t bytes) {
    auto request = operations(1, 1, number, {"op"});
    REQUIRE(t.table.begin(*request, {SeqNum{number}, {}}, crypto()).size() == 1);
    t.table.finish(ClientId{1}, RequestNumber{number}, Bytes(bytes, 'r'));
    t.table.invariants();
  };
  auto outcome = [&t](std::uint64_t number) { return t.outcome(operations(1, 1, number, {"op"})); };
  run(1, 40), run(2, 0), run(3, 40), run(4, 41), run(5, 20);
  CHECK(outcome(1) == Outcome::executed);
  CHECK(outcome(4) == Outcome::result_too_large);

  run(6, 30);
  CHECK(outcome(1) == Outcome::result_gone);
  CHECK(outcome(2) == Outcome::executed);
  CHECK(outcome(3) == Outcome::executed);
  run(7, 40);
  CHECK(outcome(3) == Outcome::result_gone);
  CHECK(outcome(5) == Outcome::executed);
  CHECK(t.execute(operations(1, 1, 1, {"op"})) == Numbers{});
}

TEST_CASE("client table: a decoded table encodes, answers and executes like the one it came from") {
  AgreedLimits limits;
  limits.max_result_bytes = 9;
  limits.client_cache_bytes = 30;
  Table t(limits);
  t.execute(open(1, 10));
  t.execute(operations(1, 11, 11, {"a", "bb", "too long", "c", "d", "e", "f", "g"}));
  t.execute(operations(7, 5, 6, {"x"}));
  const Bytes encoded = t.table.encode();
  auto decoded = ClientTable::decode(encoded, limits, clients);
  REQUIRE(decoded.has_value());
  decoded->invariants();
  CHECK(decoded->encode() == encoded);

  auto again = operations(1, 11, 11, {"a", "bb", "too long", "c", "other"});
  const auto ours = t.table.answers(*again, crypto()), theirs = decoded->answers(*again, crypto());
  REQUIRE(ours.size() == 5);
  REQUIRE(theirs.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(ours[i].outcome == theirs[i].outcome);
    CHECK(ours[i].result == theirs[i].result);
  }
  CHECK(ours[0].outcome == Outcome::result_gone);
  CHECK(ours[2].outcome == Outcome::result_too_large);
  CHECK(ours[4].outcome == Outcome::number_reused);
  CHECK(decoded->begin(*again, {SeqNum{9}, {}}, crypto()).empty());
}

TEST_CASE("client table: of a client that it does not know nothing is open, and everything is done") {
  const Table t;
  const ClientId stranger{99};
  CHECK(t.table.is_done(stranger, RequestNumber{1}));
  CHECK(t.table.floor(stranger) == RequestNumber{});
  CHECK(t.table.highest(stranger) == RequestNumber{});
  CHECK(t.table.opened(stranger).incarnation == RequestNumber{});
  CHECK(t.table.revision(stranger) == 0);
}

TEST_CASE("client table: a number is done when it is executed or void, whatever lies beside it") {
  Table t;
  t.execute(operations(1, 3, 5, {"e"}));
  CHECK(t.table.is_done(ClientId{1}, RequestNumber{2}));
  CHECK_FALSE(t.table.is_done(ClientId{1}, RequestNumber{3}));
  CHECK(t.table.is_done(ClientId{1}, RequestNumber{5}));
  CHECK_FALSE(t.table.is_done(ClientId{1}, RequestNumber{6}));
}

TEST_CASE("client table: a Rejoin before the last one took effect, or within a minute of it, is nothing") {
  AgreedLimits limits;
  limits.checkpoint_interval = 4;
  const ClientId replica = client_of(ReplicaId{2});
  ClientTable table(limits, {replica});
  const auto rejoins = [&](std::uint64_t incarnation, std::uint64_t seq, std::uint64_t time) {
    table.begin(*open(replica.value, incarnation), {SeqNum{seq}, Timestamp{time}}, crypto());
    return table.opened(replica).incarnation.value == incarnation;
  };
  const auto spacing = static_cast<std::uint64_t>(rejoin_spacing.count());
  CHECK(rejoins(100, 2, 1000));  // takes effect at 4 + 2 * 4
  CHECK_FALSE(rejoins(200, 12, 1000 + spacing));
  CHECK_FALSE(rejoins(200, 13, 999 + spacing));
  CHECK(rejoins(200, 13, 1000 + spacing));
  CHECK(table.is_done(*operations(replica.value, 300, 300, {"nothing else is asked for in its name"})));
}

TEST_CASE("client table: decoding accepts one order of the clients, and no more cached than there may be") {
  Table one, seven;
  one.execute(operations(1, 1, 1, {"a"}));
  seven.execute(operations(7, 1, 1, {"b"}));
  const Bytes first = one.table.encode(), second = seven.table.encode();
  const auto joined = [](const Bytes& a, const Bytes& b) {
    Bytes both{2, 0, 0, 0, 0, 0, 0, 0};
    for (const Bytes* each : {&a, &b}) both.insert(both.end(), each->begin() + 8, each->end());
    return both;
  };
  CHECK(ClientTable::decode(joined(first, second), {}, clients));
  CHECK_FALSE(ClientTable::decode(joined(second, first), {}, clients));
  CHECK_FALSE(ClientTable::decode(joined(first, first), {}, clients));
  AgreedLimits limits;
  limits.client_cache_bytes = 4;  // "did a" is longer
  CHECK_FALSE(ClientTable::decode(first, limits, clients));
}

TEST_CASE("client table: decoding accepts nothing but what encoding gives") {
  AgreedLimits limits;
  limits.max_result_bytes = 8;
  Table t(limits);
  t.execute(open(1, 10));
  t.execute(operations(1, 11, 11, {"a", "too long", "c"}));
  t.execute(operations(7, 5, 6, {"x"}));
  const Bytes encoded = t.table.encode();
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    CHECK(!ClientTable::decode(BytesView(encoded).first(size), limits, clients));
  }
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    for (int flip : {1, 2, 0x80, 0xff}) {
      Bytes changed = encoded;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      if (auto decoded = ClientTable::decode(changed, limits, clients)) {
        decoded->invariants();
        CHECK(decoded->encode() == changed);
      }
    }
  }
  Bytes longer = encoded;
  longer.push_back(0);
  CHECK(!ClientTable::decode(longer, limits, clients));
  CHECK(!ClientTable::decode(encoded, limits, {ClientId{1}}));
}

namespace {

// What a faulty client may sign and a faulty primary may order, mostly near the window.
RequestPtr any_request(Random& random) {
  const std::uint64_t client = std::array{1U, 2U, 7U, 9U}[random.below(4)];
  const std::uint64_t base = random.one_in(20) ? top - random.below(12) : 1 + random.below(60);
  if (random.one_in(8)) return open(client, base);
  const std::uint64_t lowest = random.one_in(10) ? base + random.below(3) : base - random.below(10);
  std::vector<std::string> bodies;
  for (std::uint64_t left = random.below(5); left > 0; --left)
    bodies.push_back(std::to_string(random.below(3)));
  return operations(client, lowest, base, bodies);
}

}  // namespace

TEST_CASE("client table: no operation executes twice and no memory grows, whatever is ordered") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    AgreedLimits limits;
    limits.client_window = 8;
    limits.client_cache_bytes = 24;
    Table t(limits);
    std::map<ClientId, std::set<std::uint64_t>> executed;
    std::map<ClientId, std::uint64_t> opened;
    for (int step = 0; step < 300; ++step) {
      const RequestPtr request = any_request(random);
      const bool fresh = !t.table.is_done(*request);
      const Numbers numbers = t.execute(request);
      for (std::uint64_t number : numbers) {
        CHECK(executed[request->client].insert(number).second);
        CHECK(number > opened[request->client]);
      }
      CHECK(t.table.is_done(*request));
      if (request->kind == RequestKind::operations) CHECK(fresh == !numbers.empty());
      if (fresh && request->kind == RequestKind::open) opened[request->client] = request->first.value;
      for (std::uint64_t number : numbers) CHECK(t.table.is_done(request->client, RequestNumber{number}));
    }
    CHECK(t.table.encode().size() <= 8 + 3 * (32 + 8 * 57 + 24));
  }
}

TEST_CASE("client table: equal logs give equal tables, whenever results come and whoever asks") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    AgreedLimits limits;
    limits.client_window = 8;
    limits.client_cache_bytes = 24;
    std::vector<RequestPtr> log;
    Random random(seed);
    for (int i = 0; i < 200; ++i) log.push_back(any_request(random));

    // A replica executes up to `lead` batches before the results of the first are back.
    auto run = [&](std::size_t lead, bool asked) {
      Table t(limits);
      std::deque<std::pair<RequestPtr, std::vector<ClientTable::Verdict>>> executing;
      auto finish_one = [&] {
        auto [request, verdicts] = executing.front();
        executing.pop_front();
        for (const auto& verdict : verdicts) {
          t.table.finish(request->client, verdict.number,
                         Table::result_of(request->items[verdict.item].body));
        }
      };
      for (const RequestPtr& request : log) {
        if (executing.size() > lead) finish_one();
        if (asked) t.table.answers(*request, crypto());
        executing.emplace_back(request, t.table.begin(*request, {++t.seq, {}}, crypto()));
      }
      while (!executing.empty()) finish_one();
      t.table.invariants();
      return t.table.encode();
    };
    const Bytes reference = run(0, false);
    CHECK(run(0, true) == reference);
    CHECK(run(1, true) == reference);
    CHECK(run(4, false) == reference);
  }
}

TEST_CASE("designated replica: every attempt names another one, for any number") {
  CHECK(designated_replica(RequestNumber{5}, 0, 4) == ReplicaId{1});
  CHECK(designated_replica(RequestNumber{5}, 1, 4) == ReplicaId{2});
  for (std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1} << 32, top}) {
    std::set<ReplicaId> named;
    for (std::uint32_t attempt = 0; attempt < 7; ++attempt) {
      named.insert(
          designated_replica(RequestNumber{number}, std::numeric_limits<std::uint32_t>::max() - attempt, 7));
    }
    CHECK(named.size() == 7);
  }
}

}  // namespace pbft::core::test
