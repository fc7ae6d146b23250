// A set of whole numbers that are mostly consecutive.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bench {

/// Kept as intervals; adding numbers in ascending order costs nothing.
class IntervalSet {
 public:
  struct Interval {
    std::uint64_t first = 0;
    std::uint64_t end = 0;  ///< One behind the last.
    bool operator==(const Interval&) const = default;
  };

  /// False if it was there already.
  bool add(std::uint64_t number);
  /// Appends. False, and nothing is added, unless it is not empty and begins behind the last one's end.
  bool append(Interval interval);

  std::uint64_t size() const;
  std::uint64_t end() const { return intervals_.empty() ? 0 : intervals_.back().end; }
  /// The lowest number of `wanted` that is not here.
  std::optional<std::uint64_t> first_missing(const IntervalSet& wanted) const;
  const std::vector<Interval>& intervals() const { return intervals_; }
  bool operator==(const IntervalSet&) const = default;

 private:
  std::vector<Interval> intervals_;  ///< Ascending, with gaps between them.
};

}  // namespace bench
