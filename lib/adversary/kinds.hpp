// The behaviours, each made from its parameters. behaviour.hpp has their names; what each does stands where
// it is defined.
#pragma once

#include <memory>
#include <set>

#include "adversary/behaviour.hpp"

namespace pbft::adversary {

using BehaviourPtr = std::unique_ptr<Behaviour>;
/// Whom a behaviour is about; empty: everybody, clients included.
using Targets = std::set<ReplicaId>;

inline bool concerns(const Targets& targets, const Node& node) {
  const auto* replica = std::get_if<ReplicaId>(&node);
  return targets.empty() || (replica != nullptr && targets.contains(*replica));
}

// silence.cpp
BehaviourPtr mute(Targets to);
BehaviourPtr partition(const Targets& from);
BehaviourPtr drop(double share, std::uint64_t seed);
BehaviourPtr no_reply();

// delay.cpp
BehaviourPtr delay(Duration by);
BehaviourPtr slow(Duration by, const Self& self);

// lies.cpp
BehaviourPtr bad_signature(ReplicaId self);
BehaviourPtr wrong_reply();
BehaviourPtr mutate(double share, const Self& self);

// equivocate.cpp. Accomplices are given the same list, and are not on it: their own cores see the first face.
BehaviourPtr equivocate(Targets deceived, const Self& self);

// forge.cpp
BehaviourPtr forge(double share, const Self& self);

// invent.cpp
BehaviourPtr invent(double share, const Self& self);
BehaviourPtr wrong_time(double share, const Self& self);

// haste.cpp
BehaviourPtr eager(const Self& self);
BehaviourPtr old_answers(const Self& self);
BehaviourPtr bad_donor(double share, const Self& self);

// unfair.cpp
BehaviourPtr withhold_body(Targets from, const Self& self);
BehaviourPtr starve(ClientId client);
BehaviourPtr selective(ClientId friend_of_ours, Duration others_wait);

// flood.cpp
BehaviourPtr junk_flood(double megabytes_per_second, const Self& self);
BehaviourPtr valid_flood(double per_second, const Self& self);

// stale.cpp
BehaviourPtr stale_view(double per_second, const Self& self);
BehaviourPtr replay(double share, const Self& self);

}  // namespace pbft::adversary
