// What was refused and whose fault it was: counted, told without flooding the log, and punished.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/io.hpp"
#include "net/limiter.hpp"
#include "runtime/logger.hpp"

namespace pbft::runtime {

/// Memory is bounded by members times reasons. Not thread-safe.
class Rejections {
 public:
  using Counts = std::array<std::uint64_t, core::rejection_count>;

  explicit Rejections(Logger& log) : log_(log) {}

  /// Logs the first of each peer and reason; what follows is gathered for tell().
  void count(const core::Identity& from, core::Rejection reason);
  /// At most one line every `tell_interval`, with the counts since the last one.
  void tell(core::Instant now);
  /// A frame that no correct member sends. True: it was one too many, cut the link.
  bool strike(const core::Identity& from, core::Instant now);
  /// Any other refused message: correct members send some, but not so many. True: one too many.
  bool overdraw(const core::Identity& from, core::Instant now);

  const Counts& counts() const { return counts_; }

  static constexpr Duration tell_interval = std::chrono::seconds(10);
  /// A correct member earns no strikes; this many are left to a bit that flipped where no checksum saw it.
  static constexpr std::uint32_t max_strikes = 16;
  static constexpr Duration strikes_forgiven_after = std::chrono::seconds(60);
  /// A replica votes thrice per batch and says it all again to one that is behind: several times what is
  /// ordered in a second. A client retries what is unanswered, with doubling pauses.
  static constexpr std::uint32_t replica_refusals_per_second = 20'000;
  static constexpr std::uint32_t client_refusals_per_second = 1'000;
  static constexpr std::uint32_t burst_seconds = 4;

 private:
  struct Strikes {
    std::uint32_t count = 0;
    core::Instant first{};
  };

  Logger& log_;
  Counts counts_{};
  std::map<std::pair<core::Identity, core::Rejection>, std::uint64_t>
      told_;  ///< How many since the last line.
  std::uint64_t untold_ = 0;
  core::Instant last_told_{};
  std::map<core::Identity, Strikes> strikes_;
  std::map<core::Identity, net::TokenBucket> budgets_;
};

}  // namespace pbft::runtime
