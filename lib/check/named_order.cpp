#include "check/named_order.hpp"

#include <algorithm>
#include <tuple>

namespace pbft::check {
namespace {

/// A read that saw v writes stands between the write at v and the next; reads of one value in any order.
auto place(const Observation& observation) {
  return std::tuple(observation.position, observation.is_write ? 0 : 1);
}

std::string describe(const Observation& observation) {
  return (observation.is_write ? "the write at position " : "a read of ") +
         std::to_string(observation.position);
}

}  // namespace

std::optional<std::string> find_contradiction(std::vector<Observation> observations) {
  std::sort(observations.begin(), observations.end(),
            [](const Observation& a, const Observation& b) { return place(a) < place(b); });
  const Observation* first_to_end = nullptr;  // of those behind the group that is looked at
  for (std::size_t end = observations.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && place(observations[begin - 1]) == place(observations[end - 1])) --begin;
    if (observations[begin].is_write && end - begin > 1) {
      return "two writes have one place: position " + std::to_string(observations[begin].position);
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (first_to_end == nullptr || first_to_end->end_ns >= observations[i].start_ns) continue;
      return describe(*first_to_end) + " was answered " +
             std::to_string((observations[i].start_ns - first_to_end->end_ns) / 1000) + " us before " +
             describe(observations[i]) + " began, yet stands behind it";
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (first_to_end == nullptr || observations[i].end_ns < first_to_end->end_ns)
        first_to_end = &observations[i];
    }
    end = begin;
  }
  return std::nullopt;
}

}  // namespace pbft::check
