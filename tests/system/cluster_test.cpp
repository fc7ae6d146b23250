// Clusters of real processes on loopback.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "system/cluster.hpp"

using namespace system_test;

namespace {

/// The client's answer, alone on stdout.
std::string answer(const Outcome& outcome) {
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err == "");
  return outcome.out;
}

/// So many operations that a checkpoint lies behind all before; one at a time is a batch each.
void pass_a_checkpoint(const Cluster& cluster) {
  const std::string count = std::to_string(cluster.config().limits.checkpoint_interval);
  CHECK(cluster.client({"load", "--operations", count}).exit_code == 0);
}

/// For clients that shall not succeed.
void use_short_timeouts(const Cluster& cluster) {
  replace_in(cluster.client_toml(), "[options]\n", "[options]\nconnect_timeout_ms = 1500\n");
}

}  // namespace

TEST_CASE("four processes count, and agree on their states") {
  Cluster cluster;
  cluster.start_all({0, 1, 2, 3});
  CHECK(answer(cluster.client({"get"})) == "0\n");
  CHECK(answer(cluster.client({"add", "5"})) == "5\n");
  CHECK(answer(cluster.client({"add", "-7"})) == "-2\n");
  CHECK(answer(cluster.client({"get"})) == "-2\n");
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({0, 1, 2, 3}));
  CHECK(answer(cluster.client({"get"})) == "126\n");
}

TEST_CASE("an operation that the service refuses is one line on stderr and exit code 1") {
  Cluster cluster;
  cluster.start_all({0, 1, 2, 3});
  CHECK(answer(cluster.client({"add", "9223372036854775807"})) == "9223372036854775807\n");
  const Outcome overflow = cluster.client({"add", "1"});
  CHECK(overflow.exit_code == 1);
  CHECK(is_one_line_with(overflow, {"the sum would leave 64 bits"}));
  CHECK(answer(cluster.client({"get"})) == "9223372036854775807\n");
}

TEST_CASE("load reports rate, latencies and gaps, and every operation counted once") {
  Cluster cluster;
  cluster.start_all({0, 1, 2, 3});
  const Outcome outcome = cluster.client({"load", "--operations", "2000", "--outstanding", "64", "--json"});
  CHECK(outcome.exit_code == 0);
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report.at("succeeded") == 2000);
  CHECK(report.at("failed") == 0);
  CHECK(report.at("operations_per_second") > 0);
  CHECK(report.at("p50_us") <= report.at("p95_us"));
  CHECK(report.at("p95_us") <= report.at("p99_us"));
  CHECK(report.at("p99_us") <= report.at("max_us"));
  CHECK(report.at("longest_gap_us") > 0);
  CHECK(answer(cluster.client({"get"})) == "2000\n");
}

TEST_CASE("SIGINT and SIGTERM stop a replica cleanly") {
  for (const int number : {SIGINT, SIGTERM}) {
    Cluster cluster;
    Process& replica = cluster.start(0);
    REQUIRE(replica.says("listens on 127.0.0.1"));
    CHECK(cluster.await_status({0}, [](const auto& report) { return report.running; }));
    replica.signal(number);
    CHECK(replica.wait() == 0);
    CHECK(!cluster.status(0).running);
  }
}

TEST_CASE("the primary is killed: counting goes on in the next view") {
  Cluster cluster;
  cluster.start_all({0, 1, 2, 3});
  CHECK(answer(cluster.client({"add", "5"})) == "5\n");
  cluster.replica(0).signal(SIGKILL);
  CHECK(cluster.replica(0).wait() == 128 + SIGKILL);
  CHECK(answer(cluster.client({"add", "5"})) == "10\n");
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({1, 2, 3}));
  CHECK(cluster.status(1).view >= 1);
  CHECK(answer(cluster.client({"get"})) == "138\n");
}

TEST_CASE("two primaries of seven are killed, one after the other: counting goes on") {
  Cluster cluster(7);
  cluster.start_all({0, 1, 2, 3, 4, 5, 6});
  std::vector<std::uint32_t> alive = {0, 1, 2, 3, 4, 5, 6};
  std::int64_t expected = 0;
  for (int killed = 0; killed < 2; ++killed) {
    CHECK(answer(cluster.client({"add", "1"})) == std::to_string(++expected) + "\n");
    const auto primary = static_cast<std::uint32_t>(cluster.status(alive.back()).view % 7);
    cluster.replica(primary).signal(SIGKILL);
    cluster.replica(primary).wait();
    std::erase(alive, primary);
  }
  CHECK(answer(cluster.client({"add", "1"})) == "3\n");
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree(alive));
}

TEST_CASE("a port in use: one line with file, line and address, and exit code 1") {
  Cluster cluster;
  Process& first = cluster.start(0);
  REQUIRE(first.says("listens on"));
  const Outcome second = run({"counter-replica", "--config", cluster.replica_toml(0), "--in-memory"});
  CHECK(second.exit_code == 1);
  const std::string port = std::to_string(cluster.config().replicas[0].port);
  const std::string file = (cluster.folder() / "cluster.toml").string();
  const std::string text = read_text(file);
  const auto before = text.begin() + static_cast<std::ptrdiff_t>(text.find("port = " + port));
  const std::string line = std::to_string(1 + std::count(text.begin(), before, '\n'));
  CHECK(
      is_one_line_with(second, {file + ":" + line + ": ", "127.0.0.1:" + port, "in use", "choose another"}));
  CHECK(first.is_running());
}

TEST_CASE("a data directory in use: one line with its path, and exit code 1") {
  Cluster cluster;
  Process& first = cluster.start(0);
  REQUIRE(first.says("listens on"));
  const Outcome second = run({"counter-replica", "--config", cluster.replica_toml(0)});
  CHECK(second.exit_code == 1);
  CHECK(is_one_line_with(second, {cluster.data(0).string(), "another process uses this directory"}));
  const Outcome inspected = run({"pbft", "inspect", cluster.data(0)});
  CHECK(inspected.exit_code == 1);
  CHECK(is_one_line_with(inspected, {cluster.data(0).string(), "stop the replica, or inspect a copy"}));
  CHECK(first.is_running());
}

TEST_CASE("too few replicas answer: exit code 3, and the line says who is missing") {
  Cluster cluster;
  use_short_timeouts(cluster);
  cluster.start(2);
  REQUIRE(cluster.replica(2).says("listens on"));
  const Outcome outcome = cluster.client({"get"});
  CHECK(outcome.exit_code == 3);
  CHECK(is_one_line_with(outcome, {"replicas 0, 1, 3"}));
}

TEST_CASE("a replica with another cluster's file is told so, by its log and the others'") {
  Cluster cluster;
  const Cluster other;
  // The stranger knows the others' addresses and keys, and lists one client more than they do.
  fs::create_directory(cluster.folder() / "strange");
  fs::copy_file(cluster.folder() / "cluster.toml", cluster.folder() / "strange/cluster.toml");
  write_text(cluster.folder() / "strange/cluster.toml",
             read_text(cluster.folder() / "cluster.toml") + "\n[[client]]\nid = 1\npublic_key = \"" +
                 pbft::to_text(other.config().clients[0].key) + "\"\n");
  replace_in(cluster.replica_toml(3), "../cluster.toml", "../strange/cluster.toml");
  replace_in(cluster.replica_toml(3), "data = \"data\"", "in_memory = true");
  cluster.start_all({0, 1, 2});
  Process& stranger = cluster.start(3);
  CHECK(stranger.says("another cluster"));
  CHECK(cluster.replica(0).says("another cluster"));
  CHECK(answer(cluster.client({"add", "1"})) == "1\n");  // the others go on without it
}

TEST_CASE("a client with another cluster's file is told so, and ends with exit code 2") {
  Cluster cluster;
  const Cluster other;
  cluster.start_all({0, 1, 2, 3});
  use_short_timeouts(cluster);
  write_text(cluster.folder() / "cluster.toml", read_text(cluster.folder() / "cluster.toml") +
                                                    "\n[[client]]\nid = 1\npublic_key = \"" +
                                                    pbft::to_text(other.config().clients[0].key) + "\"\n");
  const Outcome outcome = cluster.client({"get"});
  CHECK(outcome.exit_code == 2);
  CHECK(is_one_line_with(outcome, {"another cluster"}));
}
