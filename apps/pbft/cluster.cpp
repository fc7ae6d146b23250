#include <cstdio>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "config/cluster_file.hpp"
#include "config/cluster_folder.hpp"
#include "config/program.hpp"

namespace app {
namespace {

constexpr std::uint32_t max_faults = 21;  // 64 replicas

struct InitArguments {
  std::uint32_t faults = 1;
  std::uint32_t replicas = 0;  ///< 0: as few as `faults` allow.
  std::string folder;
  std::string host = "127.0.0.1";
  std::uint16_t base_port = 7100;
  std::uint32_t clients = 1;
  bool in_memory = false;
  std::string authentication = "signature";
};

int refuse(const std::string& message) {
  return complain("pbft cluster init", {pbft::ErrorCode::invalid_argument, message});
}

void print_next_steps(const InitArguments& arguments, std::uint32_t replicas) {
  const char* folder = arguments.folder.c_str();
  std::printf("%s: %u replicas on %s ports %u to %u, of which any %u may fail; clients: %u\n", folder,
              replicas, arguments.host.c_str(), arguments.base_port, arguments.base_port + replicas - 1,
              tolerated_faults(replicas), arguments.clients);
  std::printf("\nNext, the counter service on it:\n");
  std::printf("  for i in $(seq 0 %u); do counter-replica --config %s/r$i/replica.toml & done\n",
              replicas - 1, folder);
  if (arguments.clients != 0) std::printf("  counter-client --config %s/client0.toml add 5\n", folder);
  std::printf(
      "\nOn several hosts: give each its own r*/ folder and the cluster.toml, with the hosts' addresses in "
      "it.\n"
      "Never run a replica from a copy of its data/, and never put an old copy back.\n"
      "Better still, make each key where it is used (pbft keygen) and let only public keys travel.\n");
}

int init(const InitArguments& arguments) {
  const std::uint32_t needed = 3 * arguments.faults + 1;
  const std::uint32_t replicas = arguments.replicas == 0 ? needed : arguments.replicas;
  if (replicas < needed) {
    return refuse("--n " + std::to_string(replicas) + ": f = " + std::to_string(arguments.faults) +
                  " needs at least 3f+1 = " + std::to_string(needed));
  }
  if (arguments.base_port + replicas - 1 > 65535) {
    return refuse("--base-port " + std::to_string(arguments.base_port) + ": the last of " +
                  std::to_string(replicas) + " ports would be above 65535; choose a lower one");
  }
  ClusterPlan plan;
  plan.host = arguments.host;
  plan.clients = arguments.clients;
  plan.in_memory = arguments.in_memory;
  plan.use_macs = arguments.authentication == "mac";
  for (std::uint32_t i = 0; i < replicas; ++i) {
    plan.ports.push_back(static_cast<std::uint16_t>(arguments.base_port + i));
  }
  const auto written = write_cluster_folder(arguments.folder, plan);
  if (!written) return complain("pbft cluster init", written.error());
  print_next_steps(arguments, replicas);
  return ok;
}

}  // namespace

void add_cluster(CLI::App& cli, int& exit_code) {
  auto* cluster = cli.add_subcommand("cluster", "make a cluster's files");
  cluster->require_subcommand(1);
  auto* command =
      cluster->add_subcommand("init", "write cluster.toml and, for each member, its file and fresh key");
  auto arguments = std::make_shared<InitArguments>();
  command->add_option("--f", arguments->faults, "how many replicas may be faulty at once")
      ->check(CLI::Range(1U, max_faults))
      ->capture_default_str();
  command->add_option("--n", arguments->replicas, "how many replicas there are (default 3f+1)")
      ->check(CLI::Range(4, 64));
  command->add_option("--dir", arguments->folder, "the folder to fill; existing files are never overwritten")
      ->required();
  command->add_option("--host", arguments->host, "the replicas' address, IPv4 or IPv6")
      ->capture_default_str();
  command->add_option("--base-port", arguments->base_port, "replica i listens on PORT + i")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("--clients", arguments->clients, "how many clients to admit")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  command->add_flag(
      "--in-memory", arguments->in_memory,
      "replicas without data directories: all start together, and what they know ends with them");
  command
      ->add_option(
          "--auth", arguments->authentication,
          "how clients authenticate requests: signature, or mac (quicker to check, one more exchange)")
      ->check(CLI::IsMember({"signature", "mac"}))
      ->capture_default_str();
  command->footer(
      "Writes\n"
      "  DIR/cluster.toml           who is in the cluster; the same for everybody\n"
      "  DIR/r0/replica.toml, key   what replica 0 needs, and so on; keys have mode 0600\n"
      "  DIR/r0/data/               what replica 0 must not forget: belongs on its own host's disk\n"
      "  DIR/client0.toml, .key     what client 0 needs, and so on\n\n"
      "Examples:\n"
      "  pbft cluster init --f 1 --dir c1\n"
      "  pbft cluster init --f 2 --dir c2 --base-port 7200 --clients 3");
  command->callback([arguments, &exit_code] { exit_code = init(*arguments); });
}

}  // namespace app
