// The processes that play the clients.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/load_result.hpp"
#include "bench/run/temporary_folder.hpp"
#include "bench/run/workload.hpp"
#include "config/child_process.hpp"

namespace bench {

/// Killed at its end.
class LoadProcesses {
 public:
  /// Started, and all clients connected. They send for warm-up and duration together.
  static pbft::Result<LoadProcesses> start(const Workload& workload, const std::filesystem::path& cluster,
                                           std::chrono::milliseconds interval);

  void go(std::int64_t start_ns);
  /// After the end of the load. Errors: one of them ended without a result.
  pbft::Result<LoadResult> collect();
  /// One that ended before its time, and why.
  pbft::Result<void> check();
  /// "load 0" and its process.
  std::vector<std::pair<std::string, pid_t>> pids() const;

 private:
  struct Process {
    app::ChildProcess child;
    std::filesystem::path result, out, err;
  };

  explicit LoadProcesses(TemporaryFolder folder) : folder_(std::move(folder)) {}
  pbft::Result<void> await_ready();
  static pbft::Error error_of(const Process& process, int exit_code);

  TemporaryFolder folder_;
  std::vector<Process> processes_;
};

}  // namespace bench
