#include "bench/report/retention.hpp"

#include "bench/report/text.hpp"

namespace bench {

std::vector<Retention> retention_of(const std::vector<Run>& runs) {
  std::vector<Retention> rows;
  for (const Run& run : runs) {
    if (run.phases.size() < 2) continue;
    const Phase& before = run.phases.front();
    const Phase& after = run.phases.back();
    Retention row;
    row.fault = run.name;
    row.fault_free = before.per_second;
    row.under_fault = after.per_second;
    row.kept = before.per_second > 0 ? after.per_second / before.per_second : 0;
    row.worst_client = after.worst_client;
    row.p99_fault_free_ms = before.p99_ms;
    row.p99_under_fault_ms = after.p99_ms;
    row.view_changes = after.view_changes;
    row.longest_gap_ms = after.longest_gap_ms;
    row.failed = after.failed;
    row.is_safe = run.checks.violations.empty();
    rows.push_back(row);
  }
  return rows;
}

std::string retention_text(const std::vector<Retention>& rows) {
  std::vector<std::vector<std::string>> table{{"fault", "fault-free op/s", "op/s", "kept", "worst client",
                                               "p99 ms before", "p99 ms", "views", "gap ms", "failed",
                                               "safe"}};
  for (const Retention& row : rows) {
    table.push_back({row.fault, figure_text(row.fault_free), figure_text(row.under_fault),
                     percent_text(row.kept), percent_text(row.worst_client),
                     figure_text(row.p99_fault_free_ms), figure_text(row.p99_under_fault_ms),
                     count_text(row.view_changes), figure_text(row.longest_gap_ms), count_text(row.failed),
                     row.is_safe ? "yes" : "NO"});
  }
  return table_text(table);
}

}  // namespace bench
