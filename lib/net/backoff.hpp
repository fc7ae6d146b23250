// How long to wait between attempts: doubles, with jitter, so that many who lost one peer do not come back at
// once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pbft/limits.hpp"

namespace pbft::net {

class Backoff {
 public:
  /// `seed` differs between processes and peers.
  Backoff(Duration first, Duration max, std::uint64_t seed) : first_(first), max_(max), state_(seed) {}

  /// Between half and all of the current delay, which then doubles.
  Duration next() {
    delay_ = delay_ == Duration::zero() ? first_ : std::min(max_, delay_ * 2);
    const auto half = static_cast<std::uint64_t>(delay_.count()) / 2;
    return Duration(static_cast<std::int64_t>(half + random() % (half + 1)));
  }
  void reset() { delay_ = Duration::zero(); }

 private:
  /// splitmix64 (Steele et al. 2014): spread, not secret.
  std::uint64_t random() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }

  Duration first_;
  Duration max_;
  Duration delay_{};
  std::uint64_t state_;
};

}  // namespace pbft::net
