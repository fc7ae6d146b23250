// A whole cluster with its clients in one thread, in memory: real signatures, frames and records, but no
// socket, no disk and no second thread.
#pragma once

#include <memory>
#include <vector>

#include "micro/client_member.hpp"
#include "micro/replica_member.hpp"
#include "sim/keys.hpp"

namespace pbft::bench {

class Cluster {
 public:
  Cluster(std::uint32_t replica_count, std::uint32_t client_count, const Load& load);
  /// So many operations of each client, until nothing moves any more. No timer fires meanwhile.
  void order(std::size_t operations);

  World world;

 private:
  const sim::Keys keys_;

 public:
  std::vector<std::unique_ptr<ReplicaMember>> replicas;
  std::vector<std::unique_ptr<ClientMember>> clients;

 private:
  void settle();
};

}  // namespace pbft::bench
