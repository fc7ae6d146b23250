// What happens to the cluster in the demo: its acts, one after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "demo_cluster.hpp"
#include "demo_story.hpp"
#include "pbft/client.hpp"

namespace app {

/// Lets SIGINT and SIGTERM end the demo by its own way out, which leaves nothing behind.
void heed_interrupts();
/// One of them came.
bool is_interrupted();

/// "replica 2"
std::string replica_name(std::uint32_t id);

/// One run of the demo: the cluster, its client, and what is told about them.
class Demo {
 public:
  static constexpr std::int64_t count_to = 1000;

  Demo(std::unique_ptr<DemoCluster> cluster, pbft::Client client, const Story& story, std::uint32_t faults)
      : cluster_(std::move(cluster)), client_(std::move(client)), story_(story), faults_(faults) {}

  /// Counts from 1 to count_to and kills `faults` primaries on the way, one after another.
  pbft::Result<void> count();
  /// Waits until every replica that lives has the same checkpoint, taken after the count, and compares
  /// states.
  pbft::Result<void> compare_states();
  /// Starts those that were killed from their data directories, and waits until they are level with the
  /// others.
  pbft::Result<void> bring_back();
  DemoCluster& cluster() { return *cluster_; }

 private:
  pbft::Result<std::int64_t> add(std::int64_t amount);
  std::uint32_t primary() const {
    return static_cast<std::uint32_t>(client_.view().value % cluster_->config().replicas.size());
  }
  void kill_primary(std::int64_t counted);  // REQUIRES: it is alive
  /// What all that live say once they stand at the same place, behind the count.
  pbft::Result<std::vector<StatusReport>> await_level();
  pbft::Result<void> bring_back(std::uint32_t replica, std::uint64_t executed_before);

  struct Killed {
    std::uint32_t id;
    std::uint64_t executed;  ///< When it was last heard of.
  };

  std::unique_ptr<DemoCluster> cluster_;
  pbft::Client client_;
  const Story& story_;
  std::uint32_t faults_;
  std::vector<Killed> killed_;
};

}  // namespace app
