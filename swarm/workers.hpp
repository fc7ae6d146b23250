// Seeds spread over processes: a broken invariant of the core ends one process, and one seed.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/swarm.hpp"

namespace swarm {

struct Finished {
  std::uint64_t seed = 0;
  pbft::sim::SwarmResult result;
};

struct Work {
  std::uint64_t from = 1, count = 1;
  unsigned jobs = 1;
  bool keep_going = false;  ///< Else no seed is begun above one that failed.
  std::function<pbft::sim::SwarmResult(std::uint64_t seed)> run;  ///< In a worker.
  std::function<void(const Finished&)> finished;  ///< In this process, in the order in which they finish.
  std::function<void()> tick;                     ///< Now and then.
};

/// Returns when all seeds have finished, or all those below the lowest that failed.
void run_seeds(const Work& work);

}  // namespace swarm
