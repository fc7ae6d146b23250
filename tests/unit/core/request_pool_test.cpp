#include "core/request_pool.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "client_fixture.hpp"

namespace pbft::core::test {

namespace {

constexpr std::size_t plenty = 1024 * 1024;
const std::set<ClientId> clients{ClientId{1}, ClientId{2}, ClientId{3}};

Instant at(int ms) { return std::chrono::milliseconds(ms); }

struct Pool {
  explicit Pool(std::size_t bytes = plenty) : pool(bytes), table({}, clients) {}
  ~Pool() { pool.invariants(); }

  RequestPool::Added add(const RequestPtr& request, Instant now = {}) {
    auto added = pool.add(request, now);
    pool.invariants();
    return added;
  }
  void execute(const RequestPtr& request, Instant now = {}) {
    table.begin(*request, {SeqNum{1}, {}}, crypto());
    pool.drop_done(request->client, table, now);
    pool.invariants();
  }
  /// "1:5 2:7": client and first number of each.
  std::string draw(std::size_t requests, std::size_t bytes = plenty) {
    auto drawn = pool.draw(bytes, requests).requests;
    pool.invariants();
    return names(drawn);
  }
  static std::string names(const std::vector<RequestPtr>& requests) {
    std::string text;
    for (const RequestPtr& request : requests) {
      text += (text.empty() ? "" : " ") + std::to_string(request->client.value) + ":" +
              std::to_string(request->first.value);
    }
    return text;
  }

  RequestPool pool;
  ClientTable table;
};

constexpr auto added = RequestPool::Added::added;
constexpr auto known = RequestPool::Added::known;
constexpr auto full = RequestPool::Added::full;

}  // namespace

TEST_CASE("request pool: what is drawn says since when its oldest request could have been") {
  Pool p;
  p.add(operations(1, 1, 1, {"a"}), at(5));
  p.add(operations(2, 1, 1, {"b"}), at(3));
  p.add(operations(2, 2, 1, {"c"}), at(9));
  CHECK(p.pool.draw(plenty, 2).oldest == at(3));
  CHECK(p.pool.draw(plenty, 2).oldest == at(9));
  CHECK(p.pool.draw(plenty, 2).oldest == std::nullopt);
  p.pool.forget_proposed(at(20));
  CHECK(p.pool.draw(plenty, 9).oldest == at(20));
}

TEST_CASE("request pool: a request is drawn once, and again when a view may have lost it") {
  Pool p;
  auto request = operations(1, 1, 1, {"a"});
  CHECK(p.add(request) == added);
  CHECK(p.add(request) == known);
  CHECK(p.draw(9) == "1:1");
  CHECK(!p.pool.has_unproposed());
  CHECK(p.add(request) == known);
  CHECK(p.draw(9) == "");
  p.pool.forget_proposed({});
  CHECK(p.pool.has_unproposed());
  p.pool.forget_proposed({});
  CHECK(p.draw(9) == "1:1");
  CHECK(p.draw(9) == "");
}

TEST_CASE("request pool: what another primary has proposed is not drawn") {
  Pool p;
  auto first = operations(1, 1, 1, {"a"}), second = operations(1, 1, 2, {"b"});
  p.add(first), p.add(second);
  p.pool.mark_proposed(*first);
  p.pool.mark_proposed(*first);
  p.pool.mark_proposed(*operations(2, 1, 1, {"never seen"}));
  CHECK(p.draw(9) == "1:2");
  CHECK(p.pool.size() == 2);
}

TEST_CASE("request pool: a batch takes each client's lowest numbers and as many operations of everybody") {
  Pool p;
  for (std::uint64_t number : {5U, 3U, 1U}) p.add(operations(1, 1, number, {"a", "b"}));
  for (std::uint64_t number : {4U, 3U, 2U, 1U}) p.add(operations(2, 1, number, {"c"}));
  CHECK(p.draw(3) == "1:1 2:1 2:2");
  CHECK(p.draw(9) == "1:3 2:3 2:4 1:5");
}

TEST_CASE("request pool: a batch that has enough takes up no more, and one that has not takes what is next") {
  Pool p;
  auto first = operations(1, 1, 1, {"a"});
  const std::size_t each = first->payload.size() + RequestPool::overhead_bytes;
  p.add(first);
  for (std::uint64_t number : {2U, 3U, 4U}) p.add(operations(1, 1, number, {"a"}));
  CHECK(p.pool.unproposed_bytes() == 4 * each);
  CHECK(Pool::names(p.pool.draw(plenty, 9, each + 1).requests) == "1:1 1:2");
  CHECK(p.pool.unproposed_bytes() == 2 * each);
  CHECK(Pool::names(p.pool.draw(plenty, 9, 1).requests) == "1:3");
}

TEST_CASE("request pool: large bundles do not push aside the clients with single operations") {
  Pool p;
  const std::vector<std::string> thousand(1000, "x");
  for (std::uint64_t i = 0; i < 4; ++i) p.add(operations(1, 1, 1 + 1000 * i, thousand));
  for (std::uint64_t number = 1; number <= 20; ++number) p.add(operations(2, 1, number, {"y"}));
  p.draw(1);
  CHECK(p.draw(20) ==
        "2:1 2:2 2:3 2:4 2:5 2:6 2:7 2:8 2:9 2:10 2:11 2:12 2:13 2:14 2:15 2:16 2:17 2:18 2:19 2:20");
  CHECK(p.draw(9) == "1:1001 1:2001 1:3001");
}

TEST_CASE("request pool: a client that paused has earned no turns meanwhile") {
  Pool p;
  for (std::uint64_t number = 1; number <= 100; ++number) p.add(operations(1, 1, number, {"a"}));
  p.draw(90);
  for (std::uint64_t number = 1; number <= 5; ++number) p.add(operations(2, 1, number, {"b"}));
  CHECK(p.draw(4) == "2:1 1:91 2:2 1:92");
}

TEST_CASE("request pool: a batch keeps within its bytes, and what did not fit comes first in the next") {
  Pool p;
  auto small = operations(1, 1, 1, {"a"}), large = operations(2, 1, 1, {std::string(3000, 'b')});
  auto third = operations(1, 1, 2, {"c"});
  p.add(small), p.add(large), p.add(third);
  CHECK(p.draw(9, 2000) == "1:1");
  CHECK(p.draw(9, 2000) == "2:1");
  CHECK(p.draw(9, 2000) == "1:2");
}

TEST_CASE("request pool: a faulty client fills its own share only") {
  Pool p(4000);
  std::uint64_t number = 2;
  while (p.add(operations(1, 1, number, {"flood"})) == added) ++number;
  CHECK(p.pool.bytes() <= 4000);
  CHECK(p.add(operations(1, 1, number, {"more"})) == full);
  CHECK(p.add(operations(2, 1, 1, {"other"})) == added);
}

TEST_CASE("request pool: a client's lowest request is never refused, its highest gives way") {
  Pool p(4000);
  std::uint64_t number = 10;
  while (p.add(operations(1, 1, number, {"flood"})) == added) ++number;
  const std::size_t size = p.pool.size();
  auto highest = operations(1, 1, number - 1, {"flood"}), lowest = operations(1, 1, 1, {"first"});
  REQUIRE(p.pool.contains(*highest));
  CHECK(p.add(lowest) == added);
  CHECK(p.pool.contains(*lowest));
  CHECK(!p.pool.contains(*highest));
  CHECK(p.pool.size() == size);
  CHECK(p.draw(1) == "1:1");

  auto all_there_is = operations(1, 1, 0, {std::string(3900, 'x')});
  CHECK(p.add(all_there_is) == added);
  CHECK(p.pool.size() == 1);
  CHECK(p.draw(9) == "1:0");
}

TEST_CASE("request pool: one request longer than a client's share is still held while it is alone") {
  Pool p(1000);
  auto large = operations(1, 1, 5, {std::string(2000, 'x')});
  CHECK(p.add(large) == added);
  CHECK(p.add(operations(1, 1, 6, {"next"})) == full);
  CHECK(p.add(operations(1, 1, 4, {"before"})) == added);
  CHECK(!p.pool.contains(*large));
}

TEST_CASE(
    "request pool: only the lowest request of a client waits, the next one from when that has executed") {
  Pool p;
  CHECK(!p.pool.waiting_since());
  auto first = operations(1, 1, 1, {"a"}), second = operations(1, 1, 2, {"b"}),
       third = operations(1, 1, 3, {"c"});
  p.add(first, at(10)), p.add(second, at(11)), p.add(third, at(12));
  CHECK(p.pool.waiting_since() == at(10));
  p.execute(second, at(100));
  CHECK(p.pool.waiting_since() == at(10));
  p.execute(first, at(200));
  CHECK(p.pool.waiting_since() == at(200));
  p.execute(third, at(300));
  CHECK(!p.pool.waiting_since());
  CHECK(p.pool.size() == 0);
  CHECK(p.pool.bytes() == 0);
}

TEST_CASE(
    "request pool: a primary that orders only a friend's requests does not stop the clock of the others") {
  Pool p;
  p.add(operations(1, 1, 1, {"waits"}), at(10));
  for (std::uint64_t number = 1; number <= 50; ++number) {
    auto friendly = operations(2, number, number, {"ordered at once"});
    const int now = 10 + static_cast<int>(number);
    p.add(friendly, at(now));
    p.execute(friendly, at(now));
    CHECK(p.pool.waiting_since() == at(10));
  }
}

TEST_CASE("request pool: a request that comes late and below waits since it came") {
  Pool p;
  p.add(operations(1, 1, 2, {"b"}), at(10));
  p.add(operations(1, 1, 1, {"a"}), at(20));
  CHECK(p.pool.waiting_since() == at(20));
}

TEST_CASE("request pool: time in which nobody could execute does not count") {
  Pool p;
  p.add(operations(1, 1, 1, {"a"}), at(10));
  p.add(operations(2, 1, 1, {"b"}), at(20));
  p.pool.restart_waiting(at(500));
  CHECK(p.pool.waiting_since() == at(500));
}

TEST_CASE("request pool: two requests under one number are both held until all their numbers are done") {
  Pool p;
  auto one = operations(1, 1, 6, {"x"}), other = operations(1, 1, 6, {"z", "w"});
  CHECK(p.add(one) == added);
  CHECK(p.add(other) == added);
  CHECK(p.pool.size() == 2);
  p.execute(one);
  CHECK(!p.pool.contains(*one));
  CHECK(p.pool.contains(*other));
  p.execute(other);
  CHECK(p.pool.size() == 0);
}

TEST_CASE("request pool: what becomes void is dropped without being executed") {
  Pool p;
  p.add(operations(1, 1, 1, {"abandoned"}));
  p.add(operations(1, 1, 2, {"abandoned too"}));
  auto later = operations(1, 3, 3, {"c"});
  p.add(later);
  p.execute(later);
  CHECK(p.pool.size() == 0);

  p.add(operations(2, 1, 1, {"of the old process"}));
  p.add(open(2, 1000));
  p.execute(open(2, 1000));
  CHECK(p.pool.size() == 0);
}

TEST_CASE("request pool: what waits is listed with every client's lowest first") {
  Pool p;
  p.add(operations(2, 1, 9, {"a"})), p.add(operations(2, 1, 4, {"a"}));
  p.add(operations(1, 1, 3, {"a"})), p.add(operations(1, 1, 2, {"a"})), p.add(operations(3, 1, 1, {"a"}));
  CHECK(Pool::names(p.pool.waiting()) == "1:2 2:4 3:1 1:3 2:9");
}

TEST_CASE("request pool: invariants hold and nothing is lost in any sequence of events") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    Pool p(3000);
    std::map<Digest, RequestPtr> held;
    std::vector<RequestPtr> seen;
    for (int step = 0; step < 400; ++step) {
      const Instant now = at(step);
      switch (random.below(6)) {
        case 0:
        case 1:
        case 2: {
          const std::uint64_t client = 1 + random.below(3), first = 1 + random.below(30);
          std::vector<std::string> bodies(1 + random.below(3), std::to_string(random.below(2)));
          auto request = operations(client, 1, first, bodies);
          if (p.table.is_done(*request)) break;
          p.add(request, now);
          seen.push_back(request);
          break;
        }
        case 3:
          for (const RequestPtr& drawn : p.pool.draw(1500, random.below(4)).requests) {
            CHECK(p.pool.contains(*drawn));
          }
          break;
        case 4:
          if (!seen.empty()) p.execute(seen[random.below(seen.size())], now);
          break;
        default:
          if (random.one_in(2)) p.pool.forget_proposed({});
          if (!seen.empty()) p.pool.mark_proposed(*seen[random.below(seen.size())]);
      }
      p.pool.invariants();
      CHECK(p.pool.bytes() <= 9000);
      for (const RequestPtr& request : p.pool.waiting()) CHECK(!p.table.is_done(*request));
      CHECK(p.pool.waiting().size() == p.pool.size());
    }
    p.pool.forget_proposed({});
    CHECK(p.pool.draw(plenty * 10, 10000).requests.size() == p.pool.size());
  }
}

TEST_CASE("request pool: what a table that came from others says is done goes, whatever was seen before") {
  Pool p;
  p.add(operations(1, 1, 1, {"a"}));
  p.add(operations(2, 1, 1, {"b"}));
  ClientTable elsewhere({}, clients);
  elsewhere.begin(*operations(1, 1, 1, {"a"}), {SeqNum{1}, {}}, crypto());
  elsewhere.finish(ClientId{1}, RequestNumber{1}, {});
  p.table = *ClientTable::decode(elsewhere.encode(), {}, clients);
  p.pool.drop_all_done(p.table, at(7));
  p.pool.invariants();
  CHECK(Pool::names(p.pool.waiting()) == "2:1");
}

TEST_CASE("request pool: an excuse is taken off every wait, and never turns into one that is to come") {
  Pool p;
  p.add(operations(1, 1, 1, {"a"}), at(10));
  p.add(operations(2, 1, 1, {"b"}), at(95));
  p.pool.excuse_waiting(at(20), at(100));
  p.pool.invariants();
  CHECK(p.pool.waiting_since() == at(30));
  p.execute(operations(1, 1, 1, {"a"}), at(100));
  CHECK(p.pool.waiting_since() == at(100));
}

TEST_CASE("request pool: all of one client can be dropped") {
  Pool p;
  p.add(operations(1, 1, 1, {"a"}));
  p.add(operations(1, 1, 2, {"b"}));
  p.add(operations(2, 1, 1, {"c"}));
  p.pool.drop(ClientId{1});
  p.pool.drop(ClientId{3});
  p.pool.invariants();
  CHECK(Pool::names(p.pool.waiting()) == "2:1");
  CHECK(p.draw(9) == "2:1");
}

}  // namespace pbft::core::test
