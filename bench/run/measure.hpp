// One run: a cluster, a load on it, faults at their time, checks, figures.
#pragma once

#include <string>
#include <vector>

#include "bench/report/report.hpp"
#include "bench/run/timeline.hpp"
#include "bench/run/workload.hpp"
#include "pbft/result.hpp"

namespace bench {

struct RunPlan {
  std::string name;
  Workload workload;
  std::vector<Fault> timeline;  ///< As make_timeline() returns it.
};

/// Takes warm-up and duration and a few seconds more; leaves no process and no file behind, interrupted or
/// not. What is wrong with safety stands in Run::checks. Errors: io, timed_out (the cluster does not answer).
pbft::Result<Run> measure(const RunPlan& plan);

}  // namespace bench
