// One seed of a simulation: drawn, run, judged.
#pragma once

#include "pbft/testing/simulation.hpp"
#include "sim/trace.hpp"

namespace pbft::testing {

/// What came of one seed.
struct SeedResult {
  std::optional<Failure> failure;  ///< Without its trace.
  std::uint64_t operations = 0, reads = 0, view_changes = 0, restarts = 0, state_transfers = 0;
  Duration virtual_time{};
};

/// `trace` gets what happens, line by line; it may be empty. REQUIRES: the options are in range.
SeedResult run_seed(const MachineFactory& make, const Workload& workload, const SimulationOptions& options,
                    std::uint64_t seed, sim::Trace::Sink trace);

}  // namespace pbft::testing
