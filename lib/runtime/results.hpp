// What the executor and the keeper have for the core, on its way to the loop.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/io.hpp"
#include "pbft/result.hpp"

namespace pbft::runtime {

/// Thread-safe.
class Results {
 public:
  /// `ready` is called in the thread that delivers, when take() or failure() has something again.
  explicit Results(std::function<void()> ready) : ready_(std::move(ready)) {}

  void deliver(core::Event event) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      first = events_.size() == 1;
    }
    if (first) ready_();
  }
  /// What the disk or the state machine refused: the replica cannot go on. The first one counts.
  void fail(Error error) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return;
      failure_ = std::move(error);
    }
    ready_();
  }

  /// In the order in which each thread delivered.
  std::vector<core::Event> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }
  std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  const std::function<void()> ready_;
  mutable std::mutex mutex_;
  std::vector<core::Event> events_;
  std::optional<Error> failure_;
};

}  // namespace pbft::runtime
