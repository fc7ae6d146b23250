#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

Error error_of_start(LocalCluster& cluster, std::uint32_t id, const SecretKey& key) {
  Journal journal;
  const Result<Replica> replica =
      Replica::start(cluster.config, {ReplicaId{id}, key}, journal, cluster.replica_options);
  REQUIRE_FALSE(replica.has_value());
  return replica.error();
}

Error error_of_connect(const ClusterConfig& config, const ClientKey& key, const ClientOptions& options = {}) {
  const Result<Client> client = Client::connect(config, key, options);
  REQUIRE_FALSE(client.has_value());
  return client.error();
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("start: a key of another replica is refused, and both public keys are named") {
  LocalCluster cluster;
  const SecretKey& wrong = cluster.replica_keys[2].key;
  const Error error = error_of_start(cluster, 1, wrong);
  CHECK(error.code == ErrorCode::invalid_argument);
  CHECK(holds(error.message, "not that of replica 1"));
  CHECK(holds(error.message, to_text(wrong.public_key())));
  CHECK(holds(error.message, to_text(cluster.config.replicas[1].key)));
}

TEST_CASE("start: a replica that the configuration does not list is refused") {
  LocalCluster cluster;
  const Error error = error_of_start(cluster, 4, SecretKey::generate());
  CHECK(error.code == ErrorCode::invalid_argument);
  CHECK(holds(error.message, "replica 4 is not in the cluster configuration, which lists 0 to 3"));
}

TEST_CASE("start: a faulty configuration is refused, and the place is named") {
  LocalCluster cluster;
  cluster.config.replicas[2].host = "not an address";
  const Error error = error_of_start(cluster, 0, cluster.replica_keys[0].key);
  CHECK(error.code == ErrorCode::invalid_argument);
  CHECK_MESSAGE(holds(error.message, "replica[2]"), error.message);
  CHECK(holds(error_of_connect(cluster.config, cluster.client_keys[0]).message, "replica[2]"));
}

TEST_CASE("start: limits that cannot work are refused by name") {
  LocalCluster cluster;
  cluster.replica_options.limits.pipeline_depth = 0;
  CHECK(holds(error_of_start(cluster, 0, cluster.replica_keys[0].key).message, "pipeline_depth"));
  cluster.replica_options.limits = ReplicaLimits();
  cluster.replica_options.limits.pipeline_spacing = Duration(-1);
  CHECK(holds(error_of_start(cluster, 0, cluster.replica_keys[0].key).message, "pipeline_spacing"));
  ClientOptions options;
  options.limits.operation_timeout = Duration{};
  CHECK(
      holds(error_of_connect(cluster.config, cluster.client_keys[0], options).message, "operation_timeout"));
}

TEST_CASE("start: a port in use is an io error that names the address; the next attempt can succeed") {
  LocalCluster cluster;
  cluster.start(0);
  const Error error = error_of_start(cluster, 0, cluster.replica_keys[0].key);
  CHECK(error.code == ErrorCode::io);
  CHECK(holds(error.message, "127.0.0.1:" + std::to_string(cluster.config.replicas[0].port)));
  cluster.replicas[0].reset();
  cluster.start(0);
}

TEST_CASE("start: replicas that begin with different states say so") {
  LogBook log;
  LocalCluster cluster;
  cluster.replica_options.log = log.sink();
  cluster.journals[3] = std::make_unique<Journal>("another beginning\n");
  cluster.start_all();
  CHECK(log.has("initial states differ"));
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "x")) == "1");  // it counts as one of the f faulty ones
  CHECK(cluster.journals[3]->text() == "another beginning\n");
}

TEST_CASE("connect: a client that is not in the configuration, or has another key, is told so") {
  LocalCluster cluster;
  const Error unknown = error_of_connect(cluster.config, {ClientId{9}, SecretKey::generate()});
  CHECK(unknown.code == ErrorCode::invalid_argument);
  CHECK(holds(unknown.message, "client 9 is not admitted"));
  const Error other = error_of_connect(cluster.config, {ClientId{1}, SecretKey::generate()});
  CHECK(other.code == ErrorCode::invalid_argument);
  CHECK(holds(other.message, "client 1's key is not admitted"));
}

TEST_CASE("connect: a client with another cluster's configuration is told before the timeout") {
  LocalCluster cluster;
  cluster.start_all();
  ClusterConfig other = cluster.config;
  other.limits.checkpoint_interval = 64;
  ClientOptions patient;
  patient.connect_timeout = deadline;
  const Error error = error_of_connect(other, cluster.client_keys[0], patient);
  CHECK(error.code == ErrorCode::invalid_argument);
  CHECK_MESSAGE(holds(error.message, "another cluster"), error.message);
}

TEST_CASE("connect: too few replicas is timed_out, and the message counts them and names the others") {
  LocalCluster cluster;
  cluster.start(2);
  ClientOptions options;
  options.connect_timeout = std::chrono::milliseconds(500);
  const Error error = error_of_connect(cluster.config, cluster.client_keys[0], options);
  CHECK(error.code == ErrorCode::timed_out);
  CHECK_MESSAGE(holds(error.message, "1 of 4 replicas are connected"), error.message);
  CHECK_MESSAGE(holds(error.message, "replicas 0, 1, 3 cannot be reached"), error.message);
}

TEST_CASE("connect: a second process with one key takes over, the first is rejected") {
  LocalCluster cluster;
  cluster.start_all();
  Client first = cluster.connect(0);
  CHECK(text_of(invoke(first, "x")) == "1");
  Client second = cluster.connect(0);
  CHECK(text_of(invoke(second, "y")) == "2");
  const Result<Bytes> refused = invoke(first, "z");
  REQUIRE_FALSE(refused.has_value());
  CHECK_MESSAGE(refused.error().code == ErrorCode::rejected, refused.error().message);
}
