// A thread that does one task after the other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/thread.hpp"

namespace pbft::runtime {

template <class Task>
class Worker {
 public:
  /// `perform` runs in the thread; an exception that leaves it ends the process.
  explicit Worker(std::function<void(Task&)> perform) : perform_(std::move(perform)) {
    thread_ = start_thread([this]() noexcept { run(); });
  }
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Any thread; never waits for a task.
  void push(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) changed_.notify_one();
  }
  /// A long task asks this on its way.
  bool is_stopping() const { return stopping_; }
  /// Waits for the task that is running; what is queued is dropped. Idempotent, one thread at a time.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::vector<Task> tasks;
    while (wait_for(tasks)) {
      for (Task& task : tasks) {
        if (stopping_) return;
        perform_(task);
      }
      tasks.clear();
    }
  }
  bool wait_for(std::vector<Task>& tasks) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    tasks.swap(tasks_);
    return !stopping_;
  }

  const std::function<void(Task&)> perform_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  ///< Of what follows.
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::thread thread_;
};

}  // namespace pbft::runtime
