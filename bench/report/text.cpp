#include "bench/report/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {
namespace {

std::vector<std::string> phase_row(const Phase& phase) {
  char from[32];
  std::snprintf(from, sizeof from, "%.1f-%.1f s", phase.from, phase.to);
  return {phase.name,
          from,
          count_text(phase.offered),
          count_text(phase.done),
          count_text(phase.failed),
          figure_text(phase.per_second),
          figure_text(phase.p50_ms),
          figure_text(phase.p95_ms),
          figure_text(phase.p99_ms),
          figure_text(phase.p999_ms),
          figure_text(phase.max_ms),
          count_text(phase.view_changes),
          figure_text(phase.longest_gap_ms),
          percent_text(phase.worst_client)};
}

std::string phases_text(const Run& run) {
  std::vector<std::vector<std::string>> rows{{"phase", "time", "offered", "done", "failed", "op/s", "p50 ms",
                                              "p95", "p99", "p99.9", "max", "views", "gap ms",
                                              "worst client"}};
  for (const auto& phase : run.phases) rows.push_back(phase_row(phase));
  if (run.phases.size() != 1) rows.push_back(phase_row(run.whole));
  return table_text(rows);
}

std::string processes_text(const Run& run) {
  std::vector<std::vector<std::string>> rows{{"process", "CPU %", "memory MB", "max", "descriptors", "max",
                                              "data MB", "max", "disk MB/s", "syncs/s", "in MB/s",
                                              "out MB/s"}};
  for (const auto& use : run.processes) {
    rows.push_back(
        {use.name, figure_text(use.cpu_percent), figure_text(use.first_rss_mb), figure_text(use.max_rss_mb),
         count_text(use.first_descriptors), count_text(use.max_descriptors), figure_text(use.first_data_mb),
         figure_text(use.max_data_mb), figure_text(use.disk_mb_per_second), figure_text(use.syncs_per_second),
         figure_text(use.received_mb_per_second), figure_text(use.sent_mb_per_second)});
  }
  return table_text(rows);
}

std::string stages_text(const Run& run) {
  if (run.stages.empty()) return {};
  std::vector<std::vector<std::string>> rows{{"stage", "p50 us", "p99 us"}};
  for (const auto& stage : run.stages)
    rows.push_back({stage.name, figure_text(stage.p50_us), figure_text(stage.p99_us)});
  return table_text(rows);
}

std::string checks_text(const Checks& checks) {
  std::string text = count_text(checks.audited) + " of " + count_text(checks.acknowledged) +
                     " acknowledged writes are in the state exactly once; " + count_text(checks.observed) +
                     " answers checked for linearizability; states compared at " +
                     count_text(checks.checkpoints) + " checkpoints\n";
  for (const auto& note : checks.notes) text += "note: " + note + "\n";
  for (const auto& violation : checks.violations) text += "UNSAFE: " + violation + "\n";
  return text;
}

}  // namespace

std::string to_text(const Setting& setting) {
  std::string text = "n = " + std::to_string(setting.replicas) + ", " + std::to_string(setting.clients) +
                     " clients x " + std::to_string(setting.outstanding) + " outstanding";
  if (setting.rate > 0) text += ", " + figure_text(setting.rate) + " op/s offered";
  text += ", " + std::to_string(setting.request_bytes) + "/" + std::to_string(setting.reply_bytes) + " B";
  if (setting.reads_percent != 0) text += ", " + std::to_string(setting.reads_percent) + "% reads";
  return text + ", " + setting.auth + ", " + setting.durability;
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string figure_text(double value) {
  if (value >= 100) return count_text(static_cast<std::uint64_t>(std::llround(value)));
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", value >= 10 ? 1 : 2, value);
  return text;
}

std::string percent_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * share);
  return text;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string fill(widths[i] - row[i].size(), ' ');
      text += i == 0 ? row[i] + fill : "  " + fill + row[i];
    }
    text += "\n";
  }
  return text;
}

std::string to_text(const Run& run) {
  return run.name + ": " + to_text(run.setting) + ", seed " + std::to_string(run.setting.seed) + "\n\n" +
         phases_text(run) + "\n" + processes_text(run) + "\n" + stages_text(run) + checks_text(run.checks);
}

std::string to_text(const Machine& machine) {
  return "commit " + machine.commit + ", " + machine.build_type + ", " + machine.compiler + "; " +
         machine.cpu + ", " + std::to_string(machine.cores) + " cores, " + figure_text(machine.memory_gb) +
         " GB, Linux " + machine.kernel + "\n";
}

std::string curve_text(const std::vector<Run>& runs) {
  std::vector<std::vector<std::string>> rows{
      {"clients x outstanding", "op/s", "p50 ms", "p95", "p99", "p99.9", "max", "failed", "views"}};
  for (const auto& run : runs) {
    const Phase& whole = run.whole;
    rows.push_back({std::to_string(run.setting.clients) + " x " + std::to_string(run.setting.outstanding),
                    figure_text(whole.per_second), figure_text(whole.p50_ms), figure_text(whole.p95_ms),
                    figure_text(whole.p99_ms), figure_text(whole.p999_ms), figure_text(whole.max_ms),
                    count_text(whole.failed), count_text(whole.view_changes)});
  }
  return table_text(rows);
}

std::string spread_text(const std::vector<Run>& runs) {
  const auto row = [&](const std::string& name, double Phase::* member) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run.whole.*member);
    std::sort(values.begin(), values.end());
    return std::vector<std::string>{name, figure_text(values.front()), figure_text(values[values.size() / 2]),
                                    figure_text(values.back())};
  };
  return table_text({{std::to_string(runs.size()) + " runs", "min", "median", "max"},
                     row("op/s", &Phase::per_second),
                     row("p50 ms", &Phase::p50_ms),
                     row("p95 ms", &Phase::p95_ms),
                     row("p99 ms", &Phase::p99_ms),
                     row("p99.9 ms", &Phase::p999_ms),
                     row("longest gap ms", &Phase::longest_gap_ms)});
}

}  // namespace bench
