#include "demo_cluster.hpp"

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "config/cluster_folder.hpp"
#include "config/free_ports.hpp"

namespace app {
namespace {

namespace fs = std::filesystem;
using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

constexpr std::chrono::seconds start_limit{20};
constexpr std::chrono::seconds stop_limit{10};

Result<fs::path> make_temporary_folder() {
  std::error_code ignored;
  std::string name = (fs::temp_directory_path(ignored) / "pbft-demo-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return Error{ErrorCode::io,
                 name + ": cannot make a temporary folder: " + std::generic_category().message(errno)};
  }
  return fs::path(name);
}

}  // namespace

Result<std::unique_ptr<DemoCluster>> DemoCluster::start(const Plan& plan) {
  std::unique_ptr<DemoCluster> cluster(new DemoCluster);
  if (auto launched = cluster->launch(plan); !launched) return launched.error();
  if (auto linked = cluster->await_links(); !linked) return linked.error();
  return cluster;
}

Result<void> DemoCluster::launch(const Plan& plan) {
  if (plan.folder.empty()) {
    auto folder = make_temporary_folder();
    if (!folder) return folder.error();
    folder_ = *folder;
    temporary_ = true;
  } else {
    folder_ = plan.folder;
  }
  const auto ports = free_ports(plan.replicas);
  if (!ports) return ports.error();
  ClusterPlan files;
  files.ports = *ports;
  auto config = write_cluster_folder(folder_, files);
  if (!config) return config.error();
  config_ = *std::move(config);

  outlives_program_ = plan.outlives_program;
  for (std::uint32_t id = 0; id < plan.replicas; ++id) {
    if (auto started = restart(id); !started) return started;
  }
  return {};
}

Result<void> DemoCluster::restart(std::uint32_t replica) {
  ChildProcess::Command command;
  command.arguments = {program_folder() / "counter-replica", "--config", replica_toml_path(folder_, replica),
                       "--status-file", file_of(replica, "status.json")};
  command.stderr_file = file_of(replica, "log");
  command.outlives_parent = outlives_program_;
  auto child = ChildProcess::start(command);
  if (!child) return child.error();
  alive_.emplace(replica, *std::move(child));
  return {};
}

Result<void> DemoCluster::await_links() {
  std::optional<std::uint32_t> dead;
  const bool linked = await(start_limit, [&] {
    bool all = true;
    for (auto& [id, child] : alive_) {
      if (child.exit_code()) dead = id;
      const auto report = status(id);
      all = all && report && report->connected_replicas + 1 == alive_.size();
    }
    return all || dead;
  });
  if (dead)
    return Error{ErrorCode::io, "replica " + std::to_string(*dead) + " ended at once:\n" + log_tail(*dead)};
  if (!linked) {
    return Error{ErrorCode::timed_out, "the replicas did not find each other within " +
                                           std::to_string(start_limit.count()) + " s; replica 0 says:\n" +
                                           log_tail(0)};
  }
  return {};
}

DemoCluster::~DemoCluster() {
  alive_.clear();
  std::error_code ignored;
  if (temporary_) fs::remove_all(folder_, ignored);
}

void DemoCluster::kill(std::uint32_t replica) {
  const auto child = alive_.find(replica);
  if (child == alive_.end()) return;
  child->second.signal(SIGKILL);
  child->second.wait(stop_limit);
  alive_.erase(child);
}

bool DemoCluster::stop() {
  for (const auto& [id, child] : alive_) child.signal(SIGTERM);
  bool clean = true;
  for (auto& [id, child] : alive_) clean = child.wait(stop_limit) == 0 && clean;
  alive_.clear();
  return clean;
}

std::optional<StatusReport> DemoCluster::status(std::uint32_t replica) const {
  const auto child = alive_.find(replica);
  auto report = read_status_file(file_of(replica, "status.json"));
  if (!report || child == alive_.end() || report->pid != child->second.pid()) return std::nullopt;
  return report;
}

std::string DemoCluster::log_tail(std::uint32_t replica) const {
  constexpr std::size_t lines_shown = 5;
  std::ifstream log(file_of(replica, "log"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(log, line);) lines.push_back("    " + line + "\n");
  std::string tail;
  for (std::size_t i = lines.size() - std::min(lines.size(), lines_shown); i < lines.size(); ++i)
    tail += lines[i];
  return tail;
}

void DemoCluster::let_go() {
  for (auto& [id, child] : alive_) child.release();
  temporary_ = false;
}

fs::path DemoCluster::file_of(std::uint32_t replica, const char* name) const {
  return replica_toml_path(folder_, replica).parent_path() / name;
}

}  // namespace app
