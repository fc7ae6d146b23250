#include "bench/load/recorder.hpp"

#include <algorithm>

namespace bench {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::chrono::seconds drain_allowance{15};  // room for what ends after the load

}  // namespace

Recorder::Recorder(std::uint32_t clients, std::chrono::milliseconds interval,
                   std::chrono::milliseconds duration)
    : interval_ns_(std::chrono::nanoseconds(interval).count()) {
  const auto intervals = static_cast<std::size_t>((duration + drain_allowance) / interval + 1);
  result_.clients = clients;
  result_.intervals.reserve(intervals);
  result_.done_by_client.reserve(intervals * clients);
  result_.answered_in_ms.reserve(static_cast<std::size_t>((duration + drain_allowance).count()));
  result_.observations.reserve(max_observations);
}

LoadInterval& Recorder::at(std::int64_t at_ns) {
  const std::size_t interval = interval_at(at_ns);
  if (interval >= result_.intervals.size()) {
    result_.intervals.resize(interval + 1);
    result_.done_by_client.resize((interval + 1) * result_.clients);
  }
  return result_.intervals[interval];
}

void Recorder::on_done(std::uint32_t client, std::int64_t due_ns, const Observation& observation) {
  LoadInterval& interval = at(observation.end_ns);
  ++interval.done;
  interval.latency_us.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, observation.end_ns - due_ns)) /
                          1000);
  ++result_.done_by_client[interval_at(observation.end_ns) * result_.clients + client];
  const auto ms = static_cast<std::size_t>((observation.end_ns - start_ns_) / ns_per_ms);
  if (ms >= result_.answered_in_ms.size()) result_.answered_in_ms.resize(ms + 1);
  result_.answered_in_ms[ms] = 1;
  observe(observation);
}

void Recorder::observe(const Observation& observation) {
  if (observation.position % result_.stride != 0) return;
  if (result_.observations.size() >= max_observations && result_.stride < max_stride) {
    thin_observations(result_, 2 * result_.stride);
  }
  const bool has_room = result_.observations.size() < max_observations;  // not if they all have one position
  if (has_room && observation.position % result_.stride == 0) result_.observations.push_back(observation);
}

void Recorder::on_failed(const std::string& why, std::int64_t at_ns) {
  ++at(at_ns).failed;
  auto& errors = result_.first_errors;
  if (errors.size() < max_texts && std::find(errors.begin(), errors.end(), why) == errors.end())
    errors.push_back(why);
}

void Recorder::on_violation(const std::string& what) {
  if (result_.violations.size() < max_texts) result_.violations.push_back(what);
}

}  // namespace bench
