// counter-replica: one replica of the counter service.
#include <signal.h>
#include <time.h>

#include <cstdio>
#include <memory>

#include "config/log.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "config/status_file.hpp"
#include "counter/counter.hpp"
#include "pbft/replica.hpp"

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

struct Arguments {
  std::string config;
  std::string status_file;
  bool in_memory = false;
  bool lost_data = false;
};

int run(const std::string& program, const Arguments& arguments) {
  const StopSignals stop_signals;
  const auto file = app::read_replica_file(arguments.config);
  if (!file) return app::complain(program, file.error());

  pbft::ReplicaOptions options = file->options;
  options.log = app::log_to_stderr(file->log_level);
  options.lost_data = arguments.lost_data;
  if (arguments.in_memory) options.data_directory.clear();
  const std::filesystem::path status_file =
      arguments.status_file.empty() ? file->status_file.string() : arguments.status_file;

  counter::Counter machine;
  auto replica = pbft::Replica::start(file->cluster.config, file->key, machine, options);
  if (!replica) {
    const auto& [code, message] = replica.error();
    // What is wrong with the data names its file itself.
    const bool about_data = !options.data_directory.empty() && message.starts_with(options.data_directory);
    const std::string place = code == pbft::ErrorCode::io ? file->address_place : arguments.config;
    return app::complain(program, {code, about_data ? message : place + ": " + message});
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
    const auto written = app::write_status_file(status_file, app::status_json(replica->status(), running));
    if (!written) app::complain(program, written.error());
    return written.has_value();
  };
  const auto is_well = [&] { return replica->status().failed.empty() && report(true); };
  bool healthy = is_well();
  while (healthy && !stop_signals.wait(status_period)) healthy = is_well();
  replica->stop();
  return report(false) && healthy && replica->status().failed.empty() ? app::ok : app::failure;
}

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  cli.add_option("--config", arguments->config, "this replica's replica.toml")->required()->type_name("FILE");
  cli.add_option("--status-file", arguments->status_file,
                 "keep the replica's status here, as JSON, renewed 20 times a second")
      ->type_name("FILE");
  cli.add_flag("--in-memory", arguments->in_memory, "keep the data in memory, whatever FILE says");
  cli.add_flag(
      "--lost-data", arguments->lost_data,
      "with data in memory: an earlier process ran as this replica, so observe until the others have "
      "ordered its return");
  cli.footer(
      "Examples:\n"
      "  pbft cluster init --f 1 --dir c1\n"
      "  counter-replica --config c1/r0/replica.toml\n"
      "  counter-replica --config c1/r0/replica.toml --status-file /run/counter/status.json\n\n"
      "What the replica must not forget is in its data directory (data = in FILE): stop it and start it\n"
      "again at any time. If that directory is lost, start it all the same: it says so, follows without\n"
      "voting, and votes again after the others have ordered its return. With data in memory all replicas\n"
      "start together, and one that was stopped comes back with --lost-data.\n\n"
      "Exit codes: 0 stopped by a signal, 1 failure (also a disk that fails or is full), 2 wrong command "
      "line,\n"
      "configuration, key file or data directory.");
  return [&cli, arguments] { return run(cli.get_name(), *arguments); };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("counter-replica",
                          "Runs one replica of the counter service until SIGINT or SIGTERM.", argc, argv,
                          set_up);
}
