// One seed, one cluster, one mix of faults: drawn, run, healed, judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/trace.hpp"

namespace pbft::sim {

/// Sizes of clusters to draw from.
struct Sizes {
  std::uint32_t least = 4, most = 13;
  bool operator==(const Sizes&) const = default;
};

struct SwarmOptions {
  std::uint64_t seed = 1;
  /// Empty: from 4 to 13, most of them small.
  std::optional<Sizes> sizes = {};
  /// So many replicas are Byzantine. Empty: up to f are, or crash. REQUIRES: 3 * byzantine + 1 <=
  /// sizes->most.
  std::optional<std::uint32_t> byzantine = {};
  std::uint32_t clients = 0;              ///< 0: from 1 to 4.
  std::uint64_t checkpoint_interval = 0;  ///< 0: drawn.
  bool draw_machine = true;               ///< No: whoever asks has its own.
  bool draw_tempos = true;  ///< No: every part of a replica is as quick as can be, clocks agree.
};

struct SwarmResult {
  enum class Verdict : std::uint8_t {
    good,
    unsafe,   ///< Something happened that must not.
    stuck,    ///< Something did not happen that must.
    aborted,  ///< A replica's core found itself broken: never returned, for that ends the process.
  };
  Verdict verdict = Verdict::good;
  std::string what;  ///< Of a violation.
  std::string plan;  ///< What was drawn, for a person.
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::uint64_t view_changes = 0;  ///< Started, each replica counted for itself.
  std::uint64_t operations = 0;
  Duration virtual_time{};
};

/// Draws size, limits, weather and faults from the seed, runs clients' operations through them, heals all but
/// the faulty and demands that everything completes. Same options, same result, on every machine.
SwarmResult run_swarm(const SwarmOptions& options, Trace::Sink trace = nullptr);

}  // namespace pbft::sim
