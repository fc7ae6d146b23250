#include "core/reply_tally.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "core/check.hpp"
#include "core/images.hpp"

namespace pbft::core {

namespace {
std::uint64_t bit_of(ReplicaId replica) { return std::uint64_t{1} << replica.value; }
std::uint32_t size_of(std::uint64_t mask) { return static_cast<std::uint32_t>(std::popcount(mask)); }
}  // namespace

bool ResultBudget::take(ReplicaId replica, std::size_t bytes) {
  std::size_t& held = held_[replica.value];
  if (bytes > bytes_per_replica_ - held) return false;
  held += bytes;
  return true;
}

void ResultBudget::give_back(ReplicaId replica, std::size_t bytes) {
  PBFT_CHECK(held_[replica.value] >= bytes);
  held_[replica.value] -= bytes;
}

std::size_t ResultBudget::held() const { return std::accumulate(held_.begin(), held_.end(), std::size_t{0}); }

void ReplyTally::add(Vote vote, const Crypto& crypto, ResultBudget& budget) {
  if (vote.outcome == Outcome::result_gone) {
    gone_ |= bit_of(vote.replica);
    return;
  }
  if (vote.outcome != Outcome::executed) vote.result = Bytes{};  // nothing hangs on it
  Candidate& candidate = find_or_make(vote, crypto);
  candidate.voters |= bit_of(vote.replica);
  if (auto* whole = std::get_if<Bytes>(&vote.result); whole && !candidate.whole) {
    // Agreed bytes are handed over at once and need no share of the budget.
    if (size_of(candidate.voters) >= needed_) {
      candidate.whole = std::move(*whole);
    } else if (budget.take(vote.replica, whole->size())) {
      candidate.charged = whole->size();
      candidate.holder = vote.replica;
      candidate.whole = std::move(*whole);
    } else if (!candidate.digest) {
      candidate.digest = result_digest(crypto, *whole);
    }
  }
  withdraw(vote.replica, &candidate, budget);
}

ReplyTally::Candidate& ReplyTally::find_or_make(const Vote& vote, const Crypto& crypto) {
  const auto* whole = std::get_if<Bytes>(&vote.result);
  std::optional<Digest> digest;
  if (!whole) digest = std::get<Digest>(vote.result);
  for (Candidate& candidate : candidates_) {
    if (candidate.epoch != vote.epoch || candidate.outcome != vote.outcome) continue;
    if (whole && candidate.whole) {  // the common case, small results from everybody: nothing to hash
      if (*whole == *candidate.whole) return candidate;
      continue;
    }
    if (!digest) digest = result_digest(crypto, *whole);
    if (!candidate.digest) candidate.digest = result_digest(crypto, *candidate.whole);
    if (*digest == *candidate.digest) return candidate;
  }
  Candidate& made = candidates_.emplace_back();
  made.epoch = vote.epoch;
  made.outcome = vote.outcome;
  made.digest = digest;
  return made;
}

void ReplyTally::withdraw(ReplicaId replica, const Candidate* except, ResultBudget& budget) {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    Candidate& candidate = candidates_[i];
    if (&candidate == except || (candidate.voters & bit_of(replica)) == 0) continue;
    candidate.voters &= ~bit_of(replica);
    if (candidate.voters != 0) return;  // a replica has one vote: there is no other
    budget.give_back(candidate.holder, candidate.charged);
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

std::optional<ReplyTally::Decision> ReplyTally::decide() {
  for (Candidate& candidate : candidates_) {
    if (size_of(candidate.voters) < needed_ || candidate.outcome == Outcome::overloaded) continue;
    if (candidate.outcome != Outcome::executed) return Decision{candidate.outcome, {}};
    if (candidate.whole) return Decision{Outcome::executed, std::exchange(*candidate.whole, {})};
  }
  if (size_of(gone_) >= needed_) return Decision{Outcome::result_gone, {}};
  return std::nullopt;
}

bool ReplyTally::lacks_bytes() const {
  for (const Candidate& candidate : candidates_) {
    if (size_of(candidate.voters) >= needed_ && candidate.outcome == Outcome::executed) {
      return !candidate.whole;
    }
  }
  return false;
}

bool ReplyTally::can_decide(std::uint32_t replicas) const {
  std::uint32_t voted = 0, most = 0;
  for (const Candidate& candidate : candidates_) {
    const std::uint32_t voters = size_of(candidate.voters);
    voted += voters;
    if (candidate.outcome != Outcome::overloaded) most = std::max(most, voters);
  }
  return most + (replicas - voted) >= needed_;
}

std::uint32_t ReplyTally::count(Outcome outcome) const {
  std::uint64_t voters = outcome == Outcome::result_gone ? gone_ : 0;
  for (const Candidate& candidate : candidates_) {
    if (candidate.outcome == outcome) voters |= candidate.voters;
  }
  return size_of(voters);
}

void ReplyTally::forget(Outcome outcome, ResultBudget& budget) {
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    if (candidate.outcome == outcome) budget.give_back(candidate.holder, candidate.charged);
    return candidate.outcome == outcome;
  });
}

void ReplyTally::release(ResultBudget& budget) {
  for (const Candidate& candidate : candidates_) budget.give_back(candidate.holder, candidate.charged);
  candidates_.clear();
}

}  // namespace pbft::core
