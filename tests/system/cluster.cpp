#include "system/cluster.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>

#include "config/cluster_folder.hpp"
#include "config/free_ports.hpp"

namespace system_test {

Cluster::Cluster(std::uint32_t replicas, bool in_memory) {
  const auto ports = app::free_ports(replicas);
  REQUIRE(ports);
  app::ClusterPlan plan;
  plan.ports = *ports;
  plan.in_memory = in_memory;
  auto config = app::write_cluster_folder(folder_.path(), plan);
  REQUIRE_MESSAGE(config, (config ? "" : config.error().message));
  config_ = *std::move(config);
}

fs::path Cluster::replica_toml(std::uint32_t id) const { return app::replica_toml_path(folder_.path(), id); }
fs::path Cluster::data(std::uint32_t id) const { return app::data_path(folder_.path(), id); }
fs::path Cluster::client_toml() const { return app::client_toml_path(folder_.path(), 0); }

Process& Cluster::start(std::uint32_t id, const std::string& name, const std::vector<std::string>& more) {
  const fs::path status = replica_toml(id).parent_path() / "status.json";
  std::vector<std::string> arguments = {name, "--config", replica_toml(id), "--status-file", status};
  arguments.insert(arguments.end(), more.begin(), more.end());
  processes_[id] = std::make_unique<Process>(std::move(arguments));
  return *processes_[id];
}

void Cluster::start_all(const std::vector<std::uint32_t>& ids) {
  for (const auto id : ids) {
    if (!processes_.contains(id) || !replica(id).is_running()) start(id);
  }
  REQUIRE(await_status(ids, [&](const auto& report) { return report.connected_replicas + 1 >= ids.size(); }));
}

void Cluster::kill(std::uint32_t id) {
  replica(id).signal(SIGKILL);
  CHECK(replica(id).wait() == 128 + SIGKILL);
}

Process Cluster::start_client(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"counter-client", "--config", client_toml()});
  return Process(std::move(arguments));
}

Outcome Cluster::client(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"counter-client", "--config", client_toml()});
  return run(std::move(arguments));
}

app::StatusReport Cluster::status(std::uint32_t id) const {
  const auto report = app::read_status_file(replica_toml(id).parent_path() / "status.json");
  const auto process = processes_.find(id);
  if (!report || process == processes_.end() || report->pid != process->second->pid()) return {};
  return *report;
}

bool Cluster::await_status(const std::vector<std::uint32_t>& ids,
                           const std::function<bool(const app::StatusReport&)>& condition) const {
  return app::await(patience, [&] {
    return std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return condition(status(id)); });
  });
}

bool Cluster::agree(const std::vector<std::uint32_t>& ids) const {
  const std::uint64_t interval = config_.limits.checkpoint_interval;
  const bool level = app::await(patience, [&] {
    const app::StatusReport first = status(ids.front());
    return first.executed >= interval && first.checkpoint + interval > first.executed &&
           std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) {
             const app::StatusReport other = status(id);
             return other.executed == first.executed && other.checkpoint == first.checkpoint;
           });
  });
  CHECK(level);
  const std::string state = status(ids.front()).checkpoint_state;
  return level && std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) {
           return status(id).checkpoint_state == state && status(id).answering;
         });
}

}  // namespace system_test
