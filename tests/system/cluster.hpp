// A cluster of counter-replica processes on free ports, and its client programs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/status_file.hpp"
#include "pbft/config.hpp"
#include "system/process.hpp"

namespace system_test {

class Cluster {
 public:
  /// Files and keys; nothing runs yet.
  explicit Cluster(std::uint32_t replicas = 4, bool in_memory = false);

  fs::path folder() const { return folder_.path(); }
  fs::path replica_toml(std::uint32_t id) const;
  fs::path client_toml() const;
  fs::path data(std::uint32_t id) const;
  const pbft::ClusterConfig& config() const { return config_; }

  /// Starts one; `name` may be another program that understands the same arguments.
  Process& start(std::uint32_t id, const std::string& name = "counter-replica",
                 const std::vector<std::string>& more = {});
  /// Starts those of them that do not run, killed ones again, and waits until each has a link to every other
  /// of `ids`.
  void start_all(const std::vector<std::uint32_t>& ids);
  Process& replica(std::uint32_t id) { return *processes_.at(id); }
  /// SIGKILL, and its end.
  void kill(std::uint32_t id);

  /// What counter-client says to these arguments.
  Outcome client(std::vector<std::string> arguments) const;
  /// The same, while it runs.
  Process start_client(std::vector<std::string> arguments) const;
  /// The last status that the replica's last process wrote.
  app::StatusReport status(std::uint32_t id) const;
  /// Waits until the condition holds for all of them.
  bool await_status(const std::vector<std::uint32_t>& ids,
                    const std::function<bool(const app::StatusReport&)>& condition) const;
  /// Waits until these have executed equally much, and have a checkpoint behind them, and compares their
  /// states.
  bool agree(const std::vector<std::uint32_t>& ids) const;

 private:
  TemporaryFolder folder_;
  pbft::ClusterConfig config_;
  std::map<std::uint32_t, std::unique_ptr<Process>> processes_;
};

}  // namespace system_test
