// What scenario tests of disks, restarts and state transfer are written in.
#pragma once

#include <memory>
#include <string>

#include "scenario/fixture.hpp"
#include "sim/big_state.hpp"

namespace pbft {

inline ClusterOptions on_disk(std::uint64_t interval = 4) {
  ClusterOptions options;
  options.storage = sim::Storage::disk;
  options.agreed.checkpoint_interval = interval;
  return options;
}

inline constexpr std::size_t big_bytes = 1024 * 1024;
inline ClusterOptions with_big_state(ClusterOptions options) {
  options.machine = [] { return std::make_unique<sim::BigState>(big_bytes); };
  return options;
}

/// One after the other, each answered.
inline void send(Cluster& cluster, int operations, const std::string& name = "x") {
  for (int i = 0; i < operations; ++i) {
    cluster.client(0).send(name + std::to_string(i));
    cluster.run_until_answered();
  }
}

/// An operation now and then, whether or not the last one was answered.
inline void keep_busy(Cluster& cluster, Duration period, Duration time, const std::string& name = "busy") {
  for (int i = 0; i * period < time; ++i) {
    cluster.after(i * period, [&cluster, text = name + std::to_string(i)] { cluster.client(0).send(text); });
  }
}

}  // namespace pbft
