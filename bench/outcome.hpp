// How a command ends: files, comparison, exit code.
#pragma once

#include "bench/options.hpp"
#include "bench/report/report.hpp"

namespace bench {

/// A report to be filled: what it is, and where it was made.
Report begin_report(const std::string& kind, const Options& options);
/// Writes what the options ask for, compares, and returns the exit code: safety before everything else.
int finish(const Report& report, const Options& options);
/// Complains about a run that came to nothing.
int give_up(const pbft::Error& error);

}  // namespace bench
