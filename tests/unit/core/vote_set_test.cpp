#include "core/vote_set.hpp"

#include <doctest/doctest.h>

using namespace pbft;
using namespace pbft::core;

namespace {
Vote vote(std::uint32_t sender, std::uint64_t view, std::uint8_t batch) {
  Digest digest;
  digest.bytes[0] = batch;
  return {{View{view}, SeqNum{1}, digest}, ReplicaId{sender}, {}};
}
}  // namespace

TEST_CASE("vote set: a vote counts once, however often it comes") {
  VoteSet votes;
  CHECK(votes.add(vote(1, 0, 7)) == VoteSet::Added::added);
  CHECK(votes.add(vote(1, 0, 7)) == VoteSet::Added::known);
  CHECK(votes.count(vote(1, 0, 7).header) == 1);
}

TEST_CASE(
    "vote set: a second vote for another batch in one view is told apart, and counted for its batch only") {
  VoteSet votes;
  votes.add(vote(1, 0, 7));
  CHECK(votes.add(vote(1, 0, 8)) == VoteSet::Added::conflicting);
  CHECK(votes.add(vote(1, 0, 8)) == VoteSet::Added::known);
  CHECK(votes.count(vote(1, 0, 7).header) == 1);
  CHECK(votes.count(vote(1, 0, 8).header) == 1);
  CHECK(votes.find(ReplicaId{1}, View{0})->header == vote(1, 0, 7).header);
}

TEST_CASE("vote set: of many votes in one view the first and the latest are kept") {
  VoteSet votes;
  for (std::uint8_t batch = 1; batch < 100; ++batch) votes.add(vote(1, 0, batch));
  CHECK(votes.all().size() == 2);
  CHECK(votes.count(vote(1, 0, 1).header) == 1);
  CHECK(votes.count(vote(1, 0, 99).header) == 1);
}

TEST_CASE("vote set: a vote whose signature is false gives way to the same one, truly signed") {
  VoteSet votes;
  Vote direct = vote(1, 0, 7), again = direct;
  direct.is_signed = again.is_signed = Vote::Signed::unchecked;
  votes.add(direct);
  CHECK(votes.knows(vote(1, 0, 7)));  // as long as it may be true
  votes.note(votes.all().front(), Vote::Signed::falsely);

  CHECK(votes.add(again) == VoteSet::Added::known);
  CHECK(!votes.knows(vote(1, 0, 7)));
  CHECK(votes.add(vote(1, 0, 7)) == VoteSet::Added::added);
  CHECK(votes.all().size() == 1);
  CHECK(votes.all().front().is_signed == Vote::Signed::checked);
  CHECK(votes.add(vote(1, 0, 7)) == VoteSet::Added::known);
}

TEST_CASE("vote set: only votes for the same view, number and batch match") {
  VoteSet votes;
  votes.add(vote(1, 0, 7));
  votes.add(vote(2, 0, 7));
  votes.add(vote(3, 0, 8));
  votes.add(vote(4, 1, 7));
  CHECK(votes.count(vote(0, 0, 7).header) == 2);
  CHECK(votes.matching(vote(0, 0, 7).header).size() == 2);
  CHECK(votes.mask(View{0}) == 0b1110);
  CHECK(votes.mask(View{1}) == 0b10000);
}

TEST_CASE("vote set: a sender of votes for many views keeps its highest ones and nobody else's room") {
  VoteSet votes;
  votes.add(vote(1, 3, 7));
  for (std::uint64_t view = 10; view < 100; ++view) votes.add(vote(2, view, 7));
  CHECK(votes.all().size() == 1 + VoteSet::votes_per_sender);
  CHECK(votes.newest(ReplicaId{2})->header.view == View{99});
  CHECK(votes.find(ReplicaId{2}, View{97}));
  CHECK(votes.add(vote(2, 5, 7)) == VoteSet::Added::dropped);
  CHECK(votes.find(ReplicaId{1}, View{3}));
}

TEST_CASE("vote set: a vote that proves what is committed gives way to none") {
  VoteSet votes;
  for (std::uint64_t view = 3; view < 6; ++view) votes.add(vote(2, view, 7));
  votes.keep(vote(0, 3, 7).header);
  for (std::uint64_t view = 10; view < 100; ++view) votes.add(vote(2, view, 7));
  CHECK(votes.all().size() == VoteSet::votes_per_sender);
  CHECK(votes.count(vote(0, 3, 7).header) == 1);
  CHECK_FALSE(votes.find(ReplicaId{2}, View{4}));
  CHECK(votes.find(ReplicaId{2}, View{93}));
  CHECK_FALSE(votes.find(ReplicaId{2}, View{92}));
  for (const std::uint64_t lower : {2U, 5U}) CHECK(votes.add(vote(2, lower, 7)) == VoteSet::Added::dropped);
  votes.add(vote(2, 98, 8));  // two in one view, at the upper end
  CHECK(votes.add(vote(2, 97, 8)) == VoteSet::Added::conflicting);
  CHECK(votes.count(vote(0, 3, 7).header) == 1);
}

TEST_CASE("vote set: what its sender says besides in the same view does not take the place of such a vote") {
  for (std::uint8_t proves = 1; proves <= 2; ++proves) {
    VoteSet votes;
    votes.add(vote(2, 0, 1));
    votes.add(vote(2, 0, 2));
    votes.keep(vote(2, 0, proves).header);
    for (std::uint8_t batch = 3; batch < 9; ++batch) {
      CHECK(votes.add(vote(2, 0, batch)) == VoteSet::Added::conflicting);
      CHECK(votes.count(vote(2, 0, proves).header) == 1);
      CHECK(votes.count(vote(2, 0, batch).header) == 1);
    }
    CHECK(votes.all().size() == 2);
  }
}

TEST_CASE("vote set: votes of views that were left can be dropped") {
  VoteSet votes;
  for (std::uint64_t view = 0; view < 3; ++view) votes.add(vote(1, view, 7));
  votes.drop_below(View{2});
  CHECK(votes.all().size() == 1);
  CHECK(votes.find(ReplicaId{1}, View{2}));
}
