// Latencies, counted by magnitude.
#pragma once

#include <array>
#include <cstdint>

namespace bench {

/// Of microseconds, to within 1/64 of the value; exact below 128. Of fixed size (the idea of HdrHistogram).
class Histogram {
 public:
  void add(std::uint64_t us);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  /// The value below or at which `percent` of all lie (nearest rank); 0 if there are none.
  std::uint64_t percentile(double percent) const;

 private:
  static constexpr unsigned precision_bits = 6;
  static constexpr std::uint64_t largest = (std::uint64_t{1} << 32) - 1;  // over an hour
  static constexpr std::size_t buckets = ((32 - precision_bits) << precision_bits) + (1 << precision_bits);
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t highest_in(std::size_t bucket);

  std::array<std::uint32_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
