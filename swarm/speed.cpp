#include "swarm/speed.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "sim/cluster.hpp"

namespace swarm {

namespace {

using namespace pbft::sim;

constexpr std::uint32_t operations = 100;
constexpr double measure_seconds = 2;

struct Load {
  const char* name;
  std::uint32_t clients;
  Signatures signatures;
};

// Of this process: whoever else uses the machine does not count.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// From genesis to the last answer, and until every replica has executed everything. The number of events.
std::uint64_t run_cluster(const Load& load, std::uint64_t seed) {
  ClusterOptions options;
  options.clients = load.clients;
  options.seed = seed;
  options.signatures = load.signatures;
  Cluster cluster(options);
  for (std::uint32_t sent = 0; sent < operations; sent += load.clients) {
    for (std::uint32_t client = 0; client < load.clients; ++client) {
      cluster.client(client).send("op" + std::to_string(sent + client));
    }
    cluster.run_until_answered();
  }
  cluster.finish();
  return cluster.events();
}

}  // namespace

int measure_speed(bool json) {
  constexpr Load loads[] = {
      {"1 client, one operation after the other", 1, Signatures::ideal},
      {"4 clients, 25 operations each", 4, Signatures::ideal},
      {"4 clients, 25 operations each, Ed25519", 4, Signatures::ed25519},
  };
  nlohmann::ordered_json report = nlohmann::ordered_json::array();
  if (!json)
    std::printf("whole clusters of 4 replicas, %u operations each; of processor time:\n", operations);
  for (const Load& load : loads) {
    std::uint64_t runs = 0, events = 0;
    const double began = cpu_seconds();
    double took = 0;
    while (took < measure_seconds) {
      events += run_cluster(load, ++runs);
      took = cpu_seconds() - began;
    }
    const double rate = static_cast<double>(runs) / took;
    if (json) {
      report.push_back({{"load", load.name},
                        {"runs_per_second", rate},
                        {"events_per_run", events / runs},
                        {"operations_per_run", operations}});
    } else {
      std::printf("  %6.1f runs a second  %-42s %llu events each\n", rate, load.name,
                  static_cast<unsigned long long>(events / runs));
      std::fflush(stdout);
    }
  }
  if (json) std::printf("%s\n", report.dump(2).c_str());
  return 0;
}

}  // namespace swarm
