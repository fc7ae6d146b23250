// Replicas that keep their data, lose it, or cannot write it any more.
#include <filesystem>
#include <fstream>

#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

constexpr std::uint64_t interval = 8;

struct DurableCluster : LocalCluster {
  LogBook log;
  DurableCluster() {
    config.limits.checkpoint_interval = interval;
    replica_options.log = log.sink();
    replica_options.limits.status_interval = std::chrono::milliseconds(20);
  }
  ~DurableCluster() { stop_all(); }  // they log to the end
  /// One batch each.
  void write(Client& client, std::uint64_t count, const std::string& text = "x") {
    for (std::uint64_t i = 0; i < count; ++i) REQUIRE(invoke(client, text).has_value());
  }
  /// Waits until it has executed what the others have, and is at the same checkpoint with the same state.
  bool catches_up(std::uint32_t id, std::uint32_t with) const {
    return await(id, [&](const ReplicaStatus& status) {
      const ReplicaStatus other = replicas[with]->status();
      return status.executed == other.executed && status.checkpoint == other.checkpoint &&
             status.checkpoint_state == other.checkpoint_state &&
             journals[id]->text() == journals[with]->text();
    });
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("restart: a replica finds its state in its data directory and catches up") {
  DurableCluster cluster;
  cluster.keep_data();
  cluster.start_all();
  Client client = cluster.connect();
  cluster.write(client, 3 * interval);
  cluster.replicas[2].reset();
  cluster.write(client, 5);
  cluster.restart(2);
  CHECK(cluster.catches_up(2, 1));
  const ReplicaStatus status = cluster.replicas[2]->status();
  CHECK(status.durable);
  CHECK_FALSE(status.observing);
  CHECK(status.answering);
  CHECK(status.operations < 4 * interval);  // the rest came from the checkpoint
}

TEST_CASE("restart: one that was away for many checkpoints takes the others' state") {
  DurableCluster cluster;
  cluster.keep_data();
  cluster.start_all();
  Client client = cluster.connect();
  cluster.write(client, interval);
  cluster.replicas[3].reset();
  cluster.write(client, 40 * interval);
  cluster.restart(3);
  CHECK(cluster.catches_up(3, 1));
  CHECK(cluster.log.has("replica 3: has the state after batch"));
  cluster.replicas[0].reset();  // from here on no quorum without its votes
  cluster.write(client, 2 * interval);
  CHECK(cluster.catches_up(3, 1));
}

TEST_CASE("restart: of all, again and again in one process, with or without a checkpoint behind them") {
  DurableCluster cluster;
  cluster.keep_data();
  std::uint64_t expected = 0;
  for (int round = 0; round < 6; ++round) {
    for (std::uint32_t id = 0; id < LocalCluster::n; ++id) cluster.restart(id);
    Client client = cluster.connect();
    for (int i = 0; i < 5; ++i) CHECK(text_of(invoke(client, "y")) == std::to_string(++expected));
    client.stop();
    cluster.stop_all();
  }
}

TEST_CASE("a data directory that is missing means amnesia: the replica observes, rejoins and votes again") {
  DurableCluster cluster;
  cluster.keep_data({0, 1, 2});
  cluster.start_all();
  CHECK(cluster.log.has("replica 3: " + cluster.data_of(3) + " has no data of this replica"));
  CHECK(cluster.await(3, [](const ReplicaStatus& status) { return status.observing && !status.answering; }));
  Client client = cluster.connect();
  cluster.write(client, 2 * interval);
  CHECK(cluster.await(3, [](const ReplicaStatus& status) { return !status.observing; }));
  CHECK(cluster.log.has("replica 3: votes again"));
  cluster.replicas[1].reset();  // from here on no quorum without its votes
  cluster.write(client, 2 * interval);
  cluster.restart(3);
  CHECK_FALSE(cluster.replicas[3]->status().observing);
  cluster.write(client, 2 * interval);
  CHECK(cluster.catches_up(3, 2));
}

TEST_CASE("data in memory: a replica that says it lost its data observes, rejoins and votes again") {
  DurableCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  cluster.write(client, 3 * interval);
  cluster.replica_options.lost_data = true;
  cluster.restart(2);
  cluster.write(client, interval);
  CHECK(cluster.await(
      2, [](const ReplicaStatus& status) { return status.executed.value > 0 && !status.observing; }));
  CHECK_FALSE(cluster.replicas[2]->status().durable);
  cluster.replicas[1].reset();
  cluster.write(client, 2 * interval);
  CHECK(cluster.catches_up(2, 3));
}

TEST_CASE("more replicas than f have lost their data: said, and nothing is ordered") {
  DurableCluster cluster;
  cluster.keep_data({0, 1});
  cluster.client_options.connect_timeout = std::chrono::seconds(1);
  cluster.start_all();
  CHECK(cluster.log.has("2 replicas say that they have lost their data, of 4 of which at most 1 may"));
  CHECK_FALSE(Client::connect(cluster.config, cluster.client_keys[0], cluster.client_options).has_value());
}

TEST_CASE("data directory: refused where there is data, and for who is not in the cluster") {
  DurableCluster cluster;
  cluster.keep_data({0});
  const Result<void> again = create_data_directory(cluster.config, ReplicaId{0}, cluster.data_of(0));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::invalid_argument);
  CHECK_MESSAGE(holds(again.error().message, cluster.data_of(0)), again.error().message);
  const Result<void> stranger = create_data_directory(cluster.config, ReplicaId{4}, cluster.data_of(1));
  REQUIRE_FALSE(stranger.has_value());
  CHECK(holds(stranger.error().message, "replica 4 is not in the cluster configuration"));
  CHECK_FALSE(std::filesystem::exists(cluster.data_of(1)));
}

TEST_CASE("data directory: of another replica, or of another cluster: refused, and the owner is named") {
  DurableCluster cluster;
  cluster.keep_data({0});
  std::filesystem::copy(cluster.data_of(0), cluster.data_of(1));
  const Result<Replica> other = cluster.try_start(1);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::invalid_argument);
  CHECK_MESSAGE(holds(other.error().message, "belongs to replica 0"), other.error().message);
  cluster.config.limits.max_batch_requests = 7;
  const Result<Replica> strange = cluster.try_start(0);
  REQUIRE_FALSE(strange.has_value());
  CHECK_MESSAGE(holds(strange.error().message, "of cluster"), strange.error().message);
}

TEST_CASE("data directory: in use by another replica: refused, and the first goes on") {
  DurableCluster cluster;
  cluster.keep_data();
  cluster.start_all();
  const Result<Replica> second = cluster.try_start(1);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::io);
  CHECK_MESSAGE(holds(second.error().message, cluster.data_of(1)), second.error().message);
  CHECK_MESSAGE(holds(second.error().message, "another process uses this directory"), second.error().message);
  Client client = cluster.connect();
  cluster.write(client, interval);
}

TEST_CASE(
    "a disk that fails stops the replica: status and log say why, the others go on, a restart can follow") {
  DurableCluster cluster;
  cluster.keep_data();
  cluster.start_all();
  Client client = cluster.connect();
  cluster.write(client, interval);
  const std::string gone = cluster.data_of(2) + ".gone";
  std::filesystem::rename(cluster.data_of(2), gone);
  cluster.write(client, 2 * interval);
  CHECK(cluster.await(2, [](const ReplicaStatus& status) { return !status.failed.empty(); }));
  CHECK_MESSAGE(holds(cluster.replicas[2]->status().failed, cluster.data_of(2)),
                cluster.replicas[2]->status().failed);
  CHECK(cluster.log.has("replica 2: stops: "));
  cluster.write(client, interval);
  cluster.replicas[2].reset();
  std::filesystem::rename(gone, cluster.data_of(2));
  cluster.restart(2);
  cluster.write(client, interval);
  CHECK(cluster.catches_up(2, 1));
}

TEST_CASE("a state that the state machine does not load: start is refused, and says which") {
  DurableCluster cluster;
  cluster.keep_data();
  cluster.start_all();
  Client client = cluster.connect();
  cluster.write(client, 1, Journal::unloadable);
  cluster.write(client, interval);
  CHECK(cluster.await(1, [](const ReplicaStatus& status) { return status.checkpoint >= SeqNum{interval}; }));
  cluster.replicas[1].reset();
  cluster.journals[1] = std::make_unique<Journal>();
  const Result<Replica> refused = cluster.try_start(1);
  REQUIRE_FALSE(refused.has_value());
  CHECK_MESSAGE(holds(refused.error().message, "the word that this journal does not load"),
                refused.error().message);
  CHECK_MESSAGE(holds(refused.error().message, "checkpoint"), refused.error().message);
}

TEST_CASE("status: a replica says where its batches' time goes, and how often it synced") {
  constexpr std::uint64_t count = 20;
  for (const bool durable : {true, false}) {
    DurableCluster cluster;
    if (durable) cluster.keep_data();
    cluster.start_all();
    Client client = cluster.connect();
    cluster.write(client, count);
    const auto has_all = [](const ReplicaStatus& status) { return status.operations >= count; };
    REQUIRE(cluster.await(0, has_all));
    const ReplicaStatus status = cluster.replicas[0]->status();
    CHECK(status.batches > count);  // one each, and the client's open
    CHECK(status.stages.size() == 7);
    std::uint64_t proposed = 0;  // by whoever was primary
    for (auto& replica : cluster.replicas) proposed += replica->status().stages.at("admission").count;
    CHECK(proposed >= status.batches);
    for (const char* each : {"commit", "execute", "reply"}) {
      CHECK_MESSAGE(status.stages.at(each).count == status.batches, each);
    }
    Duration sum{};
    for (const auto& [name, stage] : status.stages) {
      CHECK(stage.p50 <= stage.p99);
      sum += stage.mean;
    }
    CHECK(sum > Duration{});
    CHECK((status.fsyncs > 0) == durable);
    CHECK((status.bytes_written > 0) == durable);
  }
}
