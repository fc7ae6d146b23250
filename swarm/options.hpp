// What the command line of pbft-sim asks for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "pbft/result.hpp"
#include "sim/swarm.hpp"

namespace swarm {

struct Options {
  std::optional<std::uint64_t> seed;  ///< This one alone.
  std::uint64_t seeds = 200, from = 1;
  std::string sizes;  ///< "4", "4..13"; empty: drawn.
  std::optional<std::uint32_t> byzantine;
  unsigned jobs = 0;  ///< 0: one for each processor.
  bool json = false, trace = false, twice = false, keep_going = false, speed = false;
};

void add_options(CLI::App& cli, Options& options);

/// What every seed is run with. The error names what cannot be.
pbft::Result<pbft::sim::SwarmOptions> swarm_options(const Options& options);

/// The command that runs this seed again and prints everything that happens.
std::string replay_command(const Options& options, std::uint64_t seed);

}  // namespace swarm
