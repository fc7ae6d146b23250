// Replicas with much state: what their checkpoints, and one that was away for long, cost the others.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "system/cluster.hpp"

using namespace system_test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t mib = 1024 * 1024;
const std::vector<std::uint32_t> all = {0, 1, 2, 3};

void start(Cluster& cluster, std::uint32_t id, std::size_t state_mib) {
  cluster.start(id, "ballast-replica", {"--mib", std::to_string(state_mib)});
}

void start_all(Cluster& cluster, std::size_t state_mib) {
  for (const auto id : all) start(cluster, id, state_mib);
  REQUIRE(cluster.await_status(all, [](const auto& report) { return report.connected_replicas == 3; }));
}

nlohmann::json load(const Cluster& cluster, const std::string& what, int count) {
  const Outcome outcome =
      cluster.client({"load", what, std::to_string(count), "--outstanding", "64", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  auto report = nlohmann::json::parse(outcome.out);
  CHECK(report.at("failed") == 0);
  return report;
}

/// "VmRSS" or "VmHWM" of a running process.
std::size_t memory_of(Process& process, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoul(line.substr(field.size() + 1)) * 1024;
  }
  REQUIRE(false);
  return 0;
}

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

}  // namespace

TEST_CASE("a state of 256 MiB: checkpoints cause no view change and keep the loop from nothing") {
  Cluster cluster;
  start_all(cluster, 256);
  const auto report = load(cluster, "--seconds", 15);
  const bool has_checkpoints = cluster.await_status(all, [](const auto& s) { return s.stable >= 384; });
  CHECK(has_checkpoints);
  std::int64_t longest_turn_us = 0;
  for (const auto id : all) {
    const auto status = cluster.status(id);
    CHECK(status.view == 0);
    CHECK(status.view_changes == 0);
    CHECK(status.longest_turn_us < 50'000);
    longest_turn_us = std::max(longest_turn_us, status.longest_turn_us);
  }
  MESSAGE(report.at("operations_per_second").get<double>()
          << " op/s, checkpoint " << cluster.status(0).stable << " stable, longest turn " << longest_turn_us
          << " us, longest gap " << report.at("longest_gap_us").get<int>() / 1000 << " ms");
}

TEST_CASE("away for 200,000 operations and a state of 64 MiB: back within 30 s, and clients go on") {
  constexpr std::size_t state_mib = 64;
  Cluster cluster;
  start_all(cluster, state_mib);
  load(cluster, "--operations", 5'000);
  cluster.kill(3);
  load(cluster, "--operations", 200'000);
  const auto with_three = load(cluster, "--seconds", 5);
  std::vector<std::size_t> before;
  for (const auto id : {0U, 1U, 2U}) before.push_back(memory_of(cluster.replica(id), "VmHWM"));

  Process busy = cluster.start_client({"load", "--seconds", "25", "--outstanding", "64", "--json"});
  const auto began = Clock::now();
  start(cluster, 3, state_mib);
  REQUIRE(
      cluster.await_status({3}, [](const auto& report) { return report.running && report.executed > 0; }));
  const std::size_t at_start = memory_of(cluster.replica(3), "VmRSS");
  const bool is_back = app::await(30s, [&] {
    const auto own = cluster.status(3), other = cluster.status(0);
    return own.running && own.stable + 128 >= other.stable && own.executed + 128 >= other.executed;
  });
  const double back_after = seconds_since(began);
  CHECK(is_back);
  CHECK(back_after <= 30);
  CHECK(busy.wait() == 0);
  const auto report = nlohmann::json::parse(busy.out());
  CHECK(report.at("failed") == 0);
  const double share =
      report.at("operations_per_second").get<double>() / with_three.at("operations_per_second").get<double>();
  CHECK(share >= 0.5);
  std::size_t growth = memory_of(cluster.replica(3), "VmHWM") - at_start;
  for (const auto id : {0U, 1U, 2U}) {
    growth = std::max(growth, memory_of(cluster.replica(id), "VmHWM") - before[id]);
  }
  CHECK(growth <= (state_mib + 64) * mib);
  MESSAGE("back after " << back_after << " s, clients at " << 100 * share << "% of "
                        << with_three.at("operations_per_second").get<double>()
                        << " op/s, memory grew by at most " << growth / mib << " MiB");
  CHECK(cluster.await_status(all, [&](const auto& s) { return s.executed == cluster.status(0).executed; }));
  CHECK(load(cluster, "--operations", 500).at("succeeded") == 500);
  CHECK(cluster.agree(all));
}
