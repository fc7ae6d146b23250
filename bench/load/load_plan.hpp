// What one load process is to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace bench {

struct LoadPlan {
  std::filesystem::path cluster;   ///< Folder with cluster.toml and the clients' keys.
  std::uint32_t first_client = 0;  ///< This process plays clients first_client .. first_client + clients - 1,
  std::uint32_t clients = 1;       ///< each an identity of its own.
  std::uint32_t outstanding = 1;   ///< Operations of each that are under way at once, at most.
  double rate = 0;  ///< Operations per second of all of them together; 0: as fast as answers come.
  std::uint32_t request_bytes = 0;
  std::uint32_t reply_bytes = 0;  ///< As the service was started with.
  std::uint32_t reads_percent = 0;
  std::string auth = "signature";  ///< How requests are authenticated.
  std::uint64_t seed = 1;
  std::chrono::milliseconds duration{0};
  std::chrono::milliseconds interval{100};  ///< Of the series.
  std::filesystem::path result;             ///< The file to write at the end.
};

}  // namespace bench
