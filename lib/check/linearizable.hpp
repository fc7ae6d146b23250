// Is there an order of all operations, each between its call and its answer, in which one object by itself
// would have answered what the clients were answered?
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "check/model.hpp"
#include "check/search.hpp"

namespace pbft::check {

namespace detail {

/// The history up to `until`: what is answered later has no answer yet, what is asked later is not there.
template <class Operation>
std::vector<Observed<Operation>> until(const std::vector<Observed<Operation>>& history, std::int64_t end) {
  std::vector<Observed<Operation>> part;
  for (const Observed<Operation>& each : history) {
    if (each.start > end) continue;
    part.push_back(each);
    if (each.end && *each.end > end) part.back().end.reset();
  }
  return part;
}

/// A longer part of a history that is not linearizable is not linearizable: the shortest is found by halves.
template <Model M>
std::string explain(const M& model, const std::vector<Observed<typename M::Operation>>& history,
                    const Bounds& bounds) {
  std::vector<std::size_t> answered;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].end) answered.push_back(i);
  }
  std::sort(answered.begin(), answered.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(*history[a].end, a) < std::pair(*history[b].end, b);
  });
  std::size_t good = 0, bad = answered.size() - 1;  // among answered; before `good` all is well
  while (good < bad) {
    const std::size_t middle = good + (bad - good) / 2;
    const auto part = until(history, *history[answered[middle]].end);
    if (Search<M>(model, part, bounds.configurations).run() == Found::none) {
      bad = middle;
    } else {
      good = middle + 1;
    }
  }
  const Observed<typename M::Operation>& first = history[answered[bad]];
  return model.describe(first.operation) + ", asked at " + std::to_string(first.start) + " and answered at " +
         std::to_string(*first.end) + ", fits no order with what was answered before";
}

}  // namespace detail

/// Decides whether `history` is linearizable with respect to `model` (Herlihy and Wing 1990). One operation
/// precedes another if it was answered before the other was asked; equal times are no precedence. One without
/// an answer may have happened at any time after it was asked, or not at all.
template <Model M>
Verdict linearize(const M& model, const std::vector<Observed<typename M::Operation>>& history,
                  const Bounds& bounds = {}) {
  std::map<std::uint64_t, std::vector<std::size_t>> objects;
  for (std::size_t i = 0; i < history.size(); ++i) {
    std::uint64_t key = 0;
    if constexpr (requires { model.key(history[i].operation); }) key = model.key(history[i].operation);
    objects[key].push_back(i);
  }
  Verdict verdict;
  for (const auto& [key, members] : objects) {
    std::vector<Observed<typename M::Operation>> part;
    part.reserve(members.size());
    for (std::size_t member : members) part.push_back(history[member]);
    Search<M> search(model, part, bounds.configurations);
    const Found found = search.run();
    verdict.configurations += search.configurations();
    if (found == Found::none) {
      verdict.kind = Verdict::Kind::violated;  // whatever is undecided of the other objects
      verdict.order.clear();
      verdict.why = detail::explain(model, part, bounds);
      return verdict;
    }
    if (found == Found::nothing_yet) verdict.kind = Verdict::Kind::undecided;
    for (std::size_t index : search.order()) verdict.order.push_back(members[index]);
  }
  if (!verdict.is_good()) verdict.order.clear();
  return verdict;
}

}  // namespace pbft::check
