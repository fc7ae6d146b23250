#include "core/checkpoint_votes.hpp"

#include <doctest/doctest.h>

using namespace pbft;
using namespace pbft::core;

namespace {
Checkpoint vote(std::uint32_t sender, std::uint64_t seq, std::uint8_t state) {
  return {SeqNum{seq}, Digest{{state}}, ReplicaId{sender}, {}};
}
const Quorums quorums(4);
}  // namespace

TEST_CASE("checkpoint votes: stable with q equal digests, not with q votes") {  // OSDI'99 4.3
  CheckpointVotes votes;
  votes.add(vote(0, 8, 1));
  votes.add(vote(1, 8, 1));
  votes.add(vote(2, 8, 2));
  CHECK_FALSE(votes.proof(quorums));
  votes.add(vote(3, 8, 1));
  const auto proof = votes.proof(quorums);
  REQUIRE(proof);
  CHECK(proof->seq == SeqNum{8});
  CHECK(proof->votes.size() == 3);
  CHECK(proof->votes[1].replica == ReplicaId{1});
  CHECK(proof->votes[2].replica == ReplicaId{3});
}

TEST_CASE(
    "checkpoint votes: a replica that votes twice is counted once and told apart when it contradicts "
    "itself") {
  CheckpointVotes votes;
  CHECK(votes.add(vote(0, 8, 1)) == CheckpointVotes::Added::added);
  CHECK(votes.add(vote(0, 8, 1)) == CheckpointVotes::Added::known);
  CHECK(votes.add(vote(0, 8, 2)) == CheckpointVotes::Added::conflicting);
  CHECK(votes.find(SeqNum{8}, ReplicaId{0})->state == Digest{{1}});
}

TEST_CASE("checkpoint votes: the highest provable sequence number wins, and what is below can be dropped") {
  CheckpointVotes votes;
  for (std::uint32_t id = 0; id < 3; ++id) {
    votes.add(vote(id, 8, 1));
    votes.add(vote(id, 16, 2));
  }
  votes.add(vote(0, 24, 3));
  CHECK(votes.proof(quorums)->seq == SeqNum{16});
  votes.drop_through(SeqNum{16});
  CHECK_FALSE(votes.proof(quorums));
  CHECK(votes.masks().size() == 1);
  CHECK(votes.of(ReplicaId{0}).size() == 1);
}
