#include "sim/scheduler.hpp"

#include "core/check.hpp"

namespace pbft::sim {

std::size_t Scheduler::free_place() {
  if (free_.empty()) {
    actions_.emplace_back();
    return actions_.size() - 1;
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  return place;
}

void Scheduler::push(const Entry& entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), Later());
  if (entry.kind == EventKind::work) ++pending_work_;
}

void Scheduler::run_next() {
  PBFT_CHECK(!heap_.empty());
  std::pop_heap(heap_.begin(), heap_.end(), Later());
  const Entry entry = heap_.back();
  heap_.pop_back();
  if (entry.kind == EventKind::work) --pending_work_;
  now_ = entry.when;
  (*actions_[entry.place])();
  actions_[entry.place].reset();
  free_.push_back(entry.place);
}

void Scheduler::advance_to(Instant when) {
  PBFT_CHECK(heap_.empty() || next() >= when);
  now_ = std::max(now_, when);
}

}  // namespace pbft::sim
