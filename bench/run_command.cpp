// pbft-bench run: one workload, with faults or without, once or several times.
#include <cstdio>

#include "bench/commands.hpp"
#include "bench/outcome.hpp"
#include "bench/report/text.hpp"
#include "config/program.hpp"

namespace bench {

int run_once(const Options& options) {
  auto plan = plan_of(options);
  if (!plan) return give_up(plan.error());
  Report report = begin_report("run", options);
  std::fputs(to_text(report.machine).c_str(), stdout);
  for (std::uint32_t i = 0; i < options.repeat; ++i) {
    if (options.repeat > 1) plan->name = "run " + std::to_string(i + 1);
    auto run = measure(*plan);
    if (!run) return give_up(run.error());
    std::printf("\n%s", to_text(*run).c_str());
    std::fflush(stdout);
    report.runs.push_back(*std::move(run));
  }
  if (options.repeat > 1) std::printf("\n%s", spread_text(report.runs).c_str());
  return finish(report, options);
}

}  // namespace bench
