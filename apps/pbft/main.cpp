// pbft: makes keys and clusters, checks configurations and data, shows a cluster at work.
#include <memory>

#include "commands.hpp"
#include "config/program.hpp"

namespace {

std::function<int()> set_up(CLI::App& cli) {
  cli.require_subcommand(1);
  auto exit_code = std::make_shared<int>(app::ok);
  app::add_demo(cli, *exit_code);
  app::add_cluster(cli, *exit_code);
  app::add_config(cli, *exit_code);
  app::add_keygen(cli, *exit_code);
  app::add_inspect(cli, *exit_code);
  app::add_sim(cli, *exit_code);
  cli.footer(
      "Examples:\n"
      "  pbft demo                        a real cluster on this machine loses its primary and counts on\n"
      "  pbft cluster init --f 1 --dir c1 files and keys for 4 replicas and a client\n"
      "  pbft COMMAND --help              more about a command\n\n"
      "Exit codes: 0 ok, 1 failure, 2 wrong command line or configuration, 3 unreachable or timed out,\n"
      "5 safety violated.");
  return [exit_code] { return *exit_code; };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program(
      "pbft",
      "Byzantine fault-tolerant replication: a cluster of 3f+1 replicas that agrees on every operation\n"
      "while any f of them do whatever they like.",
      argc, argv, set_up);
}
