// What a run puts on the cluster, and what kind of cluster that is.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace bench {

struct Workload {
  std::uint32_t replicas = 4;
  std::uint32_t clients = 4;
  std::uint32_t outstanding = 64;  ///< Of each client, at most.
  double rate = 0;                 ///< Operations per second, all clients together; 0: closed loop.
  std::uint32_t request_bytes = 0;
  std::uint32_t reply_bytes = 0;
  std::uint32_t reads_percent = 0;
  std::string auth = "signature";
  std::string durability = "in-memory";
  std::uint64_t seed = 1;
  std::uint32_t load_processes = 0;  ///< 0: as fits.
  std::chrono::milliseconds warmup{2000};
  std::chrono::milliseconds duration{10'000};
  std::filesystem::path cluster;  ///< A running cluster to join; empty: one of our own.
  std::filesystem::path folder;   ///< Where ours keeps its files; empty: the system's place for such.

  bool in_memory() const { return durability == "in-memory"; }
};

}  // namespace bench
