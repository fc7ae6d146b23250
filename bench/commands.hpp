// The commands of pbft-bench. Each returns the program's exit code.
#pragma once

#include "bench/options.hpp"

namespace bench {

/// Beside those of every program (config/program.hpp).
enum ExitCode : int {
  regressed = 4,  ///< Slower than --compare allows.
  unsafe = 5,     ///< A check found what must never be.
};

int run_once(const Options& options);     ///< One workload, once or several times.
int run_sweep(const Options& options);    ///< More and more operations outstanding.
int run_faults(const Options& options);   ///< Every fault of the list, each beside a fault-free time.
int run_quickly(const Options& options);  ///< A little of everything, in a few minutes.

}  // namespace bench
