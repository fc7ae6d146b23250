// pbft-bench sweep: the throughput-latency curve, up to and beyond saturation.
#include <algorithm>
#include <cstdio>

#include "bench/commands.hpp"
#include "bench/outcome.hpp"
#include "bench/report/text.hpp"

namespace bench {
namespace {

constexpr std::uint32_t outstanding_operations[] = {1, 16, 64, 256, 1024};

}  // namespace

int run_sweep(const Options& options) {
  Report report = begin_report("sweep", options);
  std::fputs(to_text(report.machine).c_str(), stdout);
  for (const std::uint32_t outstanding : outstanding_operations) {
    auto plan = plan_of(options);
    if (!plan) return give_up(plan.error());
    // As many clients as were asked for share them; fewer operations than clients are as many clients.
    Workload& workload = plan->workload;
    workload.clients = std::min(workload.clients, outstanding);
    workload.outstanding = outstanding / workload.clients;
    plan->name = std::to_string(outstanding) + " outstanding";
    auto run = measure(*plan);
    if (!run) return give_up(run.error());
    report.runs.push_back(*std::move(run));
    std::printf("%s: %s op/s, p50 %s ms\n", plan->name.c_str(),
                figure_text(report.runs.back().whole.per_second).c_str(),
                figure_text(report.runs.back().whole.p50_ms).c_str());
    std::fflush(stdout);
  }
  std::printf("\n%s", curve_text(report.runs).c_str());
  for (const Run& run : report.runs) {
    for (const auto& violation : run.checks.violations)
      std::printf("UNSAFE with %s: %s\n", run.name.c_str(), violation.c_str());
  }
  return finish(report, options);
}

}  // namespace bench
