#include "core/state_transfer.hpp"

#include <algorithm>

#include "core/mutants.hpp"

namespace pbft::core {

StateTransfer::StateTransfer(SeqNum seq, const Digest& state, const std::vector<ReplicaId>& donors,
                             Duration patience)
    : seq_(seq), state_(state), patience_(patience) {
  for (ReplicaId donor : donors) donors_.try_emplace(donor);
}

void StateTransfer::turn_to(SeqNum seq, const Digest& state) {
  seq_ = seq;
  state_ = state;
  for (auto& [id, donor] : donors_) {
    for (const Digest& block : donor.owed) may_come_late(block);
    donor.owed.clear();
  }
  wanted_.clear();
  storing_.clear();
  known_.clear();
}

void StateTransfer::want(const std::vector<Digest>& blocks) {
  for (const Digest& block : blocks) {
    if (wanted_.size() == max_wanted) return;
    if (known_.insert(block).second) wanted_.push_back(block);
  }
}

void StateTransfer::on_stored() {
  if (storing_.empty()) return;  // the answer to the beginning
  known_.erase(storing_.front());
  storing_.pop_front();
}

// Block by block to the least busy, so that all work at once, and not always in the same order.
std::vector<StateTransfer::Asked> StateTransfer::ask(Instant now) {
  std::map<ReplicaId, std::vector<Digest>> asked;
  while (!wanted_.empty() && storing_.size() < max_storing) {
    std::vector<std::pair<ReplicaId, Donor*>> free;
    for (auto& [id, donor] : donors_) {
      if (donor.rests_until && now < *donor.rests_until) continue;
      if (donor.owed.size() < blocks_per_donor) free.emplace_back(id, &donor);
    }
    if (free.empty()) break;
    std::rotate(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(turn_++ % free.size()), free.end());
    auto& [id, donor] = *std::min_element(free.begin(), free.end(), [](const auto& a, const auto& b) {
      return a.second->owed.size() < b.second->owed.size();
    });
    if (donor->owed.empty()) donor->last_sign = now;
    donor->owed.insert(wanted_.front());
    asked[id].push_back(wanted_.front());
    wanted_.pop_front();
  }
  std::vector<Asked> requests;
  for (auto& [id, blocks] : asked) requests.push_back({id, std::move(blocks)});
  return requests;
}

bool StateTransfer::expects(ReplicaId from) const {
  const auto at = donors_.find(from);
  return at != donors_.end() && (!at->second.owed.empty() || !late_.empty());
}

StateTransfer::Taken StateTransfer::take(ReplicaId from, const Digest& named, std::size_t bytes,
                                         Instant now) {
  Donor& donor = donors_.at(from);
  const bool is_trusted = mutated(Mutant::blocks_unverified) && !donor.owed.empty();
  const Digest block = is_trusted ? *donor.owed.begin() : named;
  const bool was_owed = donor.owed.contains(block);
  const bool is_stored = std::find(storing_.begin(), storing_.end(), block) != storing_.end();
  if (!known_.contains(block) || is_stored) {
    if (std::find(late_.begin(), late_.end(), block) != late_.end()) return Taken::late;
    rest(donor, now);
    return Taken::wrong;
  }
  for (auto& [id, other] : donors_) {
    if (other.owed.erase(block) > 0 && id != from) may_come_late(block);
  }
  std::erase(wanted_, block);
  if (was_owed) {
    donor.last_sign = now;
    donor.doublings = 0;
  }
  storing_.push_back(block);
  ++blocks_;
  bytes_ += bytes;
  return Taken::taken;
}

std::vector<ReplicaId> StateTransfer::rest_silent(Instant now) {
  std::vector<ReplicaId> silent;
  for (auto& [id, donor] : donors_) {
    if (donor.owed.empty() || now - donor.last_sign < patience_with(donor)) continue;
    rest(donor, now);
    silent.push_back(id);
  }
  return silent;
}

void StateTransfer::rest(Donor& donor, Instant now) {
  donor.rests_until = now + 2 * patience_with(donor);
  donor.doublings = std::min(donor.doublings + 1, max_doublings);
  for (const Digest& block : donor.owed) may_come_late(block);
  wanted_.insert(wanted_.begin(), donor.owed.begin(), donor.owed.end());
  donor.owed.clear();
}

void StateTransfer::may_come_late(const Digest& block) {
  late_.push_back(block);
  if (late_.size() > max_wanted) late_.pop_front();
}

}  // namespace pbft::core
