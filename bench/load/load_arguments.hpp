// A load plan on its way through a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/load/load_plan.hpp"

namespace bench {

/// Options of bench-load that fill `plan`, which must outlive the parsing.
void add_load_arguments(CLI::App& cli, LoadPlan& plan);
/// What to give bench-load so that it reads `plan` again.
std::vector<std::string> load_arguments(const LoadPlan& plan);

}  // namespace bench
