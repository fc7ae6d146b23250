// What pbft-sim tells about the seeds that it ran.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "swarm/options.hpp"
#include "swarm/workers.hpp"

namespace swarm {

/// The exit code of a failing seed, whatever failed: all of it was promised.
inline constexpr int exit_violated = 5;

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  /// Counts it, and tells at once if it failed.
  void add(const Finished& finished);
  /// How far it is, on stderr: often on a terminal, else now and then.
  void tell_progress();
  /// The summary, or all of it as JSON.
  void print() const;
  int exit_code() const { return failures_.empty() ? 0 : exit_violated; }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }
  void print_json() const;
  void print_text() const;

  const Options& options_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point told_ = began_;
  std::uint64_t ran_ = 0, operations_ = 0, view_changes_ = 0, events_ = 0;
  double virtual_seconds_ = 0;
  std::vector<Finished> failures_;
};

/// One seed, as text or JSON; the exit code.
int print_one(const Options& options, const Finished& finished);

}  // namespace swarm
