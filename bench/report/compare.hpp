// Is this slower than that?
#pragma once

#include <string>
#include <vector>

#include "bench/report/report.hpp"

namespace bench {

/// Whether anything in both was measured under the same load.
bool is_comparable(const Report& base, const Report& now);

/// What got worse by more than `threshold_percent`, a line each: throughput, median latency and p99 of the
/// median run under each name and load that both reports have. Empty: nothing did.
std::vector<std::string> regressions(const Report& base, const Report& now, double threshold_percent);

}  // namespace bench
