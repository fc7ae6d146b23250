// Something to do later, without a trip to the heap for the usual sizes.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace pbft::sim {

/// Holds one callable in place until it is called or destroyed; stays where it was made.
class Action {
 public:
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Action>)
  explicit Action(F&& callable) {
    using Callable = std::decay_t<F>;
    if constexpr (sizeof(Callable) <= capacity && alignof(Callable) <= alignof(std::max_align_t)) {
      new (bytes_) Callable(std::forward<F>(callable));
      call_ = [](void* at) { (*static_cast<Callable*>(at))(); };
      destroy_ = [](void* at) { static_cast<Callable*>(at)->~Callable(); };
    } else {
      new (bytes_) Callable*(new Callable(std::forward<F>(callable)));
      call_ = [](void* at) { (**static_cast<Callable**>(at))(); };
      destroy_ = [](void* at) { delete *static_cast<Callable**>(at); };
    }
  }
  Action(const Action&) = delete;
  Action& operator=(const Action&) = delete;
  ~Action() { destroy_(bytes_); }

  void operator()() { call_(bytes_); }

 private:
  static constexpr std::size_t capacity = 96;  // a frame on its way, a batch to execute

  void (*call_)(void*);
  void (*destroy_)(void*);
  alignas(std::max_align_t) std::byte bytes_[capacity];
};

}  // namespace pbft::sim
