// What is left of the throughput under a fault.
#pragma once

#include <string>
#include <vector>

#include "bench/report/report.hpp"

namespace bench {

/// Of a run that began without faults, and met one.
struct Retention {
  std::string fault;
  double fault_free = 0, under_fault = 0;  ///< Operations per second.
  double kept = 0;                         ///< The second to the first.
  double worst_client = 0;                 ///< Under the fault, to the median client.
  double p99_fault_free_ms = 0, p99_under_fault_ms = 0;
  std::uint64_t view_changes = 0;
  double longest_gap_ms = 0;
  std::uint64_t failed = 0;
  bool is_safe = true;
};

/// One for each run that has both phases.
std::vector<Retention> retention_of(const std::vector<Run>& runs);
std::string retention_text(const std::vector<Retention>& rows);

}  // namespace bench
