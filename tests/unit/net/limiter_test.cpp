#include "net/limiter.hpp"
#include "net/address.hpp"
#include "net/backoff.hpp"
#include "unit/net/loop.hpp"

namespace pbft::net {
namespace {

Source source_of(const std::string& host) { return Address::parse(host, 1)->source(); }

/// How many handshakes `host` gets at `now_ms`, at most `wanted`.
int granted(HandshakeLimiter& limiter, const std::string& host, std::uint64_t now_ms, int wanted = 1000) {
  int count = 0;
  while (count < wanted && limiter.allow(source_of(host), now_ms)) ++count;
  return count;
}

TEST_CASE("handshakes: a source gets its burst, and then its rate") {
  HandshakeLimiter limiter(10, 20, {});
  CHECK(granted(limiter, "192.0.2.1", 5000) == 20);
  CHECK(granted(limiter, "192.0.2.1", 5099) == 0);
  CHECK(granted(limiter, "192.0.2.1", 5100) == 1);
  CHECK(granted(limiter, "192.0.2.1", 6100) == 10);
  CHECK(granted(limiter, "192.0.2.1", 4'000'000'000'000) == 20);
}

TEST_CASE("handshakes: strangers cannot use up what the cluster file's addresses have") {
  HandshakeLimiter limiter(10, 20, {source_of("198.51.100.1")});
  int strangers = 0;
  for (int i = 1; i < 200; ++i) strangers += granted(limiter, "192.0.2." + std::to_string(i), 5000);
  CHECK(strangers == 20 * HandshakeLimiter::strangers_share);
  CHECK(granted(limiter, "198.51.100.1", 5000) == 20);
}

TEST_CASE("handshakes: one IPv6 network is one source; a mapped IPv4 address is that IPv4 address") {
  HandshakeLimiter limiter(10, 20, {});
  CHECK(granted(limiter, "2001:db8::1", 5000) == 20);
  CHECK(granted(limiter, "2001:db8::2", 5000) == 0);
  CHECK(granted(limiter, "2001:db8:0:1::2", 5000) == 20);
  CHECK(source_of("::ffff:192.0.2.1") == source_of("192.0.2.1"));
}

TEST_CASE("handshakes: sources seen long ago make room for new ones") {
  HandshakeLimiter limiter(1000, 1, {});
  const auto host = [](std::size_t i) {
    return "10." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + ".1";
  };
  for (std::size_t i = 0; i < HandshakeLimiter::max_strangers; ++i) granted(limiter, host(i), 5000 + i);
  CHECK(granted(limiter, "192.0.2.1", 1'000'000) == 1);
}

TEST_CASE("log lines: those left out are counted in the next one") {
  LineBudget budget(1, 2);
  CHECK(budget.take(1000));
  CHECK(budget.note().empty());
  CHECK(budget.take(1000));
  CHECK_FALSE(budget.take(1000));
  CHECK_FALSE(budget.take(1500));
  CHECK(budget.take(2000));
  CHECK(budget.note() == " (2 lines of this kind were left out)");
  CHECK(budget.note().empty());
}

TEST_CASE("backoff: doubles from the first delay to the longest, jittered by up to a half, and starts over") {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(20), milliseconds(2000), 7);
  for (const int expected : {20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000}) {
    const Duration delay = backoff.next();
    CHECK(delay >= milliseconds(expected) / 2);
    CHECK(delay <= milliseconds(expected));
  }
  backoff.reset();
  CHECK(backoff.next() <= milliseconds(20));
  CHECK(Backoff(milliseconds(20), milliseconds(2000), 1).next() !=
        Backoff(milliseconds(20), milliseconds(2000), 2).next());
}

TEST_CASE("addresses: IPv4 and IPv6 are read and written; names are not looked up") {
  CHECK(Address::parse("127.0.0.1", 7001)->text() == "127.0.0.1:7001");
  CHECK(Address::parse("::1", 7001)->text() == "[::1]:7001");
  CHECK(Address::parse("::1", 7001)->port() == 7001);
  for (const char* host : {"", "localhost", "127.0.0.1.5", "[::1]", "256.0.0.1"}) {
    CHECK_FALSE(Address::parse(host, 1));
  }
}

}  // namespace
}  // namespace pbft::net
