#include "bench/run/cluster.hpp"

#include <signal.h>

#include <algorithm>
#include <fstream>

#include "config/cluster_file.hpp"
#include "config/cluster_folder.hpp"
#include "config/free_ports.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;
using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

constexpr std::chrono::seconds start_limit{20};
constexpr std::chrono::seconds stop_limit{5};

std::string log_tail(const fs::path& path) {
  constexpr std::size_t lines_shown = 5;
  std::ifstream log(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(log, line);) lines.push_back("    " + line + "\n");
  std::string tail;
  for (std::size_t i = lines.size() - std::min(lines.size(), lines_shown); i < lines.size(); ++i)
    tail += lines[i];
  return tail;
}

std::string name_of(std::uint32_t replica) { return "replica " + std::to_string(replica); }

}  // namespace

Result<std::unique_ptr<Cluster>> Cluster::start(const Plan& plan) {
  std::unique_ptr<Cluster> cluster(new Cluster);
  cluster->plan_ = plan;
  cluster->replicas_ = plan.replicas;
  if (auto launched = cluster->launch(); !launched) return launched.error();
  if (auto linked = cluster->await_links(); !linked) return linked.error();
  if (plan.faulty_client) {
    if (auto started = cluster->start_faulty_client(); !started) return started.error();
  }
  return cluster;
}

Result<std::unique_ptr<Cluster>> Cluster::join(const fs::path& folder) {
  const auto file = app::read_cluster_file(folder / "cluster.toml");
  if (!file) return file.error();
  std::unique_ptr<Cluster> cluster(new Cluster);
  cluster->folder_ = folder;
  cluster->replicas_ = static_cast<std::uint32_t>(file->config.replicas.size());
  return cluster;
}

Result<void> Cluster::launch() {
  auto folder = TemporaryFolder::make(plan_.folder);
  if (!folder) return folder.error();
  ours_ = *std::move(folder);
  folder_ = ours_->path();
  const auto ports = app::free_ports(plan_.replicas);
  if (!ports) return ports.error();
  app::ClusterPlan files;
  files.ports = *ports;
  files.clients = plan_.clients + (plan_.faulty_client ? 1 : 0);
  files.in_memory = plan_.in_memory;
  if (auto written = app::write_cluster_folder(folder_, files); !written) return written.error();
  for (std::uint32_t id = 0; id < replicas_; ++id) {
    if (auto started = restart(id); !started) return started;
  }
  return {};
}

Result<void> Cluster::restart(std::uint32_t replica) {
  const bool can_lie = plan_.liars.contains(replica);
  app::ChildProcess::Command command;
  command.arguments = {app::program_folder() / (can_lie ? "faulty-replica" : "bench-replica"),
                       "--config",
                       app::replica_toml_path(folder_, replica),
                       "--status-file",
                       file_of(replica, "status.json"),
                       "--reply-bytes",
                       std::to_string(plan_.reply_bytes)};
  if (can_lie) {
    command.arguments.insert(command.arguments.end(), {"--seed", std::to_string(plan_.seed + replica)});
    command.listens = true;
  }
  if (!started_.insert(replica).second && plan_.in_memory) command.arguments.push_back("--lost-data");
  command.stderr_file = file_of(replica, "log");
  auto child = app::ChildProcess::start(command);
  if (!child) return child.error();
  alive_.emplace(replica, *std::move(child));
  return {};
}

Result<void> Cluster::await_links() {
  std::optional<std::string> casualty;
  const bool linked = app::await(start_limit, [&] {
    casualty = find_casualty();
    if (casualty) return true;
    return std::all_of(alive_.begin(), alive_.end(), [&](const auto& entry) {
      const auto report = status(entry.first);
      return report && report->connected_replicas + 1 == replicas_;
    });
  });
  if (casualty) return Error{ErrorCode::io, *casualty};
  if (linked) return {};
  return Error{ErrorCode::timed_out, "the replicas did not find each other within " +
                                         std::to_string(start_limit.count()) + " s; replica 0 says:\n" +
                                         log_tail(file_of(0, "log"))};
}

void Cluster::kill(std::uint32_t replica) {
  const auto child = alive_.find(replica);
  if (child == alive_.end()) return;
  child->second.signal(SIGKILL);
  child->second.wait(stop_limit);
  alive_.erase(child);
  paused_.erase(replica);
}

void Cluster::pause(std::uint32_t replica) {
  const auto child = alive_.find(replica);
  if (child == alive_.end()) return;
  child->second.signal(SIGSTOP);
  paused_.insert(replica);
}

void Cluster::resume(std::uint32_t replica) {
  const auto child = alive_.find(replica);
  if (child == alive_.end()) return;
  child->second.signal(SIGCONT);
  paused_.erase(replica);
}

Result<void> Cluster::behave(std::uint32_t replica, const std::string& behaviour) {
  const auto child = alive_.find(replica);
  if (child == alive_.end()) return Error{ErrorCode::invalid_argument, name_of(replica) + " does not run"};
  if (!plan_.liars.contains(replica) || !child->second.tell("behave " + behaviour))
    return Error{ErrorCode::io, name_of(replica) + " cannot be told to misbehave"};
  if (behaviour != "honest") lied_.insert(replica);
  return {};
}

Result<void> Cluster::start_faulty_client() {
  app::ChildProcess::Command command;
  command.arguments = {app::program_folder() / "faulty-client", "--config",
                       app::client_toml_path(folder_, plan_.clients), "--seed", std::to_string(plan_.seed)};
  command.stderr_file = folder_ / "faulty-client.log";
  command.listens = true;
  auto child = app::ChildProcess::start(command);
  if (!child) return child.error();
  faulty_client_ = *std::move(child);
  return {};
}

Result<void> Cluster::behave_client(const std::string& behaviour) {
  if (faulty_client_ && faulty_client_->tell("behave " + behaviour)) return {};
  return Error{ErrorCode::io, "the faulty client does not run"};
}

bool Cluster::is_running(std::uint32_t replica) const {
  return !is_ours() || (alive_.contains(replica) && !paused_.contains(replica));
}

std::optional<app::StatusReport> Cluster::status(std::uint32_t replica) const {
  auto report = app::read_status_file(file_of(replica, "status.json"));
  if (!report || !report->running) return std::nullopt;
  if (is_ours() && report->pid != pid(replica)) return std::nullopt;
  return report;
}

pid_t Cluster::pid(std::uint32_t replica) const {
  const auto child = alive_.find(replica);
  return child == alive_.end() ? -1 : child->second.pid();
}

std::set<std::uint32_t> Cluster::killed() const {
  std::set<std::uint32_t> killed = started_;
  for (const auto& [id, child] : alive_) killed.erase(id);
  return killed;
}

std::uint64_t Cluster::view() const {
  std::uint64_t view = 0;
  for (std::uint32_t id = 0; id < replicas_; ++id) {
    if (has_lied(id)) continue;
    if (const auto report = status(id)) view = std::max(view, report->view);
  }
  return view;
}

std::optional<std::string> Cluster::find_casualty() {
  const auto obituary = [](const std::string& name, int code, const fs::path& log) {
    return name + " ended by itself with exit code " + std::to_string(code) + ":\n" + log_tail(log);
  };
  for (auto& [id, child] : alive_) {
    if (const auto code = child.exit_code()) return obituary(name_of(id), *code, file_of(id, "log"));
  }
  if (!faulty_client_) return std::nullopt;
  const auto code = faulty_client_->exit_code();
  if (!code) return std::nullopt;
  return obituary("the faulty client", *code, folder_ / "faulty-client.log");
}

void Cluster::stop() {
  faulty_client_.reset();
  for (const auto& [id, child] : alive_) {
    child.signal(SIGCONT);
    child.signal(SIGTERM);
  }
  for (auto& [id, child] : alive_) child.wait(stop_limit);
  alive_.clear();
}

fs::path Cluster::file_of(std::uint32_t replica, const char* name) const {
  return app::replica_toml_path(folder_, replica).parent_path() / name;
}

}  // namespace bench
