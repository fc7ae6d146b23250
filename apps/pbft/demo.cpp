#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <vector>

#include "commands.hpp"
#include "config/cluster_file.hpp"
#include "config/cluster_folder.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "counter/counter.hpp"
#include "demo_cluster.hpp"
#include "demo_story.hpp"
#include "pbft/client.hpp"

namespace app {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t count_to = 1000;
constexpr std::chrono::seconds agreement_limit{20};

struct DemoArguments {
  std::uint32_t faults = 1;
  std::string folder;
  bool keep = false;
};

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

/// Lets SIGINT and SIGTERM end the demo by its own way out, which leaves nothing behind.
void heed_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::string replica_name(std::uint32_t id) { return "replica " + std::to_string(id); }

/// One run of the demo: the cluster, its client, and what is told about them.
class Demo {
 public:
  Demo(std::unique_ptr<DemoCluster> cluster, pbft::Client client, const Story& story, std::uint32_t faults)
      : cluster_(std::move(cluster)), client_(std::move(client)), story_(story), faults_(faults) {}

  /// Counts from 1 to count_to and kills `faults` primaries on the way, one after another.
  Result<void> count();
  /// Waits until every replica that lives has the same checkpoint, taken after the count, and compares
  /// states.
  Result<void> compare_states();
  DemoCluster& cluster() { return *cluster_; }

 private:
  Result<std::int64_t> add(std::int64_t amount);
  std::uint32_t primary() const {
    return static_cast<std::uint32_t>(client_.view().value % cluster_->config().replicas.size());
  }
  void kill_primary(std::int64_t counted);  // REQUIRES: it is alive
  std::vector<StatusReport> survivors() const;

  std::unique_ptr<DemoCluster> cluster_;
  pbft::Client client_;
  const Story& story_;
  std::uint32_t faults_;
};

Result<std::int64_t> Demo::add(std::int64_t amount) {
  const auto outcome = std::make_shared<std::promise<Result<pbft::Bytes>>>();
  auto result = outcome->get_future();
  client_.invoke_async(pbft::view_of(counter::add_operation(amount)),
                       [outcome](Result<pbft::Bytes> answer) { outcome->set_value(std::move(answer)); });
  while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (interrupted) return Error{ErrorCode::stopped, "interrupted"};
  }
  if (interrupted) return Error{ErrorCode::stopped, "interrupted"};
  const auto answer = result.get();
  if (!answer) return answer.error();
  return counter::parse_result(*answer);
}

void Demo::kill_primary(std::int64_t counted) {
  const std::uint32_t victim = primary();
  const pid_t pid = cluster_->alive().at(victim).pid();
  cluster_->kill(victim);
  story_.tell("counted to " + std::to_string(counted) + "; SIGKILL for " + replica_name(victim) + " (pid " +
                  std::to_string(pid) + "), the primary of view " + std::to_string(client_.view().value),
              Mood::bad);
}

Result<void> Demo::count() {
  const auto start = Clock::now();
  std::vector<Clock::duration> latencies;
  std::uint32_t killed = 0;
  bool just_killed = false;
  for (std::int64_t expected = 1; expected <= count_to; ++expected) {
    const auto sent = Clock::now();
    const auto value = add(1);
    if (!value)
      return Error{value.error().code, "add " + std::to_string(expected) + ": " + value.error().message};
    if (*value != expected) {
      return Error{ErrorCode::rejected, "operation " + std::to_string(expected) + " brought the counter to " +
                                            std::to_string(*value) + ": not executed exactly once"};
    }
    latencies.push_back(Clock::now() - sent);
    if (just_killed) {
      story_.tell("counting stood still for " + in_words(latencies.back()) + "; it goes on in view " +
                  std::to_string(client_.view().value) + " with " + replica_name(primary()) + " as primary");
    }
    just_killed = killed < faults_ && expected >= count_to * (killed + 1) / (faults_ + 1) &&
                  cluster_->alive().contains(primary());
    if (!just_killed) continue;
    ++killed;
    kill_primary(expected);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::nth_element(latencies.begin(), latencies.begin() + count_to / 2, latencies.end());
  story_.tell("counted to " + std::to_string(count_to) + ", each addition executed exactly once", Mood::good);
  story_.add(std::to_string(static_cast<int>(count_to / seconds)) +
             " additions/s one after another, median " + in_words(latencies[count_to / 2]));
  return {};
}

std::vector<StatusReport> Demo::survivors() const {
  std::vector<StatusReport> reports;
  for (const auto& [id, child] : cluster_->alive()) {
    if (auto report = cluster_->status(id)) reports.push_back(*report);
  }
  return reports;
}

Result<void> Demo::compare_states() {
  // One addition at a time is a batch each: after so many, a checkpoint lies behind the count.
  const std::uint64_t interval = cluster_->config().limits.checkpoint_interval;
  for (std::uint64_t i = 0; i < interval; ++i) {
    if (const auto value = add(0); !value) return value.error();
  }
  std::vector<StatusReport> reports;
  const bool level = await(agreement_limit, [&] {
    reports = survivors();
    return interrupted != 0 || (reports.size() == cluster_->alive().size() &&
                                std::all_of(reports.begin(), reports.end(), [&](const StatusReport& report) {
                                  return report.operations >= count_to + interval &&
                                         report.checkpoint + interval > report.executed &&
                                         report.checkpoint == reports.front().checkpoint;
                                }));
  });
  if (interrupted != 0) return Error{ErrorCode::stopped, "interrupted"};
  if (!level) return Error{ErrorCode::timed_out, "the replicas alive did not reach a common checkpoint"};

  std::string names;
  for (const auto& report : reports) names += (names.empty() ? "" : ", ") + std::to_string(report.id);
  for (const auto& report : reports) {
    if (report.checkpoint_state != reports.front().checkpoint_state || !report.answering) {
      return Error{ErrorCode::rejected,
                   "replicas " + names + " disagree at checkpoint " + std::to_string(report.checkpoint)};
    }
  }
  story_.tell("replicas " + names + " agree: at sequence number " +
                  std::to_string(reports.front().checkpoint) + " each has the state",
              Mood::good);
  story_.add(reports.front().checkpoint_state);
  return {};
}

void tell_how_to_go_on(const Story& story, DemoCluster& cluster) {
  const std::string client = (program_folder() / "counter-client").string() + " --config " +
                             client_toml_path(cluster.folder(), 0).string();
  std::string pids;
  for (const auto& [id, child] : cluster.alive()) pids += " " + std::to_string(child.pid());
  story.tell("the cluster stays up, without the replicas that were killed. Talk to it:");
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
  story.tell("client 0 is in; it sends `add 1` until the counter stands at " + std::to_string(count_to));

  auto outcome = demo.count();
  if (outcome) outcome = demo.compare_states();
  if (!outcome) {
    if (interrupted != 0) return outcome;
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
  std::string list;
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
      "demo", "a real cluster on this machine: a client counts, the primary is killed, counting goes on");
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
      "current primary with SIGKILL on the way, tells how long counting stood still, and compares the states "
      "of\n"
      "those that are left. Ends by itself in a few seconds and leaves nothing behind.\n\n"
      "Examples:\n"
      "  pbft demo\n"
      "  pbft demo --f 2        7 replicas, two primaries killed\n"
      "  pbft demo --keep");
  command->callback([arguments, &exit_code] { exit_code = demo(*arguments); });
}

}  // namespace app
