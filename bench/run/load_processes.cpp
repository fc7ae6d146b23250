#include "bench/run/load_processes.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "bench/load/load_arguments.hpp"
#include "bench/run/interrupt.hpp"
#include "config/program.hpp"

namespace bench {
namespace {

constexpr std::chrono::seconds ready_limit{120};
constexpr std::chrono::seconds end_limit{60};  // the rest of the operations, and the audit
constexpr std::uint32_t default_processes = 2;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The share of process `i` of `processes`, as even as can be.
std::uint32_t share(std::uint32_t whole, std::uint32_t processes, std::uint32_t i) {
  return whole / processes + (i < whole % processes ? 1 : 0);
}

}  // namespace

pbft::Result<LoadProcesses> LoadProcesses::start(const Workload& workload,
                                                 const std::filesystem::path& cluster,
                                                 std::chrono::milliseconds interval) {
  auto folder = TemporaryFolder::make({});
  if (!folder) return folder.error();
  LoadProcesses made(*std::move(folder));
  const std::uint32_t wanted = workload.load_processes == 0 ? default_processes : workload.load_processes;
  const std::uint32_t count = std::min(workload.clients, wanted);
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::filesystem::path base = made.folder_.path() / ("load" + std::to_string(i));
    LoadPlan plan;
    plan.cluster = cluster;
    plan.first_client = first;
    plan.clients = share(workload.clients, count, i);
    plan.outstanding = workload.outstanding;
    plan.rate = workload.rate * plan.clients / workload.clients;
    plan.request_bytes = workload.request_bytes;
    plan.reply_bytes = workload.reply_bytes;
    plan.reads_percent = workload.reads_percent;
    plan.auth = workload.auth;
    plan.seed = workload.seed;
    plan.duration = workload.warmup + workload.duration;
    plan.interval = interval;
    plan.result = base.string() + ".result";
    first += plan.clients;

    app::ChildProcess::Command command;
    command.arguments = load_arguments(plan);
    command.arguments.insert(command.arguments.begin(), app::program_folder() / "bench-load");
    command.stdout_file = base.string() + ".out";
    command.stderr_file = base.string() + ".err";
    command.listens = true;
    auto child = app::ChildProcess::start(command);
    if (!child) return child.error();
    made.processes_.push_back({*std::move(child), plan.result, command.stdout_file, command.stderr_file});
  }
  if (auto ready = made.await_ready(); !ready) return ready.error();
  return made;
}

pbft::Error LoadProcesses::error_of(const Process& process, int exit_code) {
  const std::string said = read_text(process.err);
  return {exit_code == app::unreachable ? pbft::ErrorCode::timed_out : pbft::ErrorCode::io,
          "a load process ended with exit code " + std::to_string(exit_code) +
              (said.empty() ? "" : ": " + said.substr(0, said.find('\n')))};
}

pbft::Result<void> LoadProcesses::check() {
  for (auto& process : processes_) {
    if (const auto code = process.child.exit_code(); code && *code != 0) return error_of(process, *code);
  }
  return {};
}

pbft::Result<void> LoadProcesses::await_ready() {
  pbft::Result<void> well;
  const bool ready = app::await(ready_limit, [&] {
    well = check();
    return !well || is_interrupted() ||
           std::all_of(processes_.begin(), processes_.end(),
                       [](const Process& process) { return read_text(process.out) == "ready\n"; });
  });
  if (!well) return well;
  if (is_interrupted()) return interrupted_error();
  if (ready) return {};
  return pbft::Error{pbft::ErrorCode::timed_out, "the clients did not all reach the cluster within " +
                                                     std::to_string(ready_limit.count()) + " s"};
}

void LoadProcesses::go(std::int64_t start_ns) {
  for (const auto& process : processes_) process.child.tell("go " + std::to_string(start_ns));
}

pbft::Result<LoadResult> LoadProcesses::collect() {
  LoadResult all;
  app::await(end_limit, [&] {
    return is_interrupted() || std::all_of(processes_.begin(), processes_.end(), [](Process& process) {
             return process.child.exit_code().has_value();
           });
  });
  if (is_interrupted()) return interrupted_error();
  for (auto& process : processes_) {
    const auto code = process.child.exit_code();
    if (!code) {
      return pbft::Error{pbft::ErrorCode::timed_out, "a load process did not end within " +
                                                         std::to_string(end_limit.count()) +
                                                         " s after the load: the cluster does not answer"};
    }
    if (*code != 0) return error_of(process, *code);
    auto result = read_load_result(process.result);
    if (!result) return result.error();
    merge(all, *result);
  }
  return all;
}

std::vector<std::pair<std::string, pid_t>> LoadProcesses::pids() const {
  std::vector<std::pair<std::string, pid_t>> pids;
  for (std::size_t i = 0; i < processes_.size(); ++i)
    pids.emplace_back("load " + std::to_string(i), processes_[i].child.pid());
  return pids;
}

}  // namespace bench
