// What a fuzz target is: a function of bytes that ends the process when a promise is broken.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "pbft/types.hpp"

namespace pbft::fuzz {

/// One target, as it registers itself before main(). A binary of libFuzzer holds one of them, the replay all.
class Target {
 public:
  /// Deterministic: the same bytes, the same run. `input` may be anything; nothing outlives the call.
  using Function = void (*)(BytesView input);

  Target(const char* name, Function function) : name_(name), function_(function), next_(first_) {
    first_ = this;
  }
  const char* name() const { return name_; }
  void run(BytesView input) const { function_(input); }

  static const Target* first() { return first_; }
  const Target* next() const { return next_; }

 private:
  const char* name_;
  Function function_;
  const Target* next_;
  static inline const Target* first_ = nullptr;
};

[[noreturn]] inline void broken(const std::string& promise, const char* file, int line) {
  std::fprintf(stderr, "broken promise: %s (%s:%d)\n", promise.c_str(), file, line);
  std::abort();
}

}  // namespace pbft::fuzz

/// What holds for every input.
#define FUZZ_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::pbft::fuzz::broken(#condition, __FILE__, __LINE__))
