// A libuv loop that a test drives: until something holds, never for a fixed time.
#pragma once

#include <doctest/doctest.h>
#include <uv.h>

#include <chrono>

namespace pbft::net {

class Loop {
 public:
  Loop() {
    REQUIRE(uv_loop_init(&loop_) == 0);
    uv_timer_init(&loop_, &wake_);
  }
  ~Loop() {
    uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
    uv_run(&loop_, UV_RUN_NOWAIT);
    CHECK(uv_loop_alive(&loop_) == 0);
    CHECK(uv_loop_close(&loop_) == 0);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* raw() { return &loop_; }

  /// False: `condition` did not come to hold before the deadline.
  template <class Condition>
  bool run_until(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    uv_timer_start(&wake_, [](uv_timer_t*) {}, 1, 1);
    while (!condition() && std::chrono::steady_clock::now() < end) uv_run(&loop_, UV_RUN_ONCE);
    uv_timer_stop(&wake_);
    return condition();
  }
  /// Lets everything happen that can without waiting.
  void turn(int turns = 1) {
    for (int i = 0; i < turns; ++i) uv_run(&loop_, UV_RUN_NOWAIT);
  }

 private:
  uv_loop_t loop_{};
  uv_timer_t wake_{};
};

}  // namespace pbft::net
