// How often something unasked is done.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/io.hpp"

namespace pbft::adversary {

/// Begins with the first call of due().
class Pace {
 public:
  explicit Pace(double per_second) : per_second_(per_second) {}

  /// How many have come due since the last call. After a standstill no more than a tenth of a second's are
  /// made up for.
  std::uint64_t due(core::Instant now) {
    if (!last_) last_ = now;
    owed_ += per_second_ * std::chrono::duration<double>(now - *last_).count();
    owed_ = std::min(owed_, std::max(1.0, per_second_ / 10));
    last_ = now;
    const auto whole = static_cast<std::uint64_t>(owed_);
    owed_ -= static_cast<double>(whole);
    return whole;
  }
  /// When the next one is due, but several together rather than a turn for each.
  core::Instant next() const {
    if (!last_) return {};
    constexpr Duration shortest = std::chrono::milliseconds(5);
    const std::chrono::duration<double> wait((1 - owed_) / per_second_);
    // Rounded up: a microsecond too early would be a turn for nothing.
    return *last_ + std::max(shortest, std::chrono::ceil<Duration>(wait));
  }

 private:
  double per_second_;
  double owed_ = 0;
  std::optional<core::Instant> last_;
};

}  // namespace pbft::adversary
