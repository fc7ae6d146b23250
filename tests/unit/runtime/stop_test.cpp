#include <atomic>
#include <thread>

#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

TEST_CASE("stop: operations that are outstanding end before it returns, each once") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  constexpr int count = 2000;
  std::atomic<int> ok = 0;
  std::atomic<int> stopped = 0;
  std::atomic<int> other = 0;
  for (int i = 0; i < count; ++i) {
    client.invoke_async(view_of("x"), [&](Result<Bytes> result) {
      ++(result ? ok : result.error().code == ErrorCode::stopped ? stopped : other);
    });
  }
  client.stop();
  CHECK(ok + stopped == count);
  CHECK(other == 0);
  client.stop();
  CHECK(ok + stopped == count);
}

TEST_CASE("stop: a blocked call of another thread ends as stopped") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  cluster.replicas[1].reset();
  cluster.replicas[2].reset();
  Tally begun;
  std::thread caller([&] {
    begun.add();
    const Result<Bytes> result = invoke(client, "never");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::stopped);
  });
  REQUIRE(begun.reaches(1));
  client.stop();
  caller.join();
}

TEST_CASE("stop: replicas stop in the midst of work, from two threads at once") {
  LocalCluster cluster;
  cluster.replica_options.crypto_workers = 1;
  cluster.start_all();
  Client client = cluster.connect();
  Tally answered;
  for (int i = 0; i < 2000; ++i)
    client.invoke_async(view_of("x"), [&](const Result<Bytes>&) { answered.add(); });
  REQUIRE(answered.reaches(1));
  std::thread second([&] { cluster.replicas[1]->stop(); });
  for (auto& replica : cluster.replicas) replica->stop();
  second.join();
  const std::string before = cluster.longest_history();
  client.stop();
  CHECK(cluster.longest_history() == before);
  cluster.check_one_history();
  CHECK(answered.count() == 2000);
}

TEST_CASE("stop: called in a callback it ends all other operations before it returns") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  Tally answered;
  std::atomic<std::size_t> before_return = 0;
  for (int i = 0; i < 100; ++i) {
    client.invoke_async(view_of("x"), [&, i](const Result<Bytes>&) {
      answered.add();
      if (i != 0) return;
      client.stop();
      before_return = answered.count();
    });
  }
  CHECK(answered.reaches(100));
  client.stop();
  CHECK(answered.count() == 100);
  CHECK(before_return == 100);
}

TEST_CASE("stop: an operation submitted just before, in the same callback, ends as stopped") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  Tally ended;
  client.invoke_async(view_of("x"), [&](const Result<Bytes>&) {
    client.invoke_async(view_of("y"), [&](const Result<Bytes>& result) {
      CHECK(result.error().code == ErrorCode::stopped);
      ended.add();
    });
    client.stop();
    ended.add();
  });
  CHECK(ended.reaches(2));
  client.stop();
  CHECK(cluster.longest_history() == "x\n");
}

TEST_CASE("stop: the handle may be destroyed in a callback") {
  LocalCluster cluster;
  cluster.start_all();
  auto client = std::make_unique<Client>(cluster.connect());
  Tally destroyed;
  std::atomic<bool> connected = false;
  Client* handle = client.get();
  handle->invoke_async(view_of("x"), [&](const Result<Bytes>& result) {
    connected = result.has_value();
    client.reset();
    destroyed.add();
  });
  CHECK(destroyed.reaches(1));
  CHECK(connected);
}

TEST_CASE("stop: a call that comes later is answered at once") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  client.stop();
  const Result<Bytes> result = invoke(client, "late");
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::stopped);
}

TEST_CASE("callbacks: may submit the next operation, may not block") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect();
  Tally rounds;
  std::function<void(Result<Bytes>)> next = [&](const Result<Bytes>& result) {
    CHECK(result.has_value());
    const Result<Bytes> blocking = invoke(client, "blocking");
    CHECK(blocking.error().code == ErrorCode::invalid_argument);
    rounds.add();
    if (rounds.count() < 20) client.invoke_async(view_of("next"), next);
  };
  client.invoke_async(view_of("first"), next);
  CHECK(rounds.reaches(20));
  client.stop();
}

TEST_CASE("handles: can be moved, and assigned over a running one") {
  LocalCluster cluster;
  cluster.start_all();
  Client client = cluster.connect(0);
  Client other = cluster.connect(1);
  client = std::move(other);
  CHECK(text_of(invoke(client, "x")) == "1");
  Replica moved = std::move(*cluster.replicas[2]);
  cluster.replicas[2].reset();
  CHECK(moved.status().id == ReplicaId{2});
  CHECK(text_of(invoke(client, "y")) == "2");
}
