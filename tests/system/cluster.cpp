#include "system/cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "config/cluster_folder.hpp"
#include "config/free_ports.hpp"

namespace system_test {

Cluster::Cluster(std::uint32_t replicas) {
  const auto ports = app::free_ports(replicas);
  REQUIRE(ports);
  app::ClusterPlan plan;
  plan.ports = *ports;
  auto config = app::write_cluster_folder(folder_.path(), plan);
  REQUIRE_MESSAGE(config, (config ? "" : config.error().message));
  config_ = *std::move(config);
}

fs::path Cluster::replica_toml(std::uint32_t id) const { return app::replica_toml_path(folder_.path(), id); }
fs::path Cluster::client_toml() const { return app::client_toml_path(folder_.path(), 0); }

Process& Cluster::start(std::uint32_t id, const std::string& name) {
  const fs::path status = replica_toml(id).parent_path() / "status.json";
  processes_[id] = std::make_unique<Process>(
      std::vector<std::string>{name, "--config", replica_toml(id), "--status-file", status});
  return *processes_[id];
}

void Cluster::start_all(const std::vector<std::uint32_t>& ids) {
  for (const auto id : ids) {
    if (!processes_.contains(id)) start(id);
  }
  REQUIRE(await_status(ids, [&](const auto& report) { return report.connected_replicas + 1 >= ids.size(); }));
}

Outcome Cluster::client(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"counter-client", "--config", client_toml()});
  return run(std::move(arguments));
}

app::StatusReport Cluster::status(std::uint32_t id) const {
  return app::read_status_file(replica_toml(id).parent_path() / "status.json").value_or(app::StatusReport{});
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
