// Virtual time: what happens next, and nothing in between.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/io.hpp"

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

  /// `when` in the past means now.
  void at(Instant when, EventKind kind, std::function<void()> action);
  void after(Duration delay, EventKind kind, std::function<void()> action) {
    at(now_ + delay, kind, std::move(action));
  }
  /// Runs the next event. REQUIRES: not empty.
  void run_next();
  /// Moves time forward to `when`. REQUIRES: no event is due before.
  void advance_to(Instant when);

 private:
  struct Entry {
    Instant when;
    std::uint64_t order;
    EventKind kind;
    std::function<void()> action;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  Instant now_{};
  std::uint64_t order_ = 0;
  std::size_t pending_work_ = 0;
  std::vector<Entry> heap_;  // earliest first, by `later`
};

}  // namespace pbft::sim
