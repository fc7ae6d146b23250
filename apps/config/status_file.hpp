// A replica's status as a small JSON file that other processes may read at any moment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pbft/replica.hpp"

namespace app {

/// One JSON object; digests in hexadecimal. `running` is false in the last one a process writes.
std::string status_json(const pbft::ReplicaStatus& status, bool running);

/// Replaces the file in one step, so that a reader sees the old or the new one whole.
pbft::Result<void> write_status_file(const std::filesystem::path& path, const std::string& json);

/// What other programs read of it.
struct StatusReport {
  std::uint32_t id = 0;
  std::int64_t pid = 0;  ///< Of the process that wrote it.
  bool running = false;
  std::uint64_t view = 0, stable = 0, executed = 0, checkpoint = 0, operations = 0, view_changes = 0;
  std::int64_t longest_turn_us = 0;
  std::uint32_t connected_replicas = 0;
  std::string checkpoint_state;  ///< Hexadecimal.
  bool answering = true;
  bool observing = false;
  std::string failed;  ///< Why it stopped by itself; empty if it did not.
  std::uint64_t fsyncs = 0, bytes_written = 0, bytes_received = 0, bytes_sent = 0;

  struct Stage {
    std::string name;
    std::uint64_t p50_us = 0, p99_us = 0;
  };
  std::vector<Stage> stages;  ///< Of a batch's way through the replica; none from a replica that tells none.
};
/// nullopt while there is no such file, or none that makes sense.
std::optional<StatusReport> read_status_file(const std::filesystem::path& path);

}  // namespace app
