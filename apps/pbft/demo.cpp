#include <cstdio>
#include <memory>
#include <vector>

#include "commands.hpp"
#include "config/cluster_folder.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "demo_run.hpp"

namespace app {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

struct DemoArguments {
  std::uint32_t faults = 1;
  std::string folder;
  bool keep = false;
};

void tell_how_to_go_on(const Story& story, DemoCluster& cluster) {
  const std::string client = (program_folder() / "counter-client").string() + " --config " +
                             client_toml_path(cluster.folder(), 0).string();
  std::string pids;
  for (const auto& [id, child] : cluster.alive()) pids += " " + std::to_string(child.pid());
  story.tell("the cluster stays up. Talk to it:");
  std::printf("\n  %s get\n  %s add 5\n  %s load --seconds 5 --outstanding 64\n", client.c_str(),
              client.c_str(), client.c_str());
  std::printf("  cat %s/r*/status.json\n  kill%s; rm -r %s     # ends it\n", cluster.folder().c_str(),
              pids.c_str(), cluster.folder().c_str());
}

Result<void> play(const DemoArguments& arguments, const Story& story, std::unique_ptr<DemoCluster> cluster) {
  const auto file = read_client_file(client_toml_path(cluster->folder(), 0));
  if (!file) return file.error();
  auto client = pbft::Client::connect(file->cluster.config, file->key, file->options);
  if (!client) return client.error();
  Demo demo(std::move(cluster), *std::move(client), story, arguments.faults);
  story.tell("client 0 is in; it sends `add 1` until the counter stands at " +
             std::to_string(Demo::count_to));

  auto outcome = demo.count();
  if (outcome) outcome = demo.compare_states();
  if (outcome) outcome = demo.bring_back();
  if (!outcome) {
    if (is_interrupted()) return outcome;
    demo.cluster().keep_folder();
    return Error{outcome.error().code, outcome.error().message + "\nlogs and files are kept in " +
                                           demo.cluster().folder().string()};
  }
  if (arguments.keep) {
    tell_how_to_go_on(story, demo.cluster());
    demo.cluster().let_go();
    return {};
  }
  if (!demo.cluster().stop()) return Error{ErrorCode::io, "a replica did not stop cleanly at SIGTERM"};
  story.tell("all replicas stopped; nothing is left" +
             (arguments.folder.empty() ? "" : " but the files in " + arguments.folder));
  return {};
}

int demo(const DemoArguments& arguments) {
  heed_interrupts();
  const std::uint32_t replicas = 3 * arguments.faults + 1;
  const Story story;
  std::printf(
      "pbft demo: %u replicas, each a process of its own; any %u of them may fail in any way (n = 3f+1)\n\n",
      replicas, arguments.faults);
  auto cluster = DemoCluster::start({replicas, arguments.folder, arguments.keep});
  if (!cluster) return complain("pbft demo", cluster.error());

  story.tell("fresh keys in " + (*cluster)->folder().string() + "; started");
  for (const auto& info : (*cluster)->config().replicas) {
    const std::uint32_t id = info.id.value;
    story.add(replica_name(id) + "  pid " + std::to_string((*cluster)->alive().at(id).pid()) + "  " +
              info.host + ":" + std::to_string(info.port));
  }
  const auto outcome = play(arguments, story, *std::move(cluster));
  return outcome ? ok : complain("pbft demo", outcome.error());
}

}  // namespace

void add_demo(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "demo", "a real cluster on this machine: a client counts, the primary is killed and comes back");
  auto arguments = std::make_shared<DemoArguments>();
  command
      ->add_option("--f", arguments->faults,
                   "how many primaries to kill, one after another, of 3f+1 replicas")
      ->check(CLI::Range(1, 10))
      ->capture_default_str();
  command->add_flag("--keep", arguments->keep, "leave the cluster up at the end and say how to talk to it");
  command->add_option("--dir", arguments->folder,
                      "put keys, configuration and logs here and leave them (default: a temporary folder)");
  command->footer(
      "Starts 3f+1 counter-replica processes on free ports of 127.0.0.1 with fresh keys, counts to 1000, "
      "kills the\n"
      "current primary with SIGKILL on the way, tells how long counting stood still, compares the states of "
      "those\n"
      "that are left, and starts the killed ones again from their data directories. Ends by itself in a few "
      "seconds and leaves nothing behind.\n\n"
      "Examples:\n"
      "  pbft demo\n"
      "  pbft demo --f 2        7 replicas, two primaries killed\n"
      "  pbft demo --keep");
  command->callback([arguments, &exit_code] { exit_code = demo(*arguments); });
}

}  // namespace app
