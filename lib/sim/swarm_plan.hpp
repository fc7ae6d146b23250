// What is drawn for one seed of the swarm: a cluster, and what will befall it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/cluster.hpp"
#include "sim/swarm.hpp"

namespace pbft::sim {

struct SwarmPlan {
  using Action = std::function<void(Cluster&)>;
  struct Event {
    Duration at;
    Action what;
  };

  ClusterOptions options;
  Duration storm{};              ///< How long faults go on, but for those of the faulty.
  Duration calm_delay = ms(1);   ///< The longest way of a message after them.
  bool has_restarts = false;     ///< Correct replicas crash and come back.
  bool has_big_state = false;    ///< A state of many blocks, and so many checkpoints that it has to travel.
  std::set<ReplicaId> faulty;    ///< At most f; they stay so for ever.
  std::vector<Action> setup;     ///< Before anything happens.
  std::vector<Event> events;     ///< In the order of drawing.
  std::vector<Action> clearing;  ///< When the storm has passed.
  std::string text;              ///< For a person.

  std::uint32_t n() const { return options.replicas; }
  std::uint64_t f() const { return core::Quorums(n()).f(); }
  void note(const std::string& line) { text += (text.empty() ? "" : ", ") + line; }
  void at(Duration when, Action what) { events.push_back({when, std::move(what)}); }
  ReplicaId any_replica(Random& random) const {
    return ReplicaId{static_cast<std::uint32_t>(random.below(n()))};
  }
  std::vector<ReplicaId> honest() const;
};

SwarmPlan draw_swarm(const SwarmOptions& options);
/// Runs the storm and the calm after it. `judge`, if there is one, is called when all that must happen has
/// happened; it may throw Violation.
SwarmResult run_plan(const SwarmPlan& plan, const SwarmPlan::Action& judge = nullptr);

// Each draws its part of the plan, with chances of its own: what one draws shifts nothing in the others.
void draw_cluster(SwarmPlan& plan, const SwarmOptions& asked, Random random);              // draw_cluster.cpp
void draw_faulty(SwarmPlan& plan, std::optional<std::uint32_t> byzantine, Random random);  // draw_faulty.cpp
void draw_operations(SwarmPlan& plan, Random random);                                      // draw_clients.cpp
void draw_rogue(SwarmPlan& plan, Random random);                                           // draw_clients.cpp
void draw_weather(SwarmPlan& plan, Random random);                                         // draw_weather.cpp
void draw_restarts(SwarmPlan& plan, Random random);      // draw_restarts.cpp
void draw_worst_moment(SwarmPlan& plan, Random random);  // draw_restarts.cpp

/// "12 ms"
std::string millis(Duration duration);

}  // namespace pbft::sim
