// A libuv loop with an inbox and timers: in a thread of its own, or a loop that the caller runs.
#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/io.hpp"
#include "pbft/result.hpp"

namespace pbft::runtime {

class Loop;

/// Of one Loop; lives as long as it. Everything on the loop's thread.
class Timer {
 public:
  /// Fires once, at `at` or later, unless set or cancelled before.
  void set(core::Instant at);
  void cancel() { set_ = false; }

 private:
  friend class Loop;
  Timer(Loop& loop, std::function<void()> fire);
  void arm();
  void on_timeout();

  Loop& loop_;
  std::function<void()> fire_;
  uv_timer_t* handle_;     ///< Freed when libuv has closed it.
  core::Instant at_{};     ///< When it is due, if it is set.
  core::Instant armed_{};  ///< When libuv wakes us, if the handle is active. A wake too early does no harm.
  bool set_ = false;
};

class Loop {
 public:
  using Task = std::function<void()>;

  /// `callers` null: a loop of its own; run() gives it a thread. Otherwise REQUIRES: the caller's loop does
  /// not run yet, or this is its thread. Error::io if the process has no descriptor left.
  static Result<std::unique_ptr<Loop>> create(uv_loop_t* callers);
  ~Loop();  ///< REQUIRES: closed, or run() was never called.

  uv_loop_t* uv() { return loop_; }
  /// Before run().
  Timer& add_timer(std::function<void()> fire);

  /// Starts, once. `turn` runs in every turn of the loop, before it waits. `owner`, which owns this Loop too,
  /// is kept alive until every handle is closed.
  void run(std::shared_ptr<void> owner, Task turn);

  /// Any thread. Runs on the loop, in order of posting; dropped once the loop closes.
  void post(Task task);

  /// Whether the calling thread is the loop's. Before a caller's loop has made its first turn: whether it
  /// created the Loop.
  bool is_this_thread() const { return thread_id_.load() == std::this_thread::get_id(); }
  /// The longest that a turn took without its wait: for so long the network and the timers had to wait. 0 on
  /// a caller's loop, which is not ours to measure. On the loop.
  Duration longest_turn() const { return std::chrono::duration_cast<Duration>(longest_turn_); }
  /// False as long as a caller's loop has not made its first turn.
  bool has_turned() const { return turned_.load(); }

  /// On the loop, once: closes every handle. A caller's loop goes on running; our own one ends.
  void close();
  /// Returns when all is closed and our own thread has ended; at once if is_this_thread().
  void wait_closed();

 private:
  friend class Timer;
  Loop() = default;
  Result<void> open(uv_loop_t* callers);
  bool is_own() const { return loop_ == &own_; }
  void enter();
  void measure_turn();
  void take_posted();
  /// `told` hears when each handle is closed; null: nobody.
  void close_handles(Loop* told);
  template <class Handle>
  void close_handle(Handle* handle, Loop* told);
  void on_handle_closed();
  void on_all_closed();

  uv_loop_t own_{};
  uv_loop_t* loop_ = nullptr;  ///< &own_ or the caller's.
  uv_async_t* wake_ = nullptr;
  uv_prepare_t* prepare_ = nullptr;
  std::optional<std::chrono::nanoseconds> last_wait_;  ///< When it began, less all waits before.
  std::chrono::nanoseconds longest_turn_{};
  std::vector<std::unique_ptr<Timer>> timers_;
  std::size_t open_handles_ = 0;
  Task turn_;
  std::shared_ptr<void> owner_;  ///< With a caller's loop; a thread of our own holds it itself.

  std::atomic<std::thread::id> thread_id_;
  std::atomic<bool> turned_ = false;
  std::mutex join_mutex_;
  std::thread thread_;

  std::mutex mutex_;  ///< Of what follows.
  std::vector<Task> posted_;
  bool closing_ = false;
  bool closed_ = false;
  std::condition_variable closed_changed_;
};

}  // namespace pbft::runtime
