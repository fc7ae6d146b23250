// One seed, one cluster, one mix of faults: drawn, run, healed, judged.
#pragma once

#include <cstdint>
#include <string>

#include "sim/cluster.hpp"

namespace pbft::sim {

struct SwarmResult {
  enum class Verdict : std::uint8_t {
    good,
    unsafe,
    stuck,
  };
  Verdict verdict = Verdict::good;
  std::string what;  ///< Of a violation.
  std::string plan;  ///< What was drawn, for a person.
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::uint64_t view_changes = 0;
  std::uint64_t operations = 0;
  Duration virtual_time{};
};

/// What the faults are about.
enum class Focus : std::uint8_t {
  everything,  ///< Network and Byzantine replicas; storage in half of the seeds.
  storage,     ///< Every replica has a disk, and each seed restarts some.
};

/// Draws n, limits, weather and faults from `seed`, runs clients' operations through them, heals all but the
/// faulty and demands that everything completes. Same seed, same result, on every machine.
SwarmResult run_swarm(std::uint64_t seed, Focus focus = Focus::everything, Trace::Sink trace = nullptr);

}  // namespace pbft::sim
