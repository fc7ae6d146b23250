// pbft-bench faults: each fault of a list in a run of its own, in the second half of it; the first half is
// what it is compared with.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "bench/commands.hpp"
#include "bench/fault_list.hpp"
#include "bench/outcome.hpp"
#include "bench/report/retention.hpp"
#include "bench/report/text.hpp"
#include "bench/run/duration_text.hpp"
#include "bench/run/interrupt.hpp"
#include "config/program.hpp"

namespace bench {
namespace {

/// Both halves are as long as the options say.
pbft::Result<RunPlan> plan_of(const Options& options, const ListedFault& listed) {
  Options one = options;
  one.workload.duration *= 2;
  one.faults = {to_text(options.workload.duration) + ":" + listed.fault};
  auto plan = plan_of(one);
  if (plan) plan->name = listed.name;
  return plan;
}

void tell(const Run& run) {
  const Phase &before = run.phases.front(), &after = run.phases.back();
  std::printf("%-28s %9s op/s, then %9s, longest gap %s ms\n", run.name.c_str(),
              figure_text(before.per_second).c_str(), figure_text(after.per_second).c_str(),
              figure_text(after.longest_gap_ms).c_str());
  for (const auto& violation : run.checks.violations) std::printf("UNSAFE: %s\n", violation.c_str());
  std::fflush(stdout);
}

bool is_chosen(const ListedFault& listed, const Options& options) {
  return listed.name.find(options.only) != std::string::npos;
}

/// The runs that came to an end; complains about the others.
int run_list(const Options& options, Report& report) {
  int outcome = app::ok;
  for (const ListedFault& listed : fault_list()) {
    if (!is_chosen(listed, options)) continue;
    const auto plan = plan_of(options, listed);
    if (!plan) return give_up(plan.error());
    auto run = measure(*plan);
    if (!run) {
      std::fprintf(stderr, "%s: ", listed.name.c_str());
      outcome = give_up(run.error());
      if (is_interrupted()) return outcome;
      continue;
    }
    tell(*run);
    report.runs.push_back(*std::move(run));
  }
  return outcome;
}

int finish_list(int outcome, const Report& report, const Options& options) {
  std::printf("\n%s", retention_text(retention_of(report.runs)).c_str());
  const int finished = finish(report, options);
  return finished != app::ok ? finished : outcome;
}

}  // namespace

int run_faults(const Options& options) {
  const auto list = fault_list();
  if (std::none_of(list.begin(), list.end(), [&](const auto& each) { return is_chosen(each, options); })) {
    return give_up({pbft::ErrorCode::invalid_argument,
                    "--only " + options.only + ": no fault of the list has that in its name"});
  }
  Report report = begin_report("faults", options);
  std::printf("%s\n", to_text(report.machine).c_str());
  const int outcome = run_list(options, report);
  return is_interrupted() ? outcome : finish_list(outcome, report, options);
}

int run_quickly(const Options& options) {
  Options quick = options;
  if (quick.html.empty()) quick.html = "bench-report.html";
  quick.workload.warmup = std::chrono::milliseconds(500);
  quick.workload.duration = std::chrono::seconds(5);
  auto plan = plan_of(quick);
  if (!plan) return give_up(plan.error());
  plan->name = "no fault";
  Report report = begin_report("faults", quick);
  std::fputs(to_text(report.machine).c_str(), stdout);
  auto run = measure(*plan);
  if (!run) return give_up(run.error());
  std::printf("\n%s\n", to_text(*run).c_str());
  report.runs.push_back(*std::move(run));

  quick.workload.duration = std::chrono::seconds(2);
  const int outcome = run_list(quick, report);
  return is_interrupted() ? outcome : finish_list(outcome, report, quick);
}

}  // namespace bench
