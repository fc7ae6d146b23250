#include "runtime/loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/check.hpp"
#include "runtime/clock.hpp"
#include "runtime/thread.hpp"

namespace pbft::runtime {

namespace {
template <class Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}
}  // namespace

Timer::Timer(Loop& loop, std::function<void()> fire)
    : loop_(loop), fire_(std::move(fire)), handle_(new uv_timer_t) {
  uv_timer_init(loop.uv(), handle_);
  handle_->data = this;
}

void Timer::set(core::Instant at) {
  at_ = at;
  set_ = true;
  // The protocol's timers are mostly moved to later: a wake too early finds that out, the heap is left alone.
  if (uv_is_active(as_handle(handle_)) == 0 || at < armed_) arm();
}

void Timer::arm() {
  uv_update_time(loop_.uv());
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(at_ - now().monotonic).count();
  armed_ = at_;
  uv_timer_start(
      handle_, [](uv_timer_t* handle) { static_cast<Timer*>(handle->data)->on_timeout(); },
      wait > 0 ? static_cast<std::uint64_t>(wait) : 0, 0);
}

void Timer::on_timeout() {
  loop_.enter();
  if (!set_) return;
  if (now().monotonic < at_) return arm();
  set_ = false;
  fire_();
}

Result<std::unique_ptr<Loop>> Loop::create(uv_loop_t* callers) {
  std::unique_ptr<Loop> loop(new Loop);
  if (Result<void> opened = loop->open(callers); !opened) return opened.error();
  return loop;
}

Result<void> Loop::open(uv_loop_t* callers) {
  const auto failed = [](int status) {
    return Error{ErrorCode::io, std::string("cannot open an event loop: ") + uv_strerror(status) +
                                    "; raise the limit of open files (ulimit -n)"};
  };
  if (callers == nullptr) {
    if (const int status = uv_loop_init(&own_); status != 0) return failed(status);
    loop_ = &own_;
    uv_loop_configure(loop_, UV_METRICS_IDLE_TIME);
  } else {
    loop_ = callers;
    thread_id_ = std::this_thread::get_id();
  }
  auto wake = std::make_unique<uv_async_t>();
  const int status = uv_async_init(
      loop_, wake.get(), [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->take_posted(); });
  if (status != 0) return failed(status);
  wake_ = wake.release();
  wake_->data = this;
  return {};
}

Loop::~Loop() {
  if (thread_.joinable()) {  // our own thread held the last owner, and is about to end
    PBFT_CHECK(thread_.get_id() == std::this_thread::get_id());
    thread_.detach();
    return;
  }
  if (loop_ == nullptr || closed_) return;
  PBFT_CHECK(turn_ == nullptr);  // never ran
  close_handles(nullptr);
  if (!is_own()) return;
  uv_run(loop_, UV_RUN_DEFAULT);
  PBFT_CHECK(uv_loop_close(loop_) == 0);
}

Timer& Loop::add_timer(std::function<void()> fire) {
  timers_.emplace_back(new Timer(*this, std::move(fire)));
  return *timers_.back();
}

void Loop::run(std::shared_ptr<void> owner, Task turn) {
  turn_ = std::move(turn);
  prepare_ = new uv_prepare_t;
  uv_prepare_init(loop_, prepare_);
  prepare_->data = this;
  uv_prepare_start(prepare_, [](uv_prepare_t* handle) {
    auto* self = static_cast<Loop*>(handle->data);
    self->enter();
    self->turn_();
    if (self->is_own()) self->measure_turn();
  });
  if (!is_own()) {
    owner_ = std::move(owner);
    return;
  }
  thread_ = start_thread([this, held = std::move(owner)] {
    enter();
    uv_run(loop_, UV_RUN_DEFAULT);
    PBFT_CHECK(uv_loop_close(loop_) == 0);
  });
}

// libuv's callbacks for what came in run inside of its wait; it counts itself for how long it really waited.
void Loop::measure_turn() {
  const std::chrono::nanoseconds busy(uv_hrtime() - uv_metrics_idle_time(loop_));
  if (last_wait_) longest_turn_ = std::max(longest_turn_, busy - *last_wait_);
  last_wait_ = busy;
}

void Loop::enter() {
  if (turned_.load(std::memory_order_relaxed)) return;
  thread_id_ = std::this_thread::get_id();
  turned_ = true;
}

void Loop::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  posted_.push_back(std::move(task));
  if (posted_.size() == 1) uv_async_send(wake_);
}

void Loop::take_posted() {
  enter();
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (Task& task : tasks) task();
}

void Loop::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  close_handles(this);
}

void Loop::close_handles(Loop* told) {
  for (auto& timer : timers_) close_handle(std::exchange(timer->handle_, nullptr), told);
  if (prepare_ != nullptr) close_handle(std::exchange(prepare_, nullptr), told);
  if (wake_ != nullptr) close_handle(std::exchange(wake_, nullptr), told);
}

template <class Handle>
void Loop::close_handle(Handle* handle, Loop* told) {
  ++open_handles_;
  handle->data = told;
  uv_close(as_handle(handle), [](uv_handle_t* closed) {
    auto* loop = static_cast<Loop*>(closed->data);
    delete reinterpret_cast<Handle*>(closed);
    if (loop != nullptr) loop->on_handle_closed();
  });
}

void Loop::on_handle_closed() {
  if (--open_handles_ == 0) on_all_closed();
}

void Loop::on_all_closed() {
  const std::shared_ptr<void> last = std::move(owner_);
  const std::lock_guard lock(mutex_);
  closed_ = true;
  closed_changed_.notify_all();
}

void Loop::wait_closed() {
  if (is_this_thread()) return;
  if (is_own()) {
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
    return;
  }
  std::unique_lock lock(mutex_);
  closed_changed_.wait(lock, [this] { return closed_; });
}

}  // namespace pbft::runtime
