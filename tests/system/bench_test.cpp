// pbft-bench, whole: real processes, short runs.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/cluster_folder.hpp"
#include "config/free_ports.hpp"
#include "config/program.hpp"
#include "system/process.hpp"

namespace {

using namespace system_test;

constexpr int unsafe = 5, regressed = 4;

std::vector<std::string> bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"pbft-bench", "--allow-debug", "--warmup", "500ms"});
  return arguments;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("bench: three seconds with a crash and a return are safe, and reported in all three forms") {
  const TemporaryFolder folder;
  const Outcome outcome = run(bench({"--duration", "3s", "--clients", "4", "--outstanding", "8", "--reads",
                                     "20", "--fault", "1s-2s:crash:r3", "--json", folder / "a.json", "--html",
                                     folder / "a.html", "--folder", folder.path()}));
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.exit_code == app::ok);
  CHECK(has(outcome.out, "crash r3"));
  const auto report = nlohmann::json::parse(read_text(folder / "a.json"));
  const auto& only = report.at("runs").at(0);
  CHECK(only.at("phases").size() == 3);
  CHECK(only.at("whole").at("done") > 0);
  CHECK(only.at("checks").at("acknowledged") > 0);
  CHECK(only.at("checks").at("audited") == only.at("checks").at("acknowledged"));
  CHECK(only.at("checks").at("violations").empty());
  CHECK(only.at("processes").size() == 6);  // 4 replicas, 2 of the load
  CHECK(has(read_text(folder / "a.html"), "crash r3"));
  // Nothing else is left where the replicas kept their data.
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);

  SUBCASE("the next run is compared with it") {
    auto faster = report;
    faster.at("runs").at(0).at("whole").at("per_second") = 1e9;
    write_text(folder / "faster.json", faster.dump());
    const std::vector<std::string> same{
        "--duration", "1s",      "--clients", "4",         "--outstanding",
        "8",          "--reads", "20",        "--compare", folder / "faster.json"};
    CHECK(run(bench(same)).exit_code == regressed);
    CHECK(run(bench({"--duration", "1s", "--compare", folder / "faster.json"})).exit_code == app::usage);
  }
}

TEST_CASE("bench: two replicas that lie together are found out") {
  const Outcome outcome =
      run(bench({"--duration", "3s", "--clients", "4", "--outstanding", "4", "--allow-unsafe", "--fault",
                 "1s:wrong-reply:r2", "--fault", "1s:wrong-reply:r3"}));
  INFO(outcome.out << outcome.err);
  CHECK(outcome.exit_code == unsafe);
  CHECK(has(outcome.out, "UNSAFE: "));
  CHECK(has(outcome.err, "SAFETY VIOLATED"));
}

TEST_CASE("bench: one replica that lies is not believed") {
  const Outcome outcome = run(
      bench({"--duration", "2s", "--clients", "4", "--outstanding", "4", "--fault", "500ms:wrong-reply:r3"}));
  INFO(outcome.out << outcome.err);
  CHECK(outcome.exit_code == app::ok);
}

TEST_CASE("bench: an open loop counts latency from when an operation was due") {
  const TemporaryFolder folder;
  const Outcome outcome = run(bench({"--duration", "3s", "--clients", "4", "--outstanding", "1", "--rate",
                                     "200", "--fault", "1s-2s:pause:primary", "--json", folder / "a.json"}));
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.exit_code == app::ok);
  const auto report = nlohmann::json::parse(read_text(folder / "a.json"));
  const auto& whole = report.at("runs").at(0).at("whole");
  CHECK(whole.at("offered") == 600);
  // All that was due while nobody answered waited, not one operation for each client only.
  CHECK(whole.at("longest_gap_ms") > 100);
  CHECK(whole.at("p95_ms") > 50);
}

TEST_CASE("bench: it joins a running cluster, again and again") {
  const TemporaryFolder folder;
  const auto ports = app::free_ports(4);
  REQUIRE(ports);
  app::ClusterPlan plan;
  plan.ports = *ports;
  plan.clients = 2;
  REQUIRE(app::write_cluster_folder(folder.path(), plan));
  std::vector<std::unique_ptr<Process>> replicas;
  for (std::uint32_t id = 0; id < 4; ++id) {
    const fs::path config = app::replica_toml_path(folder.path(), id);
    replicas.push_back(std::make_unique<Process>(std::vector<std::string>{
        "bench-replica", "--config", config, "--status-file", config.parent_path() / "status.json"}));
  }
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome =
        run(bench({"--cluster", folder.path(), "--duration", "1s", "--clients", "2", "--outstanding", "4"}));
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_code == app::ok);
    CHECK(has(outcome.out, "replica 3"));
  }
  for (const auto& replica : replicas) CHECK(replica->is_running());
}

TEST_CASE("bench: what makes no sense is said before anything starts") {
  is_one_line_with(run(bench({"--fault", "1s:crash:r9"})), {"crash:r9", "4 replicas"});
  is_one_line_with(run(bench({"--fault", "1s:equivocat:r1"})), {"equivocat", "equivocate"});
  is_one_line_with(run(bench({"--fault", "1s:crash:r1", "--fault", "2s:crash:r2"})), {"--allow-unsafe"});
  CHECK(run(bench({"--fault", "1s:crash:r9"})).exit_code == app::usage);
  const TemporaryFolder folder;
  const auto scenario = folder / "scenario";
  std::ofstream(scenario) << "# a primary that is slow\n\n1s:slow(10ms)  # by so much\n 2s:equivocat:r1\n";
  is_one_line_with(run(bench({"--scenario", scenario})), {"scenario:4: ", "equivocat"});
  is_one_line_with(run(bench({"faults", "--only", "sloww"})), {"sloww"});
  CHECK(run(bench({"--duration", "soon"})).exit_code == app::usage);
  CHECK(run(bench({"sweep", "--repeat", "2"})).exit_code == app::usage);
  CHECK(run(bench({"--auth", "none"})).exit_code == app::usage);
}

TEST_CASE("bench: a behaviour with an argument that is none ends the run") {
  const Outcome outcome = run(bench({"--duration", "3s", "--fault", "500ms:slow(10apples):r3"}));
  CHECK(outcome.exit_code == app::failure);
  CHECK(has(outcome.err, "10apples"));
}

TEST_CASE("bench: SIGINT ends it at once, with everything that it started") {
  const TemporaryFolder folder;
  Process process(bench({"--duration", "60s", "--folder", folder.path()}));
  const auto is_busy = [&] {
    return !fs::is_empty(folder.path()) &&
           std::any_of(fs::recursive_directory_iterator(folder.path()), fs::recursive_directory_iterator(),
                       [](const auto& entry) { return entry.path().filename() == "status.json"; });
  };
  REQUIRE(app::await(patience, is_busy));
  process.signal(SIGINT);
  CHECK(process.wait() == app::failure);
  CHECK(has(process.err(), "interrupted"));
  CHECK(fs::is_empty(folder.path()));
}
