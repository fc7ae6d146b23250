#include <uv.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

/// A program's own loop, with something of its own on it.
struct CallersLoop {
  uv_loop_t loop;
  uv_async_t async{};
  std::function<void()> task;
  std::thread thread;
  bool ended = false;

  CallersLoop() {
    REQUIRE(uv_loop_init(&loop) == 0);
    uv_async_init(&loop, &async, [](uv_async_t* handle) { static_cast<CallersLoop*>(handle->data)->task(); });
    async.data = this;
  }
  /// In the loop's thread.
  void run_in_loop(std::function<void()> what) {
    task = std::move(what);
    uv_async_send(&async);
  }
  void start_thread() {
    thread = std::thread([this] { uv_run(&loop, UV_RUN_DEFAULT); });
  }
  /// Takes our own handle off it; the loop returns once nobody else has one either.
  void end() {
    if (std::exchange(ended, true)) return;
    auto close = [this] { uv_close(reinterpret_cast<uv_handle_t*>(&async), nullptr); };
    if (thread.joinable()) {
      run_in_loop(close);
      thread.join();
    } else {
      close();
      uv_run(&loop, UV_RUN_DEFAULT);
    }
  }
  ~CallersLoop() {
    end();
    CHECK(uv_loop_close(&loop) == 0);
  }
};

}  // namespace

TEST_CASE("caller's loop: four replicas and a client share it, and stop from another thread") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.replica_options.loop = cluster.client_options.loop = &own.loop;
  cluster.start_all();
  Client client = cluster.connect();
  own.start_thread();
  for (int i = 1; i <= 20; ++i) CHECK(text_of(invoke(client, "x")) == std::to_string(i));
  client.stop();
  cluster.stop_all();
  Journal again;
  const Result<Replica> same_port = Replica::start(cluster.config, cluster.replica_keys[0], again);
  CHECK(same_port.has_value());
}

TEST_CASE("caller's loop: all stop in its thread between two callbacks, with operations outstanding") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.replica_options.loop = cluster.client_options.loop = &own.loop;
  cluster.start_all();
  auto client = std::make_unique<Client>(cluster.connect());
  own.start_thread();
  Tally answered;
  for (int i = 0; i < 1000; ++i) {
    client->invoke_async(view_of("x"), [&](const Result<Bytes>&) { answered.add(); });
  }
  REQUIRE(answered.reaches(1));
  Tally stopped;
  std::atomic<std::size_t> answered_when_stopped = 0;
  own.run_in_loop([&] {
    client->stop();
    answered_when_stopped = answered.count();
    client.reset();
    cluster.stop_all();
    stopped.add();
  });
  REQUIRE(stopped.reaches(1));
  CHECK(answered_when_stopped == 1000);
  const std::string history = cluster.longest_history();
  own.end();
  CHECK(cluster.longest_history() == history);
}

TEST_CASE("caller's loop: what never ran can be stopped, and the loop closes after a turn") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.replica_options.loop = cluster.client_options.loop = &own.loop;
  cluster.start(0);
  Tally answered;
  {
    Client client = cluster.connect();
    client.invoke_async(view_of("x"), [&](const Result<Bytes>& result) {
      CHECK(result.error().code == ErrorCode::stopped);
      answered.add();
    });
  }
  cluster.stop_all();
  CHECK(answered.count() == 0);
  own.end();
  CHECK(answered.count() == 1);
}

TEST_CASE("caller's loop: a start that fails leaves it as it was") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.start(0);
  ReplicaOptions options;
  options.loop = &own.loop;
  Journal journal;
  const Result<Replica> second = Replica::start(cluster.config, cluster.replica_keys[0], journal, options);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::io);
}

TEST_CASE("caller's loop: a blocking call in its thread is refused") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.start_all();
  cluster.client_options.loop = &own.loop;
  Client client = cluster.connect();
  own.start_thread();
  CHECK(invoke(client, "x").has_value());
  Tally refused;
  own.run_in_loop([&] {
    if (invoke(client, "y").error().code == ErrorCode::invalid_argument) refused.add();
  });
  CHECK(refused.reaches(1));
  client.stop();
}

TEST_CASE("caller's loop: a blocking call while nobody runs it ends with the reason") {
  CallersLoop own;
  LocalCluster cluster;
  cluster.client_options.loop = &own.loop;
  cluster.client_options.limits.operation_timeout = std::chrono::milliseconds(50);
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "x")).find("nobody runs the loop") != std::string::npos);
}
