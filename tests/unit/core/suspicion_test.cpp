#include "core/suspicion.hpp"

#include <doctest/doctest.h>

#include "client_fixture.hpp"

namespace pbft::core::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A backup beside a primary: phases take 2 ms, so a proposal may be 5 ms late.
struct Backup {
  explicit Backup(std::uint32_t replicas = 4) : suspicion(replicas) {
    for (std::size_t i = 0; i < Suspicion::min_phases; ++i) suspicion.on_committed(milliseconds(2));
    suspicion.charge(true, now);
  }
  RequestPtr relay(std::uint64_t client) {
    const RequestPtr request = operations(client, 1, ++number, {"x"});
    suspicion.on_relayed(ClientId{client}, request->digest, now);
    return request;
  }
  void wait(Duration time) { now += time; }
  void propose(const std::vector<RequestPtr>& requests, bool has_room = true) {
    suspicion.on_proposed(requests, has_room, now);
  }
  /// One request of this client, proposed so late.
  void serve(std::uint64_t client, Duration late) {
    const RequestPtr request = relay(client);
    wait(late);
    propose({request});
  }
  bool complains() const { return suspicion.grounds(now).has_value(); }
  /// Rounds of one request each of two clients, so late, that it takes until it complains; 0: never.
  int rounds(Duration late) {
    for (int round = 1; round <= 100; ++round) {
      serve(1, late), serve(2, late);
      if (complains()) return round;
    }
    return 0;
  }

  Instant now = std::chrono::hours(1);
  std::uint64_t number = 0;
  Suspicion suspicion;
};

}  // namespace

TEST_CASE("suspicion: before enough batches were seen, nothing is late") {
  Suspicion suspicion(4);
  for (std::size_t i = 0; i < Suspicion::min_phases; ++i) {
    CHECK_FALSE(suspicion.allowed({}).has_value());
    suspicion.on_committed(milliseconds(2));
  }
  CHECK(suspicion.allowed({}) == milliseconds(5));
}

TEST_CASE("suspicion: a primary that is in time is never complained about, one that is late is") {
  CHECK(Backup().rounds(milliseconds(5)) == 0);
  const int hardly = Backup().rounds(milliseconds(6));
  const int very = Backup().rounds(milliseconds(60));
  CHECK(hardly == 16);  // one point in 12 ms
  CHECK(very == 2);     // four for each
}

TEST_CASE("suspicion: what phases take rises, and with it what is allowed") {
  Backup backup;
  for (int i = 0; i < 64; ++i) backup.suspicion.on_committed(milliseconds(20));
  CHECK(backup.suspicion.allowed(backup.now) == milliseconds(41));
  CHECK(backup.rounds(milliseconds(40)) == 0);
}

TEST_CASE("suspicion: one stall, however long and of however many clients, is no ground") {
  Backup backup;
  for (int stalls = 0; stalls < 10; ++stalls) {
    std::vector<RequestPtr> waiting;
    for (std::uint64_t client = 1; client <= 50; ++client) waiting.push_back(backup.relay(client));
    backup.wait(milliseconds(500));
    backup.propose(waiting);
    CHECK_FALSE(backup.complains());
    for (std::uint64_t client = 1; client <= 50; ++client) {
      backup.serve(client, milliseconds(1));
      CHECK_FALSE(backup.complains());
    }
  }
}

TEST_CASE("suspicion: time with a full pipeline, or in which the replica itself is behind, is not charged") {
  Backup backup;
  for (int i = 0; i < 100; ++i) {
    const RequestPtr request = backup.relay(1);
    backup.wait(milliseconds(2));
    backup.suspicion.charge(false, backup.now);
    backup.wait(milliseconds(100));
    backup.suspicion.charge(true, backup.now);
    backup.wait(milliseconds(3));
    backup.propose({request}, false);
    CHECK_FALSE(backup.complains());
  }
}

TEST_CASE("suspicion: half of the clients prove nothing, more than half do") {
  Backup backup;
  for (int i = 0; i < 50; ++i) {
    backup.serve(1, milliseconds(50)), backup.serve(2, milliseconds(1));
    CHECK_FALSE(backup.complains());
  }
  int rounds = 0;
  while (!backup.complains() && ++rounds < 50)
    backup.serve(1, milliseconds(50)), backup.serve(3, milliseconds(50));
  CHECK(rounds > 1);
  CHECK(rounds < 50);
}

TEST_CASE("suspicion: one client that is passed over again and again is ground enough") {
  Backup backup;
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(backup.complains());
    const RequestPtr starved = backup.relay(1);
    for (std::uint64_t other = 2; other <= 9; ++other) {
      for (int k = 0; k < 3; ++k) backup.serve(other, milliseconds(3));
    }
    backup.propose({starved});
  }
  REQUIRE(backup.complains());
  CHECK(backup.suspicion.grounds(backup.now)->is_unfair);
  CHECK(backup.suspicion.grounds(backup.now)->late > milliseconds(40));
}

TEST_CASE("suspicion: a client that is served meanwhile is not passed over, nor is one that did not fit in") {
  Backup backup;
  for (int i = 0; i < 20; ++i) {
    const RequestPtr deep = backup.relay(1);  // behind others that only the primary has got
    for (std::uint64_t k = 0; k < 10; ++k) {
      backup.serve(2, milliseconds(2)), backup.serve(3, milliseconds(2));
      backup.propose({operations(1, 1, 1000 + k, {"hidden"})});
    }
    backup.propose({deep});
    const RequestPtr large = backup.relay(4);
    for (int k = 0; k < 10; ++k) {
      for (std::uint64_t other : {5U, 6U, 7U}) {
        const RequestPtr request = backup.relay(other);
        backup.wait(milliseconds(2));
        backup.propose({request}, false);
      }
    }
    backup.propose({large}, false);
    CHECK_FALSE(backup.complains());
  }
}

TEST_CASE(
    "suspicion: each view that complaints have ended doubles what is allowed, up to n views; it wears off") {
  Backup backup(4);
  CHECK(backup.suspicion.allowed(backup.now) == milliseconds(5));
  for (int ousted = 1; ousted <= 6; ++ousted) {
    backup.suspicion.on_ousted(backup.now);
    CHECK(backup.suspicion.allowed(backup.now) == milliseconds(5) * (1 << std::min(ousted, 4)));
  }
  backup.wait(Suspicion::decay);
  CHECK(backup.suspicion.allowed(backup.now) == milliseconds(40));
  backup.wait(10 * Suspicion::decay);
  CHECK(backup.suspicion.allowed(backup.now) == milliseconds(5));
}

TEST_CASE("suspicion: nothing is held against the primary of a new view") {
  Backup backup;
  REQUIRE(backup.rounds(milliseconds(60)) > 0);
  backup.suspicion.on_view();
  CHECK_FALSE(backup.complains());
  CHECK(backup.suspicion.is_idle());
}

TEST_CASE("suspicion: grounds are forgotten when nothing is late any more, or nothing is asked") {
  Backup backup;
  REQUIRE(backup.rounds(milliseconds(60)) > 0);
  SUBCASE("in time again") {
    backup.serve(1, milliseconds(1));
    CHECK_FALSE(backup.complains());
  }
  SUBCASE("idle") {
    backup.wait(Suspicion::memory + milliseconds(1));
    CHECK_FALSE(backup.complains());
  }
}

TEST_CASE("suspicion: verdicts of long ago outweigh nothing and add up to nothing") {
  Backup backup;
  for (std::uint64_t client : {2U, 3U}) backup.serve(client, milliseconds(1));
  backup.serve(4, milliseconds(50));
  backup.wait(Suspicion::memory + milliseconds(1));
  backup.suspicion.charge(true, backup.now);  // as before
  for (int i = 0; i < 20; ++i) {
    backup.serve(1, milliseconds(50)), backup.serve(5, milliseconds(1));
    CHECK_FALSE(backup.complains());  // half of those who are served now
  }
  int rounds = 0;
  backup.wait(Suspicion::memory + milliseconds(1));
  while (!backup.complains() && ++rounds < 50) backup.serve(1, milliseconds(50));
  CHECK(rounds < 50);
}

TEST_CASE("suspicion: what was neither ordered nor executed for long gives way to what is asked now") {
  Backup backup;
  backup.propose({operations(9, 1, 1, {"nobody waits for it"})});
  for (int i = 0; i < 100; ++i) {
    backup.relay(1);
    backup.wait(Suspicion::memory + milliseconds(1));
    const RequestPtr fresh = backup.relay(1);
    backup.wait(milliseconds(1));
    backup.propose({operations(9, 1, 1, {"nobody waits for it"}), fresh});
    CHECK(backup.suspicion.is_idle());
    CHECK_FALSE(backup.complains());
  }
}

TEST_CASE("suspicion: a request that is executed without having been seen proposed says nothing") {
  Backup backup;
  for (int i = 0; i < 100; ++i) {
    const RequestPtr request = backup.relay(1);
    backup.wait(milliseconds(100));
    backup.suspicion.forget({request});
    CHECK(backup.suspicion.is_idle());
    CHECK_FALSE(backup.complains());
  }
}

}  // namespace pbft::core::test
