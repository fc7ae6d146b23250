// The command line of pbft-bench.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/run/measure.hpp"

namespace bench {

struct Options {
  Workload workload;
  std::uint32_t faulty = 0;  ///< f, where it was given instead of n.
  std::vector<std::string> faults;
  std::string scenario;  ///< A file with one fault in a line.
  std::string only;      ///< Of a list of faults those whose name contains it.
  bool allow_unsafe = false;
  bool allow_debug = false;
  std::uint32_t repeat = 1;
  std::string json, html;
  std::string compare;
  double threshold_percent = 10;
  std::string command;  ///< As it was typed.
};

/// Whether the command line names any.
bool has_faults(const Options& options);

/// Options that every command takes.
void add_options(CLI::App& cli, Options& options);

/// What does not go together, or not with this build. Errors: invalid_argument.
pbft::Result<void> check(const Options& options);

/// One run as the options say. Errors: invalid_argument.
pbft::Result<RunPlan> plan_of(const Options& options);

}  // namespace bench
