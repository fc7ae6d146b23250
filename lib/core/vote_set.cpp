#include "core/vote_set.hpp"

#include <algorithm>

#include "core/mutants.hpp"

namespace pbft::core {

namespace {
bool before(const Vote& a, const Vote& b) {
  return std::pair(a.sender, a.header.view) < std::pair(b.sender, b.header.view);
}

// The sender showed us a false signature, and others the true one: they pass it on.
bool is_better(const Vote& vote, const Vote& held) {
  return held.is_signed == Vote::Signed::falsely && vote.is_signed == Vote::Signed::checked;
}

bool agree(const BatchHeader& vote, const BatchHeader& header) {
  if (mutated(Mutant::views_add_up)) return vote.seq == header.seq && vote.digest == header.digest;
  if (mutated(Mutant::digests_add_up)) return vote.seq == header.seq && vote.view == header.view;
  return vote == header;
}
}  // namespace

VoteSet::Added VoteSet::add(const Vote& vote) {
  auto is_rival = [&](const Vote& v) { return v.sender == vote.sender && v.header.view == vote.header.view; };
  auto at = std::lower_bound(votes_.begin(), votes_.end(), vote, before);
  if (at != votes_.end() && is_rival(*at)) {
    auto second = at + 1;
    const bool two = second != votes_.end() && is_rival(*second);
    if (mutated(Mutant::vote_counted_twice)) return votes_.insert(at, vote), Added::added;
    for (auto held = at; held != (two ? second + 1 : second); ++held) {
      if (held->header != vote.header) continue;
      if (!is_better(vote, *held)) return Added::known;
      *held = vote;
      return Added::added;
    }
    if (mutated(Mutant::first_vote_only)) return Added::dropped;
    if (two) {
      if (second->header == kept_) *at = *second;
      *second = vote;
    } else {
      votes_.insert(second, vote);
    }
    return Added::conflicting;
  }
  auto first = std::find_if(votes_.begin(), at, [&](const Vote& v) { return v.sender == vote.sender; });
  auto last = std::find_if(at, votes_.end(), [&](const Vote& v) { return v.sender != vote.sender; });
  if (static_cast<std::size_t>(last - first) < votes_per_sender) {
    votes_.insert(at, vote);
    return Added::added;
  }
  const auto lowest = std::find_if(first, last, [&](const Vote& v) { return v.header != kept_; });
  if (at <= lowest) return Added::dropped;  // lower than all that may give way
  std::move(lowest + 1, at, lowest);
  *(at - 1) = vote;
  return Added::added;
}

bool VoteSet::knows(const Vote& vote) const {
  return !mutated(Mutant::vote_counted_twice) &&
         std::any_of(votes_.begin(), votes_.end(), [&](const Vote& v) {
           return v.sender == vote.sender && v.header == vote.header && !is_better(vote, v);
         });
}

const Vote* VoteSet::find(ReplicaId sender, View view) const {
  for (const Vote& vote : votes_) {
    if (vote.sender == sender && vote.header.view == view) return &vote;
  }
  return nullptr;
}

const Vote* VoteSet::newest(ReplicaId sender) const {
  const Vote* found = nullptr;
  for (const Vote& vote : votes_) {
    if (vote.sender == sender) found = &vote;
  }
  return found;
}

std::vector<const Vote*> VoteSet::matching(const BatchHeader& header) const {
  std::vector<const Vote*> found;
  for (const Vote& vote : votes_) {
    if (agree(vote.header, header)) found.push_back(&vote);
  }
  return found;
}

std::uint32_t VoteSet::count(const BatchHeader& header) const {
  return static_cast<std::uint32_t>(
      std::count_if(votes_.begin(), votes_.end(), [&](const Vote& v) { return agree(v.header, header); }));
}

std::uint64_t VoteSet::mask(View view) const {
  std::uint64_t bits = 0;
  for (const Vote& vote : votes_) {
    if (vote.header.view == view) bits |= std::uint64_t{1} << vote.sender.value;
  }
  return bits;
}

void VoteSet::note(const Vote& vote, Vote::Signed is_signed) {
  votes_[static_cast<std::size_t>(&vote - votes_.data())].is_signed = is_signed;
}

void VoteSet::drop_below(View view) {
  std::erase_if(votes_, [&](const Vote& v) { return v.header.view < view; });
}

}  // namespace pbft::core
