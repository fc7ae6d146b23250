// Everything that happened in a run, as one number and, if asked for, as text.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/io.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"

namespace pbft::sim {

/// Two runs with equal hashes had the same inputs and outputs at the same virtual times in the same order.
class Trace {
 public:
  using Sink = std::function<void(const std::string& line)>;
  /// What a note is about; part of the hash.
  enum class Kind : std::uint8_t {
    sent,
    delivered,
    refused,
    timer,
    executed,
    persisted,
    snapshot,
    report,
    completed,
    fault
  };

  explicit Trace(const Scheduler& scheduler) : scheduler_(scheduler) {}
  void print_to(Sink sink) { sink_ = std::move(sink); }

  /// `text` is a function returning the line; it is called only when somebody reads.
  template <class Text>
  void note(Kind kind, const core::Identity& who, std::uint64_t what, Text&& text) {
    const auto time = static_cast<std::uint64_t>(scheduler_.now().count());
    hash_ = mix(hash_ ^ mix(time * 16 + static_cast<std::uint64_t>(kind)) ^ mix(code(who) ^ mix(what)));
    ++notes_;
    if (sink_) print(who, text());
  }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t notes() const { return notes_; }

 private:
  static std::uint64_t code(const core::Identity& who);
  void print(const core::Identity& who, const std::string& text) const;

  const Scheduler& scheduler_;
  Sink sink_;
  std::uint64_t hash_ = 0;
  std::uint64_t notes_ = 0;
};

}  // namespace pbft::sim
