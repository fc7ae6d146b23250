// Checkpoint messages on their way to a stable checkpoint (OSDI'99 4.3).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/messages.hpp"
#include "core/quorum.hpp"

namespace pbft::core {

/// One vote per replica and sequence number; the caller bounds the sequence numbers.
class CheckpointVotes {
 public:
  enum class Added { added, known, conflicting };
  Added add(const Checkpoint& vote);
  const Checkpoint* find(SeqNum seq, ReplicaId sender) const;
  /// The proof for the highest sequence number at which q votes agree.
  std::optional<CheckpointProof> proof(const Quorums& quorums) const;
  /// False once so many replicas differ at `seq` that no state can reach a quorum there.
  bool can_agree(SeqNum seq, const Quorums& quorums) const;
  std::vector<Status::CheckpointVotes> masks() const;
  void drop_through(SeqNum seq);
  std::vector<const Checkpoint*> of(ReplicaId sender) const;

 private:
  std::map<SeqNum, std::map<ReplicaId, Checkpoint>> votes_;
};

}  // namespace pbft::core
