// Linearizability by its definition: every subset of what has no answer, every order. For a handful of
// operations; shares nothing with the search but the models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "check/search.hpp"

namespace pbft::check::testing {

template <Model M>
class BruteForce {
 public:
  using History = std::vector<Observed<typename M::Operation>>;
  BruteForce(const M& model, const History& history)
      : model_(model), history_(history), placed_(history.size(), false) {}
  bool finds_an_order() { return extend(model_.initial()); }

 private:
  bool extend(typename M::State state) {
    bool complete = true;
    for (std::size_t i = 0; i < history_.size(); ++i) complete = complete && (placed_[i] || !history_[i].end);
    if (complete) return true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (placed_[i] || !may_come_now(i)) continue;
      typename M::State after = state;
      if (!model_.apply(after, history_[i].operation, history_[i].end.has_value())) continue;
      placed_[i] = true;
      const bool found = extend(after);
      placed_[i] = false;
      if (found) return true;
    }
    return false;
  }
  bool may_come_now(std::size_t index) const {
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!placed_[i] && i != index && history_[i].end && *history_[i].end < history_[index].start)
        return false;
    }
    return true;
  }

  const M& model_;
  const History& history_;
  std::vector<bool> placed_;
};

}  // namespace pbft::check::testing
