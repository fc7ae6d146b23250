#include "core/checkpoint_votes.hpp"

#include <algorithm>

#include "core/mutants.hpp"

namespace pbft::core {

CheckpointVotes::Added CheckpointVotes::add(const Checkpoint& vote) {
  auto [at, inserted] = votes_[vote.seq].emplace(vote.sender, vote);
  if (inserted) return Added::added;
  return at->second.state == vote.state ? Added::known : Added::conflicting;
}

const Checkpoint* CheckpointVotes::find(SeqNum seq, ReplicaId sender) const {
  auto slot = votes_.find(seq);
  if (slot == votes_.end()) return nullptr;
  auto vote = slot->second.find(sender);
  return vote == slot->second.end() ? nullptr : &vote->second;
}

std::optional<CheckpointProof> CheckpointVotes::proof(const Quorums& quorums) const {
  const std::uint32_t needed = mutated(Mutant::stable_with_few) ? quorums.weak() : quorums.quorum();
  for (auto slot = votes_.rbegin(); slot != votes_.rend(); ++slot) {
    for (const auto& [candidate, by_candidate] : slot->second) {
      CheckpointProof proof{slot->first, by_candidate.state, {}};
      for (const auto& [replica, vote] : slot->second) {
        const bool agrees = vote.state == proof.state || mutated(Mutant::states_add_up);
        if (agrees && proof.votes.size() < needed) {
          proof.votes.push_back({replica, vote.signature});
        }
      }
      if (proof.votes.size() == needed) return proof;
    }
  }
  return std::nullopt;
}

bool CheckpointVotes::can_agree(SeqNum seq, const Quorums& quorums) const {
  const auto slot = votes_.find(seq);
  if (slot == votes_.end()) return true;
  std::map<Digest, std::uint32_t> votes_of;
  std::uint32_t most = 0;
  for (const auto& [replica, vote] : slot->second) most = std::max(most, ++votes_of[vote.state]);
  const auto silent = quorums.n() - static_cast<std::uint32_t>(slot->second.size());
  return most + silent >= quorums.quorum();
}

std::vector<Status::CheckpointVotes> CheckpointVotes::masks() const {
  std::vector<Status::CheckpointVotes> result;
  for (const auto& [seq, by_replica] : votes_) {
    std::uint64_t bits = 0;
    for (const auto& entry : by_replica) bits |= std::uint64_t{1} << entry.first.value;
    result.push_back({seq, bits});
  }
  return result;
}

void CheckpointVotes::drop_through(SeqNum seq) { votes_.erase(votes_.begin(), votes_.upper_bound(seq)); }

std::vector<const Checkpoint*> CheckpointVotes::of(ReplicaId sender) const {
  std::vector<const Checkpoint*> result;
  for (const auto& [seq, by_replica] : votes_) {
    if (auto vote = by_replica.find(sender); vote != by_replica.end()) result.push_back(&vote->second);
  }
  return result;
}

}  // namespace pbft::core
