#include "core/reply_tally.hpp"

#include <doctest/doctest.h>

#include <string>

#include "client_fixture.hpp"

namespace pbft::core::test {

namespace {

struct Tally {
  explicit Tally(std::size_t bytes_per_replica = 1000) : budget(4, bytes_per_replica) {}
  void whole(std::uint32_t replica, const std::string& result) {
    tally.add({ReplicaId{replica}, Epoch{}, Outcome::executed, to_bytes(result)}, crypto(), budget);
  }
  void digest(std::uint32_t replica, const std::string& result) {
    tally.add({ReplicaId{replica}, Epoch{}, Outcome::executed, result_digest(crypto(), view_of(result))},
              crypto(), budget);
  }
  std::string decision() {
    auto decided = tally.decide();
    return decided ? to_text(BytesView(decided->result)) : "(none)";
  }

  ResultBudget budget;
  ReplyTally tally{2};  ///< Of four replicas.
};

}  // namespace

TEST_CASE("reply tally: unproven bytes are charged to who sent them until they are withdrawn or decided") {
  Tally t;
  t.whole(0, std::string(600, 'a'));
  CHECK(t.budget.held() == 600);
  t.whole(0, std::string(600, 'b'));  // does not fit beside the first: remembered by its digest
  CHECK(t.budget.held() == 0);
  t.whole(0, std::string(500, 'c'));
  CHECK(t.budget.held() == 500);
  t.whole(1, std::string(700, 'd'));
  CHECK(t.budget.held() == 1200);
  t.tally.release(t.budget);
  CHECK(t.budget.held() == 0);
}

TEST_CASE("reply tally: agreed bytes are handed over even when their sender's share is used up") {
  Tally t(100);
  const std::string truth(600, 't');
  t.whole(0, truth);
  CHECK(t.budget.held() == 0);
  CHECK(t.decision() == "(none)");
  t.digest(1, truth);
  CHECK(t.tally.lacks_bytes());
  CHECK(t.decision() == "(none)");
  t.whole(2, truth);
  CHECK(t.decision() == truth);
}

TEST_CASE("reply tally: one replica is one vote") {
  Tally t;
  for (int i = 0; i < 3; ++i) {
    t.whole(0, "a");
    t.digest(0, "a");
    CHECK(t.decision() == "(none)");
  }
  t.whole(1, "b");
  t.whole(0, "b");
  CHECK(t.decision() == "b");
}

TEST_CASE("reply tally: bytes and digests of one result count together, of two never") {
  Tally t;
  t.digest(0, "a");
  t.whole(1, "b");
  t.digest(2, "c");
  CHECK(t.decision() == "(none)");
  t.whole(3, "a");
  CHECK(t.decision() == "a");
}

TEST_CASE("reply tally: a withdrawn vote leaves the bytes to those who still vote for them") {
  Tally t;
  t.whole(0, "a");
  t.whole(1, "b");
  t.whole(0, "b");
  CHECK(t.decision() == "b");

  Tally u;
  u.whole(0, "truth");
  u.digest(1, "lie");
  u.digest(0, "lie");
  CHECK(u.tally.lacks_bytes());
  CHECK(u.budget.held() == 0);
}

TEST_CASE(
    "reply tally: what replicas say instead of a result is counted, and forgotten, outcome by outcome") {
  Tally t;
  t.whole(0, "a");
  t.tally.add({ReplicaId{1}, Epoch{}, Outcome::invalid, Bytes{}}, crypto(), t.budget);
  t.tally.add({ReplicaId{2}, Epoch{}, Outcome::result_gone, Bytes{}}, crypto(), t.budget);
  for (const Outcome each : {Outcome::executed, Outcome::invalid, Outcome::result_gone}) {
    CHECK(t.tally.count(each) == 1);
  }
  t.tally.forget(Outcome::invalid, t.budget);
  CHECK(t.tally.count(Outcome::invalid) == 0);
  CHECK(t.tally.count(Outcome::executed) == 1);
}

}  // namespace pbft::core::test
