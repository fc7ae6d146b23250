// counter-replica: one replica of the counter service.
#include <memory>

#include "config/program.hpp"
#include "config/replica_program.hpp"
#include "counter/counter.hpp"

namespace {

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<app::ReplicaArguments>();
  app::add_replica_arguments(cli, *arguments);
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
  return [&cli, arguments] {
    counter::Counter machine;
    return app::run_replica(cli.get_name(), *arguments, machine);
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("counter-replica",
                          "Runs one replica of the counter service until SIGINT or SIGTERM.", argc, argv,
                          set_up);
}
