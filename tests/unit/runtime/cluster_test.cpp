#include <algorithm>
#include <atomic>
#include <set>
#include <sstream>
#include <thread>

#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

TEST_CASE("cluster: a client's operations execute in order, and its reads see them") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  CHECK(text_of(invoke(client, "b")) == "2");
  CHECK(text_of(client.query(view_of("anything"))) == "read 2");
  CHECK(text_of(invoke(client, "c")) == "3");
  CHECK(client.view() == View{0});
  client.stop();
  cluster.stop_all();
  CHECK(cluster.longest_history() == "a\nb\nc\n");
  cluster.check_one_history();
}

TEST_CASE("cluster: reads are answered without being ordered, also while a replica is away") {
  LocalCluster cluster;
  cluster.client_options.limits.retry_timeout = deadline;  // however slow this machine is
  cluster.start_all();
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  for (int i = 0; i < 50; ++i) CHECK(text_of(client.query(view_of("anything"))) == "read 1");
  cluster.replicas[0].reset();  // the primary
  constexpr std::size_t count = 2000;
  Tally right, ended;
  for (std::size_t i = 0; i < count; ++i) {
    client.query_async(view_of("anything"), [&](const Result<Bytes>& result) {
      if (result && to_text(*result) == "read 1") right.add();
      ended.add();
    });
  }
  REQUIRE(ended.reaches(count));
  CHECK(right.count() == count);
  CHECK(client.view() == View{0});
  CHECK(cluster.replicas[1]->status().operations == 1);
  client.stop();
  cluster.stop_all();
}

TEST_CASE("cluster: thousands of operations outstanding at once execute once each, answered once each") {
  constexpr std::size_t count = 5000;
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  std::vector<std::atomic<int>> answers(count);
  Tally answered;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string body = "op " + std::to_string(i);
    client.invoke_async(view_of(body), [&answers, &answered, i](Result<Bytes> result) {
      if (result) ++answers[i];
      answered.add();
    });
  }
  REQUIRE(answered.reaches(count));
  client.stop();
  cluster.stop_all();
  for (const auto& each : answers) CHECK(each == 1);
  cluster.check_one_history();
  std::istringstream history(cluster.longest_history());
  std::multiset<std::string> executed;
  for (std::string line; std::getline(history, line);) executed.insert(line);
  CHECK(executed.size() == count);
  CHECK(std::set<std::string>(executed.begin(), executed.end()).size() == count);
}

TEST_CASE(
    "cluster: a client with MACs is served as well as one that signs, also by workers and across a stop") {
  LocalCluster cluster;
  cluster.replica_options.crypto_workers = 1;
  cluster.start_all();
  Client signing = cluster.connect(0);
  cluster.client_options.authentication = Authentication::mac;
  cluster.client_options.limits.broadcast_share = 0;
  Client client = cluster.connect(1);
  for (int i = 1; i <= 20; i += 2) {
    CHECK(text_of(invoke(client, "mac " + std::to_string(i))) == std::to_string(i));
    CHECK(text_of(invoke(signing, "signed " + std::to_string(i))) == std::to_string(i + 1));
  }
  for (auto& replica : cluster.replicas) {
    // Who enters a view late has not vouched for what was introduced there before.
    const ReplicaStatus status = replica->status();
    if (status.view == View{0}) CHECK_FALSE(status.rejections.contains("wrong_tag"));
  }
  cluster.replicas[0].reset();  // the primary
  for (int i = 21; i <= 40; ++i) {
    CHECK(text_of(invoke(client, "mac " + std::to_string(i))) == std::to_string(i));
  }
  client.stop();
  signing.stop();
  cluster.stop_all();
  cluster.check_one_history();
}

TEST_CASE("cluster: two clients of one process count together") {
  LocalCluster cluster;
  cluster.start_all();
  Client one = cluster.connect(0);
  Client two = cluster.connect(1);
  std::thread other([&two] {
    for (int i = 0; i < 50; ++i) CHECK(invoke(two, "two").has_value());
  });
  for (int i = 0; i < 50; ++i) CHECK(invoke(one, "one").has_value());
  other.join();
  CHECK(text_of(invoke(one, "last")) == "101");
}

TEST_CASE("cluster: with workers that check signatures the results are the same") {
  LocalCluster cluster;
  cluster.replica_options.crypto_workers = 2;
  cluster.start_all();
  Client client = cluster.connect();
  Tally answered;
  for (int i = 0; i < 500; ++i) {
    client.invoke_async(view_of("x"), [&answered](Result<Bytes> result) {
      if (result) answered.add();
    });
  }
  CHECK(answered.reaches(500));
  CHECK(text_of(invoke(client, "last")) == "501");
}

TEST_CASE("cluster: the primary stops, operations go on in a later view") {  // OSDI'99 4.4
  LogBook log;
  LocalCluster cluster;
  cluster.replica_options.log = log.sink();
  cluster.start_all();
  Client client = cluster.connect();
  for (int i = 1; i <= 5; ++i) CHECK(text_of(invoke(client, "before")) == std::to_string(i));
  cluster.replicas[0].reset();
  for (int i = 6; i <= 10; ++i) CHECK(text_of(invoke(client, "after")) == std::to_string(i));
  CHECK(client.view() >= View{1});
  CHECK(log.has("asks for view 1"));
  CHECK(log.has("entered view 1, its primary is replica 1"));
  cluster.stop_all();
  cluster.check_one_history();
}

TEST_CASE("cluster: all stop, and start again from the beginning on the same ports") {
  LocalCluster cluster;
  for (int round = 0; round < 3; ++round) {
    for (auto& journal : cluster.journals) journal = std::make_unique<Journal>();
    cluster.start_all();
    Client client = cluster.connect();
    CHECK(text_of(invoke(client, "again")) == "1");
    cluster.stop_all();
  }
}

TEST_CASE("cluster: checkpoints become stable, and the status says so") {
  LogBook log;
  LocalCluster cluster;
  cluster.config.limits.checkpoint_interval = 8;
  cluster.replica_options.log = log.sink();
  cluster.start_all();
  Client client = cluster.connect();
  for (int i = 0; i < 40; ++i) CHECK(invoke(client, "x").has_value());
  CHECK(log.has("replica 0: checkpoint 32 is stable"));
  const ReplicaStatus status = cluster.replicas[0]->status();
  CHECK(status.id == ReplicaId{0});
  CHECK(status.is_primary);
  CHECK(status.connected_clients == 1);
  CHECK(status.connected_replicas == 3);
  CHECK(status.answering);
  cluster.stop_all();
  cluster.check_one_history();
}

TEST_CASE("cluster: an operation that the state machine calls invalid is rejected, others go on") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  const Result<Bytes> refused = invoke(client, "invalid");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::rejected);
  CHECK(refused.error().message.find("state machine") != std::string::npos);
  CHECK(text_of(invoke(client, "good")) == "1");
  // f+1 of them have said so to the client; any one may be late.
  CHECK(std::count_if(cluster.replicas.begin(), cluster.replicas.end(), [](const auto& replica) {
          return replica->status().rejections.contains("refused_by_application");
        }) >= 2);
}

TEST_CASE("cluster: an operation longer than the limit is rejected by name of the limit") {
  LocalCluster cluster;
  cluster.config.limits.max_operation_bytes = 1000;
  cluster.start_all();
  Client client = cluster.connect();
  CHECK(invoke(client, std::string(1000, 'x')).has_value());
  const Result<Bytes> refused = invoke(client, std::string(1001, 'x'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("max_operation_bytes (1000)") != std::string::npos);
}

TEST_CASE("cluster: without a quorum an operation ends as timed_out, and says who is missing") {
  LocalCluster cluster;
  cluster.client_options.limits.operation_timeout = std::chrono::milliseconds(500);
  cluster.start_all();
  Client client = cluster.connect();
  cluster.replicas[1].reset();
  cluster.replicas[3].reset();
  const Result<Bytes> result = invoke(client, "x");
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::timed_out);
  CHECK_MESSAGE(result.error().message.find("replicas 1, 3 cannot be reached") != std::string::npos,
                result.error().message);
}
