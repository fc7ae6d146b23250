// Virtual time: what happens next, and nothing in between.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "core/io.hpp"
#include "sim/action.hpp"

namespace pbft::sim {

using core::Instant;

constexpr Duration ms(std::int64_t n) { return std::chrono::milliseconds(n); }

/// What an event is, for settle(): a timer may be pending for ever, work ends.
enum class EventKind : std::uint8_t { work, timer };

/// Events at one instant run in the order in which they were scheduled.
class Scheduler {
 public:
  Instant now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  /// When the next event is due. REQUIRES: not empty.
  Instant next() const { return heap_.front().when; }
  /// Events of kind `work` not yet run.
  std::size_t pending_work() const { return pending_work_; }

  /// `when` in the past means now. `action` is called without arguments, once or, if the scheduler ends
  /// before, never.
  template <class F>
  void at(Instant when, EventKind kind, F&& action) {
    const std::size_t place = free_place();
    actions_[place].emplace(std::forward<F>(action));
    push({std::max(when, now_), order_++, static_cast<std::uint32_t>(place), kind});
  }
  template <class F>
  void after(Duration delay, EventKind kind, F&& action) {
    at(now_ + delay, kind, std::forward<F>(action));
  }
  /// Runs the next event. REQUIRES: not empty.
  void run_next();
  /// Moves time forward to `when`. REQUIRES: no event is due before.
  void advance_to(Instant when);

 private:
  struct Entry {
    Instant when;
    std::uint64_t order;
    std::uint32_t place;  // of its action
    EventKind kind;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  std::size_t free_place();
  void push(const Entry& entry);

  Instant now_{};
  std::uint64_t order_ = 0;
  std::size_t pending_work_ = 0;
  std::vector<Entry> heap_;                    // earliest first, by Later
  std::deque<std::optional<Action>> actions_;  // they stay where they are, also while they run
  std::vector<std::size_t> free_;
};

}  // namespace pbft::sim
