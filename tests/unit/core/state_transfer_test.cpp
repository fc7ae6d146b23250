#include "core/state_transfer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace pbft::core {

namespace {

using Taken = StateTransfer::Taken;
constexpr Duration patience = std::chrono::seconds(1);

Digest block(std::uint8_t number) {
  Digest digest;
  digest.bytes[0] = number;
  return digest;
}

std::vector<Digest> blocks(std::uint8_t from, std::uint8_t count) {
  std::vector<Digest> made;
  for (std::uint8_t i = 0; i < count; ++i) made.push_back(block(static_cast<std::uint8_t>(from + i)));
  return made;
}

StateTransfer from_three() {
  return StateTransfer(SeqNum{128}, block(0), {ReplicaId{0}, ReplicaId{1}, ReplicaId{3}}, patience);
}

std::size_t count(const std::vector<StateTransfer::Asked>& asked) {
  std::size_t sum = 0;
  for (const auto& request : asked) sum += request.blocks.size();
  return sum;
}

/// Who was asked for this block; REQUIRES: somebody was.
ReplicaId donor_of(const std::vector<StateTransfer::Asked>& asked, const Digest& wanted) {
  for (const auto& request : asked) {
    if (std::find(request.blocks.begin(), request.blocks.end(), wanted) != request.blocks.end()) {
      return request.donor;
    }
  }
  REQUIRE(false);
  return {};
}

}  // namespace

TEST_CASE("state transfer: all donors are asked at once, each for a share") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 12));
  const auto asked = transfer.ask(Instant{});
  REQUIRE(asked.size() == 3);
  for (const auto& request : asked) CHECK(request.blocks.size() == 4);
}

TEST_CASE("state transfer: a donor owes at most so many blocks at a time") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 60));
  CHECK(count(transfer.ask(Instant{})) == 3 * StateTransfer::blocks_per_donor);
  CHECK(count(transfer.ask(Instant{})) == 0);
}

TEST_CASE("state transfer: a block is asked for once, until it is stored also") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 2));
  transfer.want(blocks(1, 3));
  const auto asked = transfer.ask(Instant{});
  CHECK(count(asked) == 3);
  CHECK(transfer.take(donor_of(asked, block(1)), block(1), 10, Instant{}) == Taken::taken);
  transfer.want(blocks(1, 1));  // the answer to something that was stored before it
  CHECK(count(transfer.ask(Instant{})) == 0);
  transfer.on_stored();
  transfer.want(blocks(1, 1));
  CHECK(count(transfer.ask(Instant{})) == 1);
}

TEST_CASE("state transfer: who sends something else rests, and what it owed is asked of others") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 3));
  const auto asked = transfer.ask(Instant{});
  const ReplicaId liar = donor_of(asked, block(2));
  CHECK(transfer.take(liar, block(99), 10, Instant{}) == Taken::wrong);
  const auto again = transfer.ask(Instant{});
  CHECK(donor_of(again, block(2)) != liar);
  CHECK(transfer.take(liar, block(2), 10, Instant{}) == Taken::taken);  // welcome all the same
  CHECK(transfer.take(donor_of(again, block(2)), block(2), 10, Instant{}) == Taken::late);
  transfer.want(blocks(10, 30));
  for (const auto& request : transfer.ask(Instant{})) CHECK(request.donor != liar);
}

TEST_CASE("state transfer: a donor that is silent for too long rests, one that works does not") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 12));
  const auto asked = transfer.ask(Instant{});
  const ReplicaId busy = donor_of(asked, block(1));
  CHECK(transfer.take(busy, block(1), 10, patience / 2) == Taken::taken);
  CHECK(transfer.rest_silent(patience / 2).empty());
  const auto silent = transfer.rest_silent(patience);
  CHECK(silent.size() == 2);
  CHECK(std::find(silent.begin(), silent.end(), busy) == silent.end());
  const auto again = transfer.ask(patience);
  REQUIRE(again.size() == 1);
  CHECK(again[0].donor == busy);
}

TEST_CASE("state transfer: who owes nothing is not silent, and what came late for others is not its lie") {
  StateTransfer transfer = from_three();
  transfer.on_stored();  // the answer to the beginning
  transfer.want(blocks(1, 1));
  const ReplicaId slow = donor_of(transfer.ask(Instant{}), block(1));
  CHECK(transfer.rest_silent(patience) == std::vector{slow});
  CHECK(transfer.expects(slow));  // it may yet come
  const ReplicaId quick = donor_of(transfer.ask(patience), block(1));
  CHECK(transfer.take(quick, block(1), 10, patience) == Taken::taken);
  CHECK(transfer.take(slow, block(1), 10, patience) == Taken::late);
}

TEST_CASE("state transfer: of a list without end only so much is kept, wanted or late") {
  StateTransfer transfer = from_three();
  const auto many = [](std::uint32_t from) {
    std::vector<Digest> made(2 * StateTransfer::max_wanted);
    for (std::size_t i = 0; i < made.size(); ++i) {
      const std::uint64_t number = from + i;
      for (std::size_t k = 0; k < 4; ++k) made[i].bytes[k] = static_cast<std::uint8_t>(number >> (8 * k));
    }
    return made;
  };
  std::size_t taken = 0;
  const std::vector<Digest> all = many(1);
  transfer.want(all);
  for (auto asked = transfer.ask(Instant{}); !asked.empty(); asked = transfer.ask(Instant{})) {
    for (const auto& request : asked) {
      for (const Digest& wanted : request.blocks) {
        CHECK(transfer.take(request.donor, wanted, 10, Instant{}) == Taken::taken);
        transfer.on_stored();
        ++taken;
      }
    }
  }
  CHECK(taken == StateTransfer::max_wanted);

  Instant now{};
  transfer.want(all);
  transfer.ask(now);
  for (int round = 0; round < 20; ++round) {  // nobody answers, so all may come late
    now += 1000 * patience;
    transfer.rest_silent(now);
    now += 1000 * patience;
    transfer.ask(now);
  }
  CHECK(transfer.expects(ReplicaId{0}));
}

TEST_CASE("state transfer: who has rested is tried again, with more patience") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 3));
  CHECK(count(transfer.ask(Instant{})) == 3);
  CHECK(transfer.rest_silent(patience).size() == 3);
  CHECK(count(transfer.ask(patience)) == 0);
  CHECK(count(transfer.ask(3 * patience)) == 3);
  CHECK(transfer.rest_silent(4 * patience).empty());
  CHECK(transfer.rest_silent(5 * patience).size() == 3);
}

TEST_CASE("state transfer: a slow donor does not keep the others' blocks from coming") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 3));
  const auto asked = transfer.ask(Instant{});
  transfer.rest_silent(patience);
  for (std::uint8_t i = 1; i <= 3; ++i) {  // all of them late
    CHECK(transfer.take(donor_of(asked, block(i)), block(i), 10, 2 * patience) == Taken::taken);
  }
  CHECK(count(transfer.ask(9 * patience)) == 0);
}

TEST_CASE("state transfer: what is still on its way when a newer checkpoint is wanted is no lie") {
  StateTransfer transfer = from_three();
  transfer.want(blocks(1, 3));
  const auto asked = transfer.ask(Instant{});
  transfer.turn_to(SeqNum{256}, block(77));
  CHECK(transfer.take(donor_of(asked, block(1)), block(1), 10, Instant{}) == Taken::late);
  transfer.want({block(2), block(9)});
  CHECK(transfer.take(donor_of(asked, block(2)), block(2), 10, Instant{}) == Taken::taken);
  CHECK(transfer.take(ReplicaId{0}, block(50), 10, Instant{}) == Taken::wrong);
}

TEST_CASE("state transfer: a disk that does not keep up stops the asking") {
  StateTransfer transfer = from_three();
  std::uint8_t next = 1;
  std::size_t taken = 0;
  for (int round = 0; round < 20; ++round) {
    transfer.want(blocks(next, 12));
    next = static_cast<std::uint8_t>(next + 12);
    for (const auto& request : transfer.ask(Instant{})) {
      for (const Digest& wanted : request.blocks) {
        CHECK(transfer.take(request.donor, wanted, 10, Instant{}) == Taken::taken);
        ++taken;
      }
    }
  }
  CHECK(taken >= StateTransfer::max_storing);
  CHECK(taken <= StateTransfer::max_storing + 3 * StateTransfer::blocks_per_donor);
  for (int stored = 0; stored < 10; ++stored) transfer.on_stored();
  CHECK(count(transfer.ask(Instant{})) > 0);
}

TEST_CASE("state transfer: nothing is expected of who was asked for nothing") {
  StateTransfer transfer = from_three();
  CHECK_FALSE(transfer.expects(ReplicaId{1}));
  transfer.want(blocks(1, 3));
  transfer.ask(Instant{});
  CHECK(transfer.expects(ReplicaId{1}));
  CHECK_FALSE(transfer.expects(ReplicaId{2}));
}

}  // namespace pbft::core
