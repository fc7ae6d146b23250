// A cluster of real counter-replica processes on this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/child_process.hpp"
#include "config/status_file.hpp"
#include "pbft/config.hpp"

namespace app {

/// At its end the processes are killed and, if it made one, the temporary folder is removed.
class DemoCluster {
 public:
  struct Plan {
    std::uint32_t replicas = 4;
    std::filesystem::path folder;  ///< Empty: a temporary one.
    bool outlives_program = false;
  };

  /// Fresh keys, free ports, all replicas started; returns when each listens and has a link to every other.
  static pbft::Result<std::unique_ptr<DemoCluster>> start(const Plan& plan);
  DemoCluster(const DemoCluster&) = delete;
  DemoCluster& operator=(const DemoCluster&) = delete;
  ~DemoCluster();

  const std::filesystem::path& folder() const { return folder_; }
  const pbft::ClusterConfig& config() const { return config_; }
  const std::map<std::uint32_t, ChildProcess>& alive() const { return alive_; }

  /// SIGKILL; returns when the process is gone.
  void kill(std::uint32_t replica);
  /// From its data directory; returns at once. REQUIRES: it was killed.
  pbft::Result<void> restart(std::uint32_t replica);
  /// SIGTERM for all; true if each ended by itself with exit code 0.
  bool stop();
  /// Of the process that lives.
  std::optional<StatusReport> status(std::uint32_t replica) const;
  /// The last lines of a replica's log, for a story that went wrong.
  std::string log_tail(std::uint32_t replica) const;

  /// The folder stays.
  void keep_folder() { temporary_ = false; }
  /// The processes and the folder stay.
  void let_go();

 private:
  DemoCluster() = default;
  pbft::Result<void> launch(const Plan& plan);
  pbft::Result<void> await_links();
  std::filesystem::path file_of(std::uint32_t replica, const char* name) const;

  std::filesystem::path folder_;
  bool temporary_ = false;
  bool outlives_program_ = false;
  pbft::ClusterConfig config_;
  std::map<std::uint32_t, ChildProcess> alive_;
};

}  // namespace app
