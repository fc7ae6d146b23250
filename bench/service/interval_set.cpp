#include "bench/service/interval_set.hpp"

#include <algorithm>

namespace bench {

bool IntervalSet::add(std::uint64_t number) {
  if (intervals_.empty() || number > intervals_.back().end) {
    intervals_.push_back({number, number + 1});
    return true;
  }
  if (number == intervals_.back().end) {
    ++intervals_.back().end;
    return true;
  }
  const auto after =
      std::upper_bound(intervals_.begin(), intervals_.end(), number,
                       [](std::uint64_t value, const Interval& interval) { return value < interval.first; });
  const bool joins_next = after != intervals_.end() && after->first == number + 1;
  if (after != intervals_.begin()) {
    const auto before = after - 1;
    if (number < before->end) return false;
    if (number == before->end) {
      before->end = joins_next ? after->end : number + 1;
      if (joins_next) intervals_.erase(after);
      return true;
    }
  }
  if (joins_next) {
    after->first = number;
  } else {
    intervals_.insert(after, {number, number + 1});
  }
  return true;
}

bool IntervalSet::append(Interval interval) {
  if (interval.first >= interval.end) return false;
  if (!intervals_.empty() && interval.first <= intervals_.back().end) return false;
  intervals_.push_back(interval);
  return true;
}

std::uint64_t IntervalSet::size() const {
  std::uint64_t size = 0;
  for (const auto& interval : intervals_) size += interval.end - interval.first;
  return size;
}

std::optional<std::uint64_t> IntervalSet::first_missing(const IntervalSet& wanted) const {
  auto here = intervals_.begin();
  for (const auto& interval : wanted.intervals_) {
    while (here != intervals_.end() && here->end <= interval.first) ++here;
    if (here == intervals_.end() || here->first > interval.first) return interval.first;
    if (here->end < interval.end) return here->end;
  }
  return std::nullopt;
}

}  // namespace bench
