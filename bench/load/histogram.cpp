#include "bench/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {

// With s bits beside the leading one kept, a value of w bits loses its last w-s-1: neighbours in `shift` have
// neighbouring buckets.
std::size_t Histogram::bucket_of(std::uint64_t us) {
  const auto width = static_cast<unsigned>(std::bit_width(us));
  const unsigned shift = width > precision_bits + 1 ? width - precision_bits - 1 : 0;
  return (std::size_t{shift} << precision_bits) + (us >> shift);
}

std::uint64_t Histogram::highest_in(std::size_t bucket) {
  if (bucket < (2U << precision_bits)) return bucket;
  const std::size_t shift = (bucket >> precision_bits) - 1;
  return ((bucket - (shift << precision_bits) + 1) << shift) - 1;
}

void Histogram::add(std::uint64_t us) {
  us = std::min(us, largest);
  ++counts_[bucket_of(us)];
  ++count_;
  sum_ += us;
  max_ = std::max(max_, us);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(highest_in(i), max_);
  }
  return max_;
}

}  // namespace bench
