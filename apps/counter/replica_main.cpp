// counter-replica: one replica of the counter service.
#include <signal.h>
#include <time.h>

#include <cstdio>

#include "config/log.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "config/status_file.hpp"
#include "counter/counter.hpp"
#include "pbft/replica.hpp"

namespace {

constexpr timespec status_period = {.tv_sec = 0, .tv_nsec = 200'000'000};

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

int run(const std::string& program, const std::string& config_path, const std::string& status_path) {
  const StopSignals stop_signals;
  const auto file = app::read_replica_file(config_path);
  if (!file) return app::complain(program, file.error());

  pbft::ReplicaOptions options = file->options;
  options.log = app::log_to_stderr(file->log_level);
  const std::filesystem::path status_file = status_path.empty() ? file->status_file.string() : status_path;

  counter::Counter machine;
  auto replica = pbft::Replica::start(file->cluster.config, file->key, machine, options);
  if (!replica) {
    const auto& [code, message] = replica.error();
    const std::string place = code == pbft::ErrorCode::io ? file->address_place : config_path;
    return app::complain(program, {code, place + ": " + message});
  }
  for (const auto& info : file->cluster.config.replicas) {
    if (info.id != file->key.id) continue;
    std::fprintf(stderr, "%s: replica %u of %zu listens on %s port %u\n", program.c_str(), info.id.value,
                 file->cluster.config.replicas.size(),
                 (options.listen_host.empty() ? info.host : options.listen_host).c_str(), info.port);
  }

  const auto report = [&](bool running) {
    if (status_file.empty()) return true;
    const auto written = app::write_status_file(status_file, app::status_json(replica->status(), running));
    if (!written) app::complain(program, written.error());
    return written.has_value();
  };
  bool healthy = report(true);
  while (healthy && !stop_signals.wait(status_period)) healthy = report(true);
  replica->stop();
  return healthy && report(false) ? app::ok : app::failure;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Runs one replica of the counter service until SIGINT or SIGTERM.", "counter-replica");
  std::string config, status_file;
  cli.add_option("--config", config, "this replica's replica.toml")->required()->type_name("FILE");
  cli.add_option("--status-file", status_file,
                 "keep the replica's status here, as JSON, renewed 5 times a second")
      ->type_name("FILE");
  cli.footer(
      "Examples:\n"
      "  pbft cluster init --f 1 --dir c1\n"
      "  counter-replica --config c1/r0/replica.toml\n"
      "  counter-replica --config c1/r0/replica.toml --status-file /run/counter/status.json\n\n"
      "Start all replicas of a cluster together: in this version they keep their data in memory, and one "
      "that\n"
      "was stopped must not be started again while the others go on.\n\n"
      "Exit codes: 0 stopped by a signal, 1 failure, 2 wrong command line, configuration or key file.");
  return app::run_program(cli, argc, argv, [&] { return run(cli.get_name(), config, status_file); });
}
