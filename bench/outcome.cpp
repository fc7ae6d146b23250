#include "bench/outcome.hpp"

#include <cstdio>

#include "bench/commands.hpp"
#include "bench/report/compare.hpp"
#include "bench/report/html.hpp"
#include "bench/report/json.hpp"
#include "bench/report/machine.hpp"
#include "config/program.hpp"

namespace bench {
namespace {

constexpr char program[] = "pbft-bench";

pbft::Result<void> write_files(const Report& report, const Options& options) {
  if (!options.json.empty()) {
    if (auto written = write_text_file(options.json, to_json(report)); !written) return written;
  }
  if (!options.html.empty()) {
    if (auto written = write_text_file(options.html, to_html(report)); !written) return written;
    std::printf("\n%s: the report, for a browser\n", options.html.c_str());
  }
  return {};
}

/// ok, regressed, or what is wrong with the file.
int compare(const Report& report, const Options& options) {
  if (options.compare.empty()) return app::ok;
  const auto base = read_report_file(options.compare);
  if (!base) return app::complain(program, base.error());
  if (!is_comparable(*base, report)) {
    return app::complain(program,
                         {pbft::ErrorCode::invalid_argument,
                          options.compare + ": nothing in it was measured under a load of this report"});
  }
  const auto worse = regressions(*base, report, options.threshold_percent);
  for (const auto& line : worse) std::printf("slower: %s\n", line.c_str());
  if (worse.empty()) std::printf("not slower than %s\n", options.compare.c_str());
  return worse.empty() ? int{app::ok} : int{regressed};
}

}  // namespace

Report begin_report(const std::string& kind, const Options& options) {
  Report report;
  report.kind = kind;
  report.command = options.command;
  report.machine = this_machine();
  return report;
}

int finish(const Report& report, const Options& options) {
  const auto written = write_files(report, options);
  if (!written) app::complain(program, written.error());
  if (!report.is_safe()) {
    std::fprintf(stderr, "%s: SAFETY VIOLATED; what was found stands above\n", program);
    return unsafe;
  }
  return written ? compare(report, options) : int{app::failure};
}

int give_up(const pbft::Error& error) { return app::complain(program, error); }

}  // namespace bench
