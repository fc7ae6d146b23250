// Byzantine behaviours: small wrappers over an honest replica that change what leaves it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "sim/forger.hpp"
#include "sim/replica_process.hpp"

namespace pbft::sim {

/// Says nothing.
Mangler mute();
/// Leaves out each message with this probability.
Mangler omit(Random random, double probability);
/// Sends everything, and now and then again, to anyone, what it has once sent.
Mangler replay(Random random, std::uint32_t replicas);
/// Each message with this probability says something else, properly signed: another view, sequence number,
/// digest, state or result; statuses claim what is not so.
Mangler mutate(Random random, double probability, const Forger& forger, ReplicaId self);

/// Faulty replicas with one plan: to one half of the others they support one history, to the other half
/// another. A faulty primary proposes two batches for a slot, faulty backups vote for both, checkpoints
/// differ, and a view-change hides from one half what was prepared.
class Conspiracy {
 public:
  Conspiracy(Random random, const Forger& forger, std::uint32_t replicas);
  /// The wrapper of one member. The conspiracy outlives it.
  Mangler member(ReplicaId self);

 private:
  bool is_deceived(const Node& to) const;
  /// The batch that the deceived half is shown in place of `header`; unknown if it was not ours to propose.
  core::BatchHeader twin_of(const core::BatchHeader& header) const;
  core::MessagePtr second_face(ReplicaId self, const core::MessagePtr& message);

  const Forger& forger_;
  std::uint64_t deceived_;  // bit r: replica r sees the second face
  std::map<std::pair<View, SeqNum>, std::pair<core::BodyPtr, core::BodyPtr>> twins_;
};

}  // namespace pbft::sim
