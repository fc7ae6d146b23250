// Looks at all processes of a run every now and then, from outside.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/report/report.hpp"
#include "bench/run/cluster.hpp"
#include "bench/run/proc.hpp"

namespace bench {

class Probe {
 public:
  Probe(const Cluster& cluster, std::vector<std::pair<std::string, pid_t>> others)
      : cluster_(cluster), others_(std::move(others)) {}

  void look(std::int64_t now_ns);
  /// What was used before does not count.
  void begin(std::int64_t now_ns);

  /// The highest view that a correct replica was in then.
  std::uint64_t view_at(std::int64_t ns) const;
  std::vector<ProcessUse> uses(std::int64_t until_ns) const;
  /// As the primary tells them, in the order of the protocol; none if it does not.
  std::vector<Stage> stages() const;
  /// Checkpoints at which two or more correct replicas said what their state is.
  std::uint64_t compared_checkpoints() const;
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Range {
    std::uint64_t first = 0, max = 0;
    void begin(std::uint64_t value) { first = max = value; }
    void see(std::uint64_t value) { max = std::max(max, value); }
  };
  /// What a process counts from its start, and a later one under the same name from nought.
  struct Counter {
    std::uint64_t first = 0, now = 0;
    void begin() { first = now; }
    void see(std::uint64_t counted) {
      if (counted < now) first = 0;
      now = counted;
    }
    double rate(double seconds) const { return static_cast<double>(now - first) / seconds; }
  };
  struct Watched {
    pid_t pid = -1;
    ProcessCounters last;   ///< Of this process.
    ProcessCounters total;  ///< Since begin(), of all that ran under this name.
    Range rss, descriptors, data;
    Counter fsyncs, written, received, sent;
  };
  struct State {
    std::string digest;
    std::uint32_t replica;
    bool confirmed = false;
  };

  void look_at_process(const std::string& name, pid_t pid);
  void look_at_data();
  void look_at_status(std::uint32_t replica, const app::StatusReport& status);

  const Cluster& cluster_;
  const std::vector<std::pair<std::string, pid_t>> others_;
  std::int64_t begin_ns_ = 0, data_seen_ns_ = 0;
  std::map<std::string, Watched> watched_;
  std::vector<std::pair<std::int64_t, std::uint64_t>> views_;  ///< When which was first seen, ascending.
  std::map<std::uint64_t, State> checkpoints_;
  std::vector<std::string> violations_;
};

}  // namespace bench
