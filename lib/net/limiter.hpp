// How many handshakes a source may ask of us, and how often a peer may make us write a log line.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace pbft::net {

/// `burst` at once, `per_second` in the long run. Time in ms of any steady clock that never goes back.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t per_second, std::uint32_t burst)
      : per_second_(per_second), capacity_(std::uint64_t{burst} * token), tokens_(capacity_) {}
  bool take(std::uint64_t now_ms);
  bool is_full(std::uint64_t now_ms) const;

 private:
  static constexpr std::uint64_t token =
      1000;  ///< So that a millisecond refills a whole number: `per_second`.
  std::uint64_t tokens_at(std::uint64_t now_ms) const;

  std::uint64_t per_second_;
  std::uint64_t capacity_;
  std::uint64_t tokens_;
  std::uint64_t filled_at_ms_ = 0;
};

/// Lines in a log that others can cause.
class LineBudget {
 public:
  LineBudget(std::uint32_t per_second, std::uint32_t burst) : bucket_(per_second, burst) {}
  /// True: this line may be written, followed by note().
  bool take(std::uint64_t now_ms);
  /// What to add to the line: how many were left out since the last.
  std::string note();

 private:
  TokenBucket bucket_;
  std::uint64_t left_out_ = 0;
};

/// An IPv6 address; an IPv4 address in its mapped form (RFC 4291, 2.5.5.2).
using Source = std::array<std::uint8_t, 16>;

/// Sources that the cluster file names have a budget each, which no stranger can use up. Every other source
/// (of IPv6 its first 64 bits: what one subscriber has) has one too, and all of those share a limit. Memory
/// is bounded.
class HandshakeLimiter {
 public:
  HandshakeLimiter(std::uint32_t per_second, std::uint32_t burst, const std::set<Source>& configured);
  bool is_configured(const Source& source) const { return configured_.contains(source); }
  bool allow(const Source& source, std::uint64_t now_ms);

  static constexpr std::uint32_t strangers_share = 3;  ///< All strangers together, in budgets of one source.
  static constexpr std::size_t max_strangers = 1024;   ///< Remembered; a new one beyond is refused.

 private:
  TokenBucket fresh_;
  TokenBucket all_strangers_;
  std::map<Source, TokenBucket> configured_;
  std::map<Source, TokenBucket> strangers_;
};

}  // namespace pbft::net
