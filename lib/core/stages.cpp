#include "core/stages.hpp"

#include <algorithm>
#include <cmath>

namespace pbft::core {

const char* name_of(Stage stage) {
  static constexpr std::array<const char*, stage_count> names{
      "admission", "pre_prepare", "prepare", "persist", "commit", "execute", "reply"};
  return names[static_cast<std::size_t>(stage)];
}

Duration LatencyHistogram::mean() const {
  return Duration(count_ == 0 ? 0 : static_cast<Duration::rep>(sum_ / count_));
}

std::uint64_t LatencyHistogram::lowest_of(std::size_t bucket) {
  if (bucket < 2 * per_doubling) return bucket;
  const std::size_t doublings = bucket / per_doubling - 1;
  return (per_doubling + bucket % per_doubling) << doublings;
}

Duration LatencyHistogram::quantile(double q) const {
  if (count_ == 0) return {};
  const auto rank =
      static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_)));
  std::size_t bucket = 0;
  std::uint64_t seen = buckets_[0];
  while (seen < std::max<std::uint64_t>(rank, 1)) seen += buckets_[++bucket];  // rank <= count_: it ends
  return Duration(static_cast<Duration::rep>((lowest_of(bucket) + lowest_of(bucket + 1) - 1) / 2));
}

}  // namespace pbft::core
