#include <doctest/doctest.h>

#include "bench/report/compare.hpp"
#include "bench/report/html.hpp"
#include "bench/report/json.hpp"
#include "bench/report/retention.hpp"
#include "bench/report/text.hpp"

namespace {

using namespace bench;

Phase phase_of(const std::string& name, double per_second, double p50_ms) {
  Phase phase;
  phase.name = name;
  phase.done = 100;
  phase.per_second = per_second;
  phase.p50_ms = p50_ms;
  phase.p99_ms = 2 * p50_ms;
  phase.worst_client = 0.9;
  return phase;
}

Report sample(double per_second = 1000, double p50_ms = 4) {
  Report report;
  report.kind = "run";
  report.command = "pbft-bench --fault '1s:crash:primary'";
  report.machine.cpu = "a CPU";
  report.machine.cores = 2;
  Run run;
  run.name = "run";
  run.setting.faults = {"1s:crash:primary"};
  run.whole = phase_of("whole", per_second, p50_ms);
  run.phases = {phase_of("fault-free", 2000, 3), phase_of("crash primary r0", 1500, 5)};
  run.series = {0.1, {1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  run.bands = {{"crash </script> r0", 1, 2}};
  run.processes = {{"replica 0", 50, 8, 9, 20, 21, 33, 34, 0.5, 100}};
  run.stages = {{"prepare", 100, 200}};
  run.checks.acknowledged = 7;
  run.checks.notes = {"a note"};
  report.runs = {run};
  return report;
}

}  // namespace

TEST_CASE("report: comes through JSON as it was") {
  const Report report = sample();
  const auto read = report_from_json(to_json(report));
  REQUIRE(read);
  CHECK(*read == report);
}

TEST_CASE("report: an older or a newer file can be read, anything else is refused") {
  const auto read = report_from_json(R"({"kind": "run", "new": 1, "runs": [{"whole": {"per_second": 5}}]})");
  REQUIRE(read);
  CHECK(read->runs.at(0).whole.per_second == 5);
  CHECK_FALSE(report_from_json("no JSON"));
  CHECK_FALSE(report_from_json(R"({"runs": 3})"));
  CHECK_FALSE(read_report_file("/nowhere/at/all.json"));
}

TEST_CASE("compare: slower by more than the threshold is a regression, within it is not") {
  CHECK(regressions(sample(), sample(), 10).empty());
  CHECK(regressions(sample(1000, 4), sample(910, 4.3), 10).empty());
  CHECK(regressions(sample(1000, 4), sample(2000, 1), 10).empty());
  const auto slower = regressions(sample(1000, 4), sample(800, 4), 10);
  REQUIRE(slower.size() == 1);
  CHECK(slower[0] == "run (n = 4, 1 clients x 1 outstanding, 0/0 B, , ): op/s 800, was 1,000");
  CHECK(regressions(sample(1000, 4), sample(1000, 5), 10).size() == 2);  // p50 and p99
}

TEST_CASE("compare: of repetitions the median counts, and only what both have") {
  Report base = sample(1000, 4), now = sample(1000, 4);
  for (const double outlier : {10.0, 990.0}) now.runs.push_back(sample(outlier, 4).runs[0]);
  CHECK(regressions(base, now, 10).empty());
  CHECK(is_comparable(base, now));
  now.kind = base.kind = "faults";
  now.runs[0].name = "another";
  now.runs.resize(1);
  now.runs[0].whole.per_second = 1;
  CHECK(regressions(base, now, 10).empty());
  CHECK_FALSE(is_comparable(base, now));
}

TEST_CASE("compare: another load is another figure") {
  Report base = sample(1000, 4), now = sample(1, 4);
  now.runs[0].setting.outstanding = 7;
  CHECK(regressions(base, now, 10).empty());
  CHECK_FALSE(is_comparable(base, now));
}

TEST_CASE("retention: the time under the fault to the time before it") {
  Report report = sample();
  const auto rows = retention_of(report.runs);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].kept == doctest::Approx(0.75));
  CHECK(rows[0].worst_client == doctest::Approx(0.9));
  CHECK(rows[0].is_safe);
  report.runs[0].checks.violations = {"lost"};
  CHECK_FALSE(retention_of(report.runs)[0].is_safe);
  CHECK_FALSE(report.is_safe());
  report.runs[0].phases.resize(1);
  CHECK(retention_of(report.runs).empty());
}

TEST_CASE("html: one page with the report in it, which asks the network for nothing") {
  const std::string page = to_html(sample());
  CHECK(page.find("{{") == std::string::npos);
  CHECK(page.find("\"a CPU\"") != std::string::npos);
  CHECK(page.find("crash </script>") == std::string::npos);  // data never ends its element
  for (const char* reach : {"http://", "https://", "src=", "@import", "url("}) {
    INFO(reach);
    const auto at = page.find(reach);
    // The name of SVG is no address.
    CHECK((at == std::string::npos || page.compare(at, 26, "http://www.w3.org/2000/svg") == 0));
  }
}

TEST_CASE("text: figures with the digits that count, columns that stand in line") {
  CHECK(figure_text(0.8444) == "0.84");
  CHECK(figure_text(12.34) == "12.3");
  CHECK(figure_text(1234.5) == "1,235");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(percent_text(0.9512) == "95.1%");
  CHECK(table_text({{"a", "bb"}, {"ccc", "d"}}) == "a    bb\nccc   d\n");
  const std::string text = to_text(sample().runs[0]);
  CHECK(text.find("crash primary r0") != std::string::npos);
  CHECK(text.find("note: a note") != std::string::npos);
}
