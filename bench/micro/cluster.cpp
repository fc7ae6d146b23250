#include "micro/cluster.hpp"

#include <set>

namespace pbft::bench {

Cluster::Cluster(std::uint32_t replica_count, std::uint32_t client_count, const Load& load)
    : world{.replicas = replica_count, .limits = {replica_count, {}}},
      keys_(sim::Signatures::ed25519, 1, replica_count, client_count) {
  std::set<ClientId> ids;
  for (std::uint32_t id = 1; id <= client_count; ++id) ids.insert(ClientId{id});
  for (std::uint32_t id = 0; id < replica_count; ++id) {
    replicas.push_back(std::make_unique<ReplicaMember>(world, ReplicaId{id}, ids, load.result_bytes,
                                                       keys_.of(ReplicaId{id})));
  }
  for (const ClientId id : ids)
    clients.push_back(std::make_unique<ClientMember>(world, id, load, keys_.of(id)));
  for (auto& replica : replicas) replica->start();
  for (auto& client : clients) client->start();
  settle();
}

void Cluster::order(std::size_t operations) {
  for (auto& client : clients) client->add(operations);
  settle();
}

void Cluster::settle() {
  bool busy = true;
  while (busy) {
    busy = false;
    for (auto& client : clients) busy = client->turn() || busy;
    for (auto& replica : replicas) busy = replica->turn() || busy;
  }
}

}  // namespace pbft::bench
