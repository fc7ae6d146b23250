// What a load process measured, and how it comes to the process that started it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/load/histogram.hpp"
#include "check/named_order.hpp"
#include "pbft/result.hpp"

namespace bench {

using pbft::check::Observation;

struct LoadInterval {
  std::uint64_t offered = 0;  ///< That were to be sent in this interval.
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  Histogram latency_us;  ///< Of those done in this interval, from when they were to be sent.
};

struct LoadResult {
  std::uint32_t clients = 0;
  std::vector<LoadInterval> intervals;        ///< From the start of the load.
  std::vector<std::uint32_t> done_by_client;  ///< Of interval i and client c: at i * clients + c.
  std::vector<std::uint8_t> answered_in_ms;   ///< 1 for every millisecond in which something was done.
  std::vector<Observation> observations;      ///< Those whose position is a multiple of `stride`.
  std::uint64_t stride = 1;

  std::uint64_t submitted = 0;            ///< Writes.
  std::uint64_t acknowledged = 0;         ///< Of those.
  std::uint64_t audited = 0;              ///< Acknowledged writes that were found again at the end.
  std::vector<std::string> violations;    ///< Of safety, found here.
  std::vector<std::string> first_errors;  ///< Why operations failed; a few.
  std::uint32_t unaudited_clients = 0;    ///< That got no answer to the audit.
};

/// Adds one process's result to another's: intervals side by side, clients behind clients. REQUIRES: the
/// same interval length and start.
void merge(LoadResult& into, const LoadResult& from);
/// Keeps the observations whose position is a multiple of `stride`.
void thin_observations(LoadResult& result, std::uint64_t stride);

/// Both processes are of one build: this is memory, not a format. Errors: io.
pbft::Result<void> write_load_result(const std::filesystem::path& path, const LoadResult& result);
pbft::Result<LoadResult> read_load_result(const std::filesystem::path& path);

}  // namespace bench
