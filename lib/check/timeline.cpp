#include "check/timeline.hpp"

#include <algorithm>
#include <tuple>

#include "core/splitmix.hpp"

namespace pbft::check {

Timeline::Timeline(const std::vector<Interval>& intervals)
    : calls_(intervals.size(), 0), answers_(intervals.size(), 0) {
  struct Event {
    std::int64_t at;
    bool is_answer;  // at equal times behind the calls: then neither precedes the other
    std::uint32_t operation;
  };
  std::vector<Event> events;
  for (std::uint32_t i = 0; i < intervals.size(); ++i) {
    events.push_back({intervals[i].start, false, i});
    if (intervals[i].end) events.push_back({std::max(*intervals[i].end, intervals[i].start), true, i});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.at, a.is_answer, a.operation) < std::tie(b.at, b.is_answer, b.operation);
  });
  moments_.resize(events.size() + 2);
  for (std::uint32_t i = 0; i < moments_.size(); ++i) {
    moments_[i].before = i == 0 ? 0 : i - 1;
    moments_[i].after = i + 1;
  }
  moments_.front().operation = moments_.back().operation = static_cast<std::uint32_t>(intervals.size());
  moments_.back().is_answer = true;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    moments_[i + 1].operation = events[i].operation;
    moments_[i + 1].is_answer = events[i].is_answer;
    (events[i].is_answer ? answers_ : calls_)[events[i].operation] = i + 1;
  }
}

Timeline::Placed Timeline::word_of(std::uint32_t index) {
  return {core::mix(2 * std::uint64_t{index}), core::mix(2 * std::uint64_t{index} + 1)};
}

Timeline::Placed Timeline::placed_with(std::uint32_t index) const {
  const Placed word = word_of(index);
  return {taken_.high ^ word.high, taken_.low ^ word.low};
}

void Timeline::unlink(std::uint32_t moment) {
  const Moment& out = moments_[moment];
  moments_[out.before].after = out.after;
  moments_[out.after].before = out.before;
}
void Timeline::link(std::uint32_t moment) {
  const Moment& in = moments_[moment];
  moments_[in.before].after = moment;
  moments_[in.after].before = moment;
}

void Timeline::take(std::uint32_t index) {
  taken_ = placed_with(index);
  unlink(calls_[index]);
  if (answers_[index] != 0) unlink(answers_[index]);
}

void Timeline::put_back(std::uint32_t index) {
  taken_ = placed_with(index);
  if (answers_[index] != 0) link(answers_[index]);
  link(calls_[index]);
}

const std::vector<std::uint32_t>& Timeline::eligible() const {
  eligible_.clear();
  for (std::uint32_t at = moments_.front().after; !moments_[at].is_answer; at = moments_[at].after) {
    eligible_.push_back(moments_[at].operation);
  }
  return eligible_;
}

}  // namespace pbft::check
