// Clients that always have more to do.
#pragma once

#include <string>

#include "scenario/fixture.hpp"

namespace pbft {

/// Keeps so many operations of each client under way for so long; says how many were answered.
class Load {
 public:
  Load(Cluster& cluster, std::size_t clients, std::size_t outstanding)
      : cluster_(cluster), clients_(clients), outstanding_(outstanding) {}
  std::size_t run(Duration time) {
    const std::size_t before = answered();
    end_ = cluster_.now() + time;
    pump();
    cluster_.run_for(time);
    return answered() - before;
  }
  /// Of one client, since the beginning.
  std::size_t answered(std::size_t client) {
    return cluster_.client(client).operations().size() - cluster_.client(client).waiting();
  }
  std::size_t answered() {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < clients_; ++i) sum += answered(i);
    return sum;
  }

 private:
  void pump() {
    for (std::size_t i = 0; i < clients_; ++i) {
      while (cluster_.client(i).waiting() < outstanding_) {
        cluster_.client(i).send("c" + std::to_string(i) + "-" + std::to_string(sent_++));
      }
    }
    if (cluster_.now() + ms(1) < end_) cluster_.after(ms(1), [this] { pump(); });
  }

  Cluster& cluster_;
  std::size_t clients_, outstanding_;
  sim::Instant end_{};
  std::uint64_t sent_ = 0;
};

}  // namespace pbft
