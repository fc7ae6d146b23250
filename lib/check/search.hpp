// The search behind linearize(): Wing and Gong 1993, with what Lowe 2017 adds, for one object.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "check/model.hpp"
#include "check/timeline.hpp"

namespace pbft::check {

enum class Found : std::uint8_t {
  order,
  none,
  nothing_yet,  ///< The bound was reached.
};

/// Depth first: one operation after the other takes its place in the order. A configuration, which is what
/// has its place and the state that it leads to, is entered once. Three things keep the search narrow and
/// lose no order:
/// - What changes no state and has the right answer takes its place at once: it does not hinder anything that
///   could come before it. Without an answer it needs no place.
/// - Among those without an answer that do the same, the one asked first is taken first.
/// - What must end first is tried first: it has its place just in time (Lowe 2017).
template <Model M>
class Search {
 public:
  using Operation = typename M::Operation;
  using State = typename M::State;

  /// `model` and `history` outlive the search.
  Search(const M& model, const std::vector<Observed<Operation>>& history, std::size_t bound)
      : model_(model), history_(history), bound_(bound), timeline_(intervals(history)) {
    for (const Observed<Operation>& each : history) answers_left_ += each.end ? 1 : 0;
  }

  Found run() {
    enter(model_.initial());
    while (answers_left_ > 0) {
      Frame& top = frames_.back();
      if (top.next == candidates_.size()) {
        if (!leave()) return Found::none;
        continue;
      }
      const std::uint32_t index = candidates_[top.next++];
      State state = top.state;
      if (!model_.apply(state, history_[index].operation, history_[index].end.has_value())) continue;
      const Timeline::Placed placed = timeline_.placed_with(index);
      auto& states = seen_[placed];
      if (std::find(states.begin(), states.end(), state) != states.end()) continue;
      if (++configurations_ > bound_) return Found::nothing_yet;
      states.push_back(state);
      place(index);
      enter(std::move(state));
    }
    return Found::order;
  }

  std::size_t configurations() const { return configurations_; }
  /// The operations that have their place, in their order.
  const std::vector<std::size_t>& order() const { return order_; }

 private:
  struct Frame {
    State state;
    std::size_t first, next;  // in candidates_; those of the last frame reach to the end
  };

  static std::vector<Interval> intervals(const std::vector<Observed<Operation>>& history) {
    std::vector<Interval> result;
    result.reserve(history.size());
    for (const Observed<Operation>& each : history) result.push_back({each.start, each.end});
    return result;
  }

  void enter(State state) {
    const std::size_t first = candidates_.size();
    collect(state);
    frames_.push_back({std::move(state), first, first});
  }

  /// False: there is nowhere to go back to.
  bool leave() {
    candidates_.resize(frames_.back().first);
    frames_.pop_back();
    if (frames_.empty()) return false;
    const std::size_t index = order_.back();
    order_.pop_back();
    timeline_.put_back(static_cast<std::uint32_t>(index));
    if (history_[index].end) ++answers_left_;
    return true;
  }

  void place(std::uint32_t index) {
    order_.push_back(index);
    timeline_.take(index);
    if (history_[index].end) --answers_left_;
  }

  /// What may come next: nothing that has no place yet was answered before it was asked.
  void collect(const State& state) {
    const std::size_t first = candidates_.size();
    effects_.clear();
    for (const std::uint32_t index : timeline_.eligible()) {
      const Operation& operation = history_[index].operation;
      const bool answered = history_[index].end.has_value();
      const std::uint64_t effect = model_.effect(operation);
      if (!answered && effect == 0) continue;
      if constexpr (requires { model_.is_too_late(state, operation); }) {
        if (answered && model_.is_too_late(state, operation)) return candidates_.resize(first);
      }
      State after = state;
      if (!model_.apply(after, operation, answered)) continue;
      if (effect == 0) {
        candidates_.resize(first);
        candidates_.push_back(index);
        return;
      }
      if (!answered) {
        if (std::find(effects_.begin(), effects_.end(), effect) != effects_.end()) continue;
        effects_.push_back(effect);
      }
      candidates_.push_back(index);
    }
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(first), candidates_.end(),
              [this](std::uint32_t a, std::uint32_t b) {
                return std::pair(deadline(a), a) < std::pair(deadline(b), b);
              });
  }
  std::int64_t deadline(std::uint32_t index) const {
    return history_[index].end.value_or(std::numeric_limits<std::int64_t>::max());
  }

  const M& model_;
  const std::vector<Observed<Operation>>& history_;
  std::size_t bound_, configurations_ = 0, answers_left_ = 0;
  Timeline timeline_;
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> candidates_;  // of all frames, one after the other
  std::vector<std::uint64_t> effects_;     // of what has no answer and is among the candidates
  std::vector<std::size_t> order_;
  std::unordered_map<Timeline::Placed, std::vector<State>, Timeline::Hash> seen_;
};

}  // namespace pbft::check
