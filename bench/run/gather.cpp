#include "bench/run/gather.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bench {
namespace {

double ms_of(std::uint64_t us) { return static_cast<double>(us) / 1000; }

std::size_t rounded(double value) { return static_cast<std::size_t>(std::max(0.0, std::round(value))); }

}  // namespace

Phase Gather::phase(const std::string& name, double from, double to) const {
  const std::size_t first = rounded((warmup + from) / interval);
  const std::size_t end = std::min(rounded((warmup + to) / interval), load.intervals.size());
  Phase phase;
  phase.name = name;
  phase.from = from;
  phase.to = to;
  Histogram latency;
  for (std::size_t i = first; i < end; ++i) {
    const LoadInterval& counted = load.intervals[i];
    phase.offered += counted.offered;
    phase.done += counted.done;
    phase.failed += counted.failed;
    latency.merge(counted.latency_us);
  }
  phase.per_second = static_cast<double>(phase.done) / (to - from);
  phase.p50_ms = ms_of(latency.percentile(50));
  phase.p95_ms = ms_of(latency.percentile(95));
  phase.p99_ms = ms_of(latency.percentile(99));
  phase.p999_ms = ms_of(latency.percentile(99.9));
  phase.max_ms = ms_of(latency.max());
  phase.longest_gap_ms = longest_gap_ms(from, to);
  phase.worst_client = worst_client(first, end);
  return phase;
}

double Gather::longest_gap_ms(double from, double to) const {
  std::size_t longest = 0, gap = 0;
  for (std::size_t ms = rounded((warmup + from) * 1000); ms < rounded((warmup + to) * 1000); ++ms) {
    const bool answered = ms < load.answered_in_ms.size() && load.answered_in_ms[ms] != 0;
    gap = answered ? 0 : gap + 1;
    longest = std::max(longest, gap);
  }
  return static_cast<double>(longest);
}

double Gather::worst_client(std::size_t first, std::size_t end) const {
  std::vector<std::uint64_t> done(load.clients);
  for (std::size_t i = first; i < end; ++i) {
    for (std::size_t client = 0; client < load.clients; ++client) {
      const std::size_t at = i * load.clients + client;
      if (at < load.done_by_client.size()) done[client] += load.done_by_client[at];
    }
  }
  if (done.empty()) return 0;
  std::sort(done.begin(), done.end());
  const std::uint64_t median = done[done.size() / 2];
  return median == 0 ? 0 : static_cast<double>(done.front()) / static_cast<double>(median);
}

Series Gather::series(double duration) const {
  Series series;
  series.interval = interval;
  const std::size_t first = rounded(warmup / interval);
  const std::size_t end = std::min(first + rounded(duration / interval), load.intervals.size());
  for (std::size_t i = first; i < end; ++i) {
    const LoadInterval& counted = load.intervals[i];
    series.per_second.push_back(static_cast<double>(counted.done) / interval);
    series.p50_ms.push_back(ms_of(counted.latency_us.percentile(50)));
    series.p99_ms.push_back(ms_of(counted.latency_us.percentile(99)));
  }
  return series;
}

}  // namespace bench
