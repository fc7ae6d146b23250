// The last few measurements of one duration.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/io.hpp"

namespace pbft::core {

class Latencies {
 public:
  static constexpr std::size_t remembered = 64;

  void add(Duration latency) { values_[count_++ % remembered] = latency; }
  std::size_t count() const { return std::min(count_, remembered); }
  /// The shortest that `percent` of 100 measurements do not exceed. REQUIRES: count() > 0.
  Duration percentile(std::size_t percent) const {
    auto sorted = values_;
    const std::size_t at = (count() - 1) * percent / 100;
    std::nth_element(sorted.begin(), sorted.begin() + at, sorted.begin() + count());
    return sorted[at];
  }

 private:
  std::array<Duration, remembered> values_{};
  std::size_t count_ = 0;
};

}  // namespace pbft::core
