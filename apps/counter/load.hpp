// A load on the counter, measured at the client.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "pbft/client.hpp"

namespace counter {

struct LoadPlan {
  std::uint64_t operations = 0;      ///< End after so many; 0: no such end.
  std::chrono::seconds duration{0};  ///< Begin none after so long; 0: no such end. REQUIRES: one of the two.
  std::uint32_t outstanding = 1;     ///< Kept under way at once.
};

struct LoadReport {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::optional<pbft::Error> first_error;
  double seconds = 0;
  double operations_per_second = 0;                              ///< Of those that succeeded.
  std::uint64_t p50_us = 0, p95_us = 0, p99_us = 0, max_us = 0;  ///< Latency of those that succeeded.
  std::uint64_t longest_gap_us = 0;                              ///< Longest time in which none succeeded.
};

/// Sends "add 1" as the plan says and returns when each has ended.
LoadReport run_load(pbft::Client& client, const LoadPlan& plan);

std::string to_text(const LoadReport& report);
std::string to_json(const LoadReport& report);

}  // namespace counter
