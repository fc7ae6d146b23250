#include "counter/load.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "counter/counter.hpp"

namespace counter {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t microseconds(Clock::duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

/// How many operations are under way, and what came back of the others.
class Tally {
 public:
  explicit Tally(Clock::time_point start) : start_(start), last_success_(start) {}

  /// Waits until fewer than `limit` are under way, and counts one more.
  void begin(std::uint32_t limit) {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return under_way_ < limit; });
    ++under_way_;
  }

  void end(Clock::time_point sent, const pbft::Result<pbft::Bytes>& outcome) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    --under_way_;
    ended_.notify_one();  // under the lock: report() may be the end of this object
    const auto value = outcome ? parse_result(*outcome) : outcome.error();
    if (!value) {
      ++failed_;
      if (!first_error_) first_error_ = value.error();
      return;
    }
    latencies_us_.push_back(microseconds(now - sent));
    longest_gap_ = std::max(longest_gap_, now - last_success_);
    last_success_ = now;
  }

  /// Waits until none is under way.
  LoadReport report() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return under_way_ == 0; });
    const auto end = Clock::now();
    std::sort(latencies_us_.begin(), latencies_us_.end());
    LoadReport report;
    report.succeeded = latencies_us_.size();
    report.failed = failed_;
    report.first_error = first_error_;
    report.seconds = std::chrono::duration<double>(end - start_).count();
    report.operations_per_second = static_cast<double>(report.succeeded) / report.seconds;
    report.p50_us = percentile(50);
    report.p95_us = percentile(95);
    report.p99_us = percentile(99);
    report.max_us = percentile(100);
    report.longest_gap_us = microseconds(std::max(longest_gap_, end - last_success_));
    return report;
  }

 private:
  std::uint64_t percentile(std::size_t percent) const {  // nearest rank
    if (latencies_us_.empty()) return 0;
    const std::size_t rank = (latencies_us_.size() * percent + 99) / 100;
    return latencies_us_[rank - 1];
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  std::uint32_t under_way_ = 0;
  const Clock::time_point start_;
  std::vector<std::uint64_t> latencies_us_;
  std::uint64_t failed_ = 0;
  std::optional<pbft::Error> first_error_;
  Clock::time_point last_success_;
  Clock::duration longest_gap_{};
};

}  // namespace

LoadReport run_load(pbft::Client& client, const LoadPlan& plan) {
  const auto start = Clock::now();
  Tally tally(start);
  const std::string operation = add_operation(1);
  const auto is_time = [&](std::uint64_t sent) {
    return (plan.operations == 0 || sent < plan.operations) &&
           (plan.duration.count() == 0 || Clock::now() - start < plan.duration);
  };
  for (std::uint64_t sent = 0; is_time(sent); ++sent) {
    tally.begin(plan.outstanding);
    client.invoke_async(
        pbft::view_of(operation),
        [&tally, now = Clock::now()](const pbft::Result<pbft::Bytes>& outcome) { tally.end(now, outcome); });
  }
  return tally.report();
}

std::string to_text(const LoadReport& report) {
  char text[512];
  const auto ms = [](std::uint64_t us) { return static_cast<double>(us) / 1000; };
  std::snprintf(text, sizeof text,
                "%llu operations in %.2f s: %.0f op/s\n"
                "latency: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms\n"
                "longest gap between two results: %.2f ms\n",
                static_cast<unsigned long long>(report.succeeded), report.seconds,
                report.operations_per_second, ms(report.p50_us), ms(report.p95_us), ms(report.p99_us),
                ms(report.max_us), ms(report.longest_gap_us));
  std::string all = text;
  if (report.failed != 0) all += std::to_string(report.failed) + " failed\n";
  return all;
}

std::string to_json(const LoadReport& report) {
  nlohmann::ordered_json json = {
      {"succeeded", report.succeeded},
      {"failed", report.failed},
      {"seconds", report.seconds},
      {"operations_per_second", report.operations_per_second},
      {"p50_us", report.p50_us},
      {"p95_us", report.p95_us},
      {"p99_us", report.p99_us},
      {"max_us", report.max_us},
      {"longest_gap_us", report.longest_gap_us},
  };
  if (report.first_error) json["first_error"] = report.first_error->message;
  return json.dump(2) + "\n";
}

}  // namespace counter
