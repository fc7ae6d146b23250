#include "config/replica_program.hpp"

#include <signal.h>
#include <time.h>

#include <cstdio>
#include <memory>

#include "config/log.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "config/status_file.hpp"

namespace app {
namespace {

constexpr timespec status_period = {.tv_sec = 0, .tv_nsec = 50'000'000};

/// SIGINT and SIGTERM, blocked in this thread and all that it starts, so that only wait() meets them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// True when one came; false after `period` without.
  bool wait(const timespec& period) const { return sigtimedwait(&set_, nullptr, &period) > 0; }

 private:
  sigset_t set_{};
};

}  // namespace

void add_replica_arguments(CLI::App& cli, ReplicaArguments& arguments) {
  cli.add_option("--config", arguments.config, "this replica's replica.toml")->required()->type_name("FILE");
  cli.add_option("--status-file", arguments.status_file,
                 "keep the replica's status here, as JSON, renewed 20 times a second")
      ->type_name("FILE");
  cli.add_flag("--in-memory", arguments.in_memory, "keep the data in memory, whatever FILE says");
  cli.add_flag(
      "--lost-data", arguments.lost_data,
      "with data in memory: an earlier process ran as this replica, so observe until the others have "
      "ordered its return");
}

int run_replica(const std::string& program, const ReplicaArguments& arguments, const StartReplica& start) {
  const StopSignals stop_signals;
  const auto file = read_replica_file(arguments.config);
  if (!file) return complain(program, file.error());

  pbft::ReplicaOptions options = file->options;
  options.log = log_to_stderr(file->log_level);
  options.lost_data = arguments.lost_data;
  if (arguments.in_memory) options.data_directory.clear();
  const std::filesystem::path status_file =
      arguments.status_file.empty() ? file->status_file.string() : arguments.status_file;

  auto replica = start(file->cluster.config, file->key, options);
  if (!replica) {
    const auto& [code, message] = replica.error();
    // What is wrong with the data names its file itself.
    const bool about_data = !options.data_directory.empty() && message.starts_with(options.data_directory);
    const std::string place = code == pbft::ErrorCode::io ? file->address_place : arguments.config;
    return complain(program, {code, about_data ? message : place + ": " + message});
  }
  for (const auto& info : file->cluster.config.replicas) {
    if (info.id != file->key.id) continue;
    std::fprintf(stderr, "%s: replica %u of %zu listens on %s port %u, data in %s\n", program.c_str(),
                 info.id.value, file->cluster.config.replicas.size(),
                 (options.listen_host.empty() ? info.host : options.listen_host).c_str(), info.port,
                 options.data_directory.empty() ? "memory" : options.data_directory.c_str());
  }

  const auto report = [&](bool running) {
    if (status_file.empty()) return true;
    const auto written = write_status_file(status_file, status_json(replica->status(), running));
    if (!written) complain(program, written.error());
    return written.has_value();
  };
  const auto is_well = [&] { return replica->status().failed.empty() && report(true); };
  bool healthy = is_well();
  while (healthy && !stop_signals.wait(status_period)) healthy = is_well();
  replica->stop();
  return report(false) && healthy && replica->status().failed.empty() ? ok : failure;
}

int run_replica(const std::string& program, const ReplicaArguments& arguments, pbft::StateMachine& machine) {
  return run_replica(
      program, arguments,
      [&machine](const auto& config, const auto& key, const auto& options) -> pbft::Result<RunningReplica> {
        auto started = pbft::Replica::start(config, key, machine, options);
        if (!started) return started.error();
        const auto replica = std::make_shared<pbft::Replica>(*std::move(started));
        return RunningReplica{[replica] { return replica->status(); }, [replica] { replica->stop(); }};
      });
}

}  // namespace app
