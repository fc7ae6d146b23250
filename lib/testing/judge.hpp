// Holds what a simulated cluster did against a machine that is alone.
#pragma once

#include "pbft/testing/simulation.hpp"
#include "sim/cluster.hpp"

namespace pbft::testing {

/// What is wrong; nothing if all is well.
struct Fault {
  Invariant invariant;
  std::string what;
};

/// The agreed order, as users see it.
Run run_of(const sim::History& history, std::uint64_t seed);

/// Has `alone`, a new machine, execute the agreed order: its results must be those of the cluster, and each
/// read must show one of the states that it may show. It is left in its last state.
std::optional<Fault> check_results(StateMachine& alone, const sim::History& history);

/// Correct replicas that have executed everything hold one state: this one.
std::optional<Fault> check_states(const StateMachine& alone, sim::Cluster& cluster);

}  // namespace pbft::testing
