// The replicas under measurement: processes on this machine, and what is done to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/run/temporary_folder.hpp"
#include "config/child_process.hpp"
#include "config/status_file.hpp"

namespace bench {

/// At its end the processes that it started are killed, and their folder is removed.
class Cluster {
 public:
  struct Plan {
    std::uint32_t replicas = 4;
    std::uint32_t clients = 1;   ///< Of the load.
    bool faulty_client = false;  ///< One more, in a process of its own, that sends nothing until behave().
    std::uint32_t reply_bytes = 0;
    bool in_memory = false;
    std::set<std::uint32_t> liars;  ///< Run the executable that can misbehave.
    std::filesystem::path folder;   ///< Under which the temporary one is made; empty: the system's.
    std::uint64_t seed = 1;
  };

  /// Fresh keys, free ports, all replicas started; returns when each has a link to every other.
  static pbft::Result<std::unique_ptr<Cluster>> start(const Plan& plan);
  /// One that runs already, in a folder as `pbft cluster init` makes it: nothing can be done to its
  /// processes.
  static pbft::Result<std::unique_ptr<Cluster>> join(const std::filesystem::path& folder);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  std::uint32_t size() const { return replicas_; }
  const std::filesystem::path& folder() const { return folder_; }
  bool is_ours() const { return ours_.has_value(); }

  void kill(std::uint32_t replica);                   ///< SIGKILL; returns when the process is gone.
  pbft::Result<void> restart(std::uint32_t replica);  ///< REQUIRES: it was killed.
  void pause(std::uint32_t replica);
  void resume(std::uint32_t replica);
  /// As lib/adversary understands it. REQUIRES: it is one of Plan::liars.
  pbft::Result<void> behave(std::uint32_t replica, const std::string& behaviour);

  pbft::Result<void> behave_client(const std::string& behaviour);  ///< REQUIRES: Plan::faulty_client.

  bool is_running(std::uint32_t replica) const;  ///< Neither killed nor paused.
  bool has_lied(std::uint32_t replica) const { return lied_.contains(replica); }
  /// Of the process that runs now.
  std::optional<app::StatusReport> status(std::uint32_t replica) const;
  /// Of a view that a correct replica has entered, the highest; 0 before.
  std::uint64_t view() const;
  std::uint32_t primary() const { return static_cast<std::uint32_t>(view() % replicas_); }
  pid_t pid(std::uint32_t replica) const;  ///< -1 if it is not ours, or was killed.
  /// Those that were killed or paused.
  std::set<std::uint32_t> killed() const;
  const std::set<std::uint32_t>& paused() const { return paused_; }
  const std::set<std::uint32_t>& liars() const { return lied_; }
  /// A process that ended by itself, with the end of its log.
  std::optional<std::string> find_casualty();
  /// SIGTERM for all, then SIGKILL for those that do not heed it.
  void stop();

 private:
  Cluster() = default;
  pbft::Result<void> launch();
  pbft::Result<void> await_links();
  pbft::Result<void> start_faulty_client();
  std::filesystem::path file_of(std::uint32_t replica, const char* name) const;

  Plan plan_;
  std::uint32_t replicas_ = 0;
  std::optional<TemporaryFolder> ours_;  ///< None of a cluster that we joined.
  std::filesystem::path folder_;
  std::map<std::uint32_t, app::ChildProcess> alive_;
  std::optional<app::ChildProcess> faulty_client_;
  std::set<std::uint32_t> paused_, lied_, started_;
};

}  // namespace bench
