// What one ordered operation costs, stage by stage: a whole cluster with its clients in one thread, in
// memory, with real signatures, frames and records, but no socket, no disk and no second thread.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "micro/cluster.hpp"

namespace pbft::bench {

namespace {

using Span = Meter::Clock::duration;

/// So many operations of each client; the time it took.
Span order(Cluster& cluster, std::size_t operations) {
  const Meter::Clock::time_point begin = Meter::Clock::now();
  cluster.order(operations);
  return Meter::Clock::now() - begin;
}

/// The same, by stages. A frame of its own in every profile: instructions.sh looks for it.
[[gnu::noinline]] StageCosts order_metered(Cluster& cluster, std::size_t operations) {
  cluster.world.meter.start();
  cluster.order(operations);
  return cluster.world.meter.stop();
}

/// Ends the program if the run was not what it is said to be.
void check(const Cluster& cluster, std::uint64_t operations_per_client) {
  bool good = true;
  for (const auto& client : cluster.clients)
    good = good && client->completed() == operations_per_client && client->failed() == 0;
  for (const auto& replica : cluster.replicas) {
    const core::ReplicaState state = replica->state();
    // Each client opens at its start and again when its links come up: one of the two is `repeated`.
    good = good && replica->rejections() <= cluster.clients.size() && state.view_changes == 0 &&
           state.operations == operations_per_client * cluster.clients.size();
  }
  if (good) return;
  std::fputs("ordered_operation: not every operation was ordered, once, in the normal case\n", stderr);
  std::exit(1);
}

double us_per_operation(Span time, std::size_t operations) {
  return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(operations);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace

}  // namespace pbft::bench

int main(int argc, char** argv) {
  using namespace pbft::bench;
  std::uint32_t replicas = 4, clients = 4;
  std::size_t operations = 4000, warm_up = 2000;
  unsigned repeat = 7;
  Load load;
  bool profiled = false, tabs = false;
  CLI::App cli("What one ordered operation costs, stage by stage, on all replicas and clients together.");
  cli.add_option("--n", replicas, "replicas")->capture_default_str()->check(CLI::Range(4, 64));
  cli.add_option("--clients", clients)->capture_default_str()->check(CLI::Range(1, 1000));
  cli.add_option("--outstanding", load.outstanding, "operations of each client")->capture_default_str();
  cli.add_option("--bundle", load.request_operations, "operations under one signature")
      ->capture_default_str();
  cli.add_option("--operation-bytes", load.operation_bytes)->capture_default_str();
  cli.add_option("--result-bytes", load.result_bytes)->capture_default_str();
  cli.add_option("--operations", operations, "of each client, measured")->capture_default_str();
  cli.add_option("--warm-up", warm_up, "of each client, before them")->capture_default_str();
  cli.add_option("--repeat", repeat, "so often")->capture_default_str()->check(CLI::Range(1, 1000));
  cli.add_flag("--profiled", profiled, "only the measured passes by stage: for a profiler");
  cli.add_flag("--tabs", tabs, "tabs between the columns: for a script");
  CLI11_PARSE(cli, argc, argv);
  load.request_operations = std::min(load.request_operations, load.outstanding);

  Cluster cluster(replicas, clients, load);
  cluster.order(warm_up);
  const std::uint64_t batches = cluster.replicas.front()->state().batches;

  // Once as it is, and once with a look at the clock at every change of stage; the median of several.
  std::array<std::vector<double>, stage_count> stages;
  std::vector<double> whole;
  for (unsigned i = 0; i < repeat; ++i) {
    if (!profiled) whole.push_back(us_per_operation(order(cluster, operations), operations * clients));
    const StageCosts costs = order_metered(cluster, operations);
    for (std::size_t stage = 0; stage < stage_count; ++stage)
      stages[stage].push_back(us_per_operation(costs[stage], operations * clients));
  }
  const std::size_t measured = operations * repeat * (profiled ? 1 : 2);
  check(cluster, warm_up + measured);

  std::printf("n = %u, %u clients with %zu operations outstanding, %zu to a request, %.0f to a batch\n",
              replicas, clients, load.outstanding, load.request_operations,
              static_cast<double>(measured * clients) /
                  static_cast<double>(cluster.replicas.front()->state().batches - batches));
  const auto print = [tabs](const char* name, double cost, const char* what) {
    std::printf(tabs ? "%s\t%.3f\t%s\n" : "%-16s %8.3f us  %s\n", name, cost, what);
  };
  double sum = 0;
  for (std::size_t i = 0; i < stage_count; ++i) {
    const double cost = median(stages[i]);
    sum += cost;
    print(stage_names[i].name, cost, stage_names[i].what);
  }
  print("sum", sum, "of the stages");
  if (!profiled) print("whole", median(whole), "measured by itself, without a look at the clock between");
  return 0;
}
