// Restarts, power failures, lost data and slow disks, drawn for one run.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/cluster.hpp"

namespace pbft::sim {

class StorageFaults {
 public:
  using Note = std::function<void(const std::string&)>;
  /// Of the replicas that are not `faulty`; as many as f - faulty.size() lose their data, at most one.
  /// `cluster` outlives it, as it outlives what it plans.
  StorageFaults(Cluster& cluster, Random random, const std::set<ReplicaId>& faulty, Note note);
  /// Within `storm` from now.
  void plan(Duration storm);
  /// No more faults; who is down comes back.
  void end();

 private:
  void plan_crash(Duration at, Duration storm);
  void plan_power_point(Duration at);
  void plan_amnesia(Duration at);
  void crash(ReplicaId victim, bool power, std::uint64_t seed);
  void restart(ReplicaId victim);
  std::vector<ReplicaId> draw_victims(std::uint64_t count);

  Cluster& cluster_;
  Random random_;
  Note note_;
  std::vector<ReplicaId> honest_;
  bool may_forget_;
};

}  // namespace pbft::sim
