// pbft: makes keys and clusters, checks configurations, shows a cluster at work.
#include "commands.hpp"
#include "config/program.hpp"

int main(int argc, char** argv) {
  CLI::App cli(
      "Byzantine fault-tolerant replication: a cluster of 3f+1 replicas that agrees on every operation\n"
      "while any f of them do whatever they like.",
      "pbft");
  cli.require_subcommand(1);
  int exit_code = app::ok;
  app::add_demo(cli, exit_code);
  app::add_cluster(cli, exit_code);
  app::add_config(cli, exit_code);
  app::add_keygen(cli, exit_code);
  cli.footer(
      "Examples:\n"
      "  pbft demo                        a real cluster on this machine loses its primary and counts on\n"
      "  pbft cluster init --f 1 --dir c1 files and keys for 4 replicas and a client\n"
      "  pbft COMMAND --help              more about a command\n\n"
      "Exit codes: 0 ok, 1 failure, 2 wrong command line or configuration, 3 unreachable or timed out.");
  return app::run_program(cli, argc, argv, [&] { return exit_code; });
}
