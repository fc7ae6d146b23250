#include "core/held_reads.hpp"

#include <doctest/doctest.h>

#include <string>

namespace pbft::core::test {

namespace {

constexpr ClientId alice{1}, bob{2};
Instant at(std::int64_t ms) { return std::chrono::milliseconds(ms); }

Query query(std::uint64_t first, std::size_t count, std::size_t bytes = 0) {
  Query made{RequestNumber{7}, 1, {}};
  for (std::size_t i = 0; i < count; ++i) made.items.push_back({QueryNumber{first + i}, Bytes(bytes)});
  return made;
}

struct Fixture {
  HeldReads held{100 * HeldReads::overhead_bytes};

  bool add(ClientId client, Query asked, std::uint64_t after, Instant now = {}) {
    const bool added = held.add(client, asked, SeqNum{after}, now);
    held.invariants();
    return added;
  }
  /// "1:5 2:1+2": client 1's read 5, and two of client 2 from number 1 on.
  std::string take(std::uint64_t dispatched) {
    std::string text;
    for (const HeldReads::Piece& piece : held.take(SeqNum{dispatched})) {
      text += (text.empty() ? "" : " ") + std::to_string(piece.client.value) + ":" +
              std::to_string(piece.items.front().number.value) + "+" + std::to_string(piece.items.size());
    }
    held.invariants();
    return text;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "held reads: each waits for its batch, and one piece of a client is asked at a time") {
  CHECK(held.empty());
  CHECK(add(alice, query(1, 1), 3));
  CHECK(add(bob, query(1, 2), 3));
  CHECK(add(alice, query(2, 1), 4));
  CHECK(held.size() == 4);
  CHECK(take(2) == "");
  CHECK(take(3) == "1:1+1 2:1+2");
  CHECK(take(4) == "");
  CHECK(held.finish(bob).incarnation == RequestNumber{7});
  CHECK(held.finish(alice).attempt == 1);
  CHECK(take(4) == "1:2+1");
  held.finish(alice);
  CHECK(held.empty());
  held.invariants();
}

TEST_CASE_FIXTURE(Fixture, "held reads: a large query is asked piece by piece, others come in between") {
  CHECK(add(alice, query(1, HeldReads::max_piece + 6), 0));
  CHECK(take(0) == "1:1+64");
  CHECK(add(bob, query(9, 1), 0));
  held.finish(alice);
  CHECK(take(0) == "1:65+6 2:9+1");
}

TEST_CASE_FIXTURE(Fixture, "held reads: a client has room until its reads are answered, and no other's") {
  CHECK(add(alice, query(1, 60), 0));
  CHECK(add(bob, query(1, 100), 1));
  CHECK_FALSE(add(alice, query(61, 41), 0));
  CHECK_FALSE(add(alice, query(61, 1, 41 * HeldReads::overhead_bytes), 1));
  CHECK(add(alice, query(61, 40), 1));
  CHECK_FALSE(add(bob, query(101, 1), 1));
  CHECK(take(0) == "1:1+60");
  CHECK_FALSE(add(alice, query(101, 1), 1));
  held.finish(alice);
  CHECK(add(alice, query(101, 60), 1));
  CHECK(held.size() == 200);
}

TEST_CASE_FIXTURE(Fixture, "held reads: what is dropped leaves alone what the executor has") {
  CHECK(add(alice, query(1, 1), 0));
  CHECK(take(0) == "1:1+1");
  CHECK(add(alice, query(2, 2), 0));
  CHECK(add(bob, query(1, 1), 5));
  CHECK(take(0) == "");
  CHECK(held.drop_all().size() == 2);
  held.invariants();
  CHECK(held.size() == 1);
  held.finish(alice);
  CHECK(held.empty());
  CHECK(add(alice, query(4, 100), 0));
  CHECK(take(0) == "1:4+64");
}

TEST_CASE_FIXTURE(
    Fixture, "held reads: the wait counts from the oldest, anew in a new view, and less what is excused") {
  CHECK(!held.waiting_since());
  CHECK(add(alice, query(1, 1), 3, at(10)));
  CHECK(add(bob, query(1, 1), 4, at(20)));
  CHECK(held.waiting_since() == at(10));
  held.excuse_waiting(at(5), at(100));
  CHECK(held.waiting_since() == at(15));
  held.excuse_waiting(at(500), at(100));
  CHECK(held.waiting_since() == at(100));
  CHECK(take(3) == "1:1+1");
  held.restart_waiting(SeqNum{9}, at(200));
  CHECK(held.waiting_since() == at(200));
  CHECK(take(8) == "");
  CHECK(take(9) == "2:1+1");
  CHECK(!held.waiting_since());
}

}  // namespace pbft::core::test
