#include "sim/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace pbft::sim {

void Scheduler::at(Instant when, EventKind kind, std::function<void()> action) {
  heap_.push_back({std::max(when, now_), order_++, kind, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), later);
  if (kind == EventKind::work) ++pending_work_;
}

void Scheduler::run_next() {
  PBFT_CHECK(!heap_.empty());
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Entry entry = std::move(heap_.back());
  heap_.pop_back();
  if (entry.kind == EventKind::work) --pending_work_;
  now_ = entry.when;
  entry.action();
}

void Scheduler::advance_to(Instant when) {
  PBFT_CHECK(heap_.empty() || next() >= when);
  now_ = std::max(now_, when);
}

}  // namespace pbft::sim
