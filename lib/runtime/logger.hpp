// The user's log sink, one call at a time.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "pbft/options.hpp"

namespace pbft::runtime {

/// Thread-safe.
class Logger {
 public:
  /// `who` starts every line: "replica 2".
  Logger(LogSink sink, std::string who) : sink_(std::move(sink)), who_(std::move(who)) {}
  void operator()(LogLevel level, const std::string& text) {
    if (!sink_) return;
    const std::lock_guard lock(mutex_);
    sink_(level, who_ + ": " + text);
  }

 private:
  LogSink sink_;
  std::string who_;
  std::mutex mutex_;
};

}  // namespace pbft::runtime
