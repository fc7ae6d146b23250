// Does to the cluster what the timeline says, when it says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/report/report.hpp"
#include "bench/run/cluster.hpp"
#include "bench/run/timeline.hpp"

namespace bench {

class FaultPlayer {
 public:
  FaultPlayer(Cluster& cluster, const std::vector<Fault>& timeline)
      : cluster_(cluster), timeline_(timeline) {}

  /// Plays what is due `now` after the beginning of the measurement.
  pbft::Result<void> play_until(std::chrono::milliseconds now);
  /// What was done: each fault with the replica it met, from its beginning to its remedy or `end` (seconds).
  std::vector<Band> bands(double end) const;
  /// Names of the phases, in seconds from the beginning: one from 0, and one from each time at which
  /// something was done.
  std::vector<std::pair<double, std::string>> marks() const;

 private:
  struct Played {
    double at;
    std::string name;  ///< "crash r0".
    std::string what;
    std::optional<std::uint32_t> replica;  ///< None: the faulty client.
    double ended = -1;
  };

  pbft::Result<void> play(const Fault& fault);
  pbft::Result<void> harm(const Fault& fault, std::uint32_t replica);
  pbft::Result<void> heal(const Fault& fault);
  pbft::Result<void> heal(const std::string& remedy, std::uint32_t replica);
  pbft::Result<void> play_client(const Fault& fault);
  void end(const std::string& remedy, std::optional<std::uint32_t> replica, double at);
  std::set<std::uint32_t> in_need_of(const std::string& remedy) const;

  Cluster& cluster_;
  const std::vector<Fault>& timeline_;
  std::size_t next_ = 0;
  std::vector<Played> played_;
  std::vector<std::pair<double, std::string>> marks_;
};

}  // namespace bench
