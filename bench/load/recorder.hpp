// Writes down what happens to each operation, in a few instructions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bench/load/load_result.hpp"

namespace bench {

/// Of the steady clock, which is one for all processes of a machine.
inline std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

class Recorder {
 public:
  Recorder(std::uint32_t clients, std::chrono::milliseconds interval, std::chrono::milliseconds duration);
  /// REQUIRES: before anything else.
  void begin(std::int64_t start_ns) { start_ns_ = start_ns; }

  void on_offered(std::int64_t at_ns) { ++at(at_ns).offered; }
  /// `client` counts from 0. `due_ns`: when it was to be sent, not after it was.
  void on_done(std::uint32_t client, std::int64_t due_ns, const Observation& observation);
  void on_failed(const std::string& why, std::int64_t at_ns);
  void on_violation(const std::string& what);

  LoadResult& result() { return result_; }

 private:
  static constexpr std::size_t max_observations = 200'000;
  static constexpr std::uint64_t max_stride = std::uint64_t{1} << 32;
  static constexpr std::size_t max_texts = 5;

  std::size_t interval_at(std::int64_t at_ns) const {
    return at_ns <= start_ns_ ? 0 : static_cast<std::size_t>((at_ns - start_ns_) / interval_ns_);
  }
  LoadInterval& at(std::int64_t at_ns);
  void observe(const Observation& observation);

  const std::int64_t interval_ns_;
  std::int64_t start_ns_ = 0;
  LoadResult result_;
};

}  // namespace bench
