#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"

namespace app {
namespace {

struct CheckArguments {
  std::string file;
  std::string kind = "auto";
  bool json = false;
};

/// What a sound file says.
struct Finding {
  std::string kind;
  std::optional<std::uint64_t> id;
  pbft::ClusterConfig cluster;
};

std::string guess_kind(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  if (name.find("replica") != std::string::npos) return "replica";
  if (name.find("client") != std::string::npos) return "client";
  return "cluster";
}

pbft::Result<Finding> check(const CheckArguments& arguments) {
  const std::string kind = arguments.kind == "auto" ? guess_kind(arguments.file) : arguments.kind;
  if (kind == "replica") {
    auto replica = read_replica_file(arguments.file);
    if (!replica) return replica.error();
    return Finding{kind, replica->key.id.value, std::move(replica->cluster.config)};
  }
  if (kind == "client") {
    auto client = read_client_file(arguments.file);
    if (!client) return client.error();
    return Finding{kind, client->key.id.value, std::move(client->cluster.config)};
  }
  auto cluster = read_cluster_file(arguments.file);
  if (!cluster) return cluster.error();
  return Finding{kind, std::nullopt, std::move(cluster->config)};
}

nlohmann::ordered_json to_json(const Finding& finding) {
  nlohmann::ordered_json json = {{"kind", finding.kind}};
  if (finding.id) json["id"] = *finding.id;
  json["replicas"] = finding.cluster.replicas.size();
  json["f"] = tolerated_faults(finding.cluster.replicas.size());
  json["clients"] = finding.cluster.clients.size();
  json["cluster_id"] = pbft::to_hex(pbft::cluster_id(finding.cluster).bytes);
  return json;
}

int config_check(const CheckArguments& arguments) {
  const auto finding = check(arguments);
  if (arguments.json) {
    nlohmann::ordered_json json = {{"file", arguments.file}, {"ok", finding.has_value()}};
    if (finding) {
      json.update(to_json(*finding));
    } else {
      json["error"] = finding.error().message;
    }
    std::printf("%s\n", json.dump(2).c_str());
    return finding ? ok : exit_code(finding.error());
  }
  if (!finding) return complain("pbft config check", finding.error());
  const std::string who = finding->id ? " " + std::to_string(*finding->id) + " of a cluster" : "";
  std::printf("%s: ok: %s%s: %zu replicas, of which any %u may fail; clients: %zu; cluster id %s\n",
              arguments.file.c_str(), finding->kind.c_str(), who.c_str(), finding->cluster.replicas.size(),
              tolerated_faults(finding->cluster.replicas.size()), finding->cluster.clients.size(),
              pbft::to_hex(pbft::cluster_id(finding->cluster).bytes).c_str());
  return ok;
}

}  // namespace

void add_config(CLI::App& cli, int& exit_code) {
  auto* config = cli.add_subcommand("config", "check configuration files");
  config->require_subcommand(1);
  auto* command = config->add_subcommand("check", "read a file as the programs would, with all it refers to");
  auto arguments = std::make_shared<CheckArguments>();
  command->add_option("file", arguments->file, "a cluster, replica or client file")
      ->required()
      ->type_name("FILE");
  command->add_option("--kind", arguments->kind, "what FILE is; auto goes by its name")
      ->check(CLI::IsMember({"auto", "cluster", "replica", "client"}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "print what was found as JSON");
  command->footer(
      "Members whose files show the same cluster id have the same cluster file.\n\n"
      "Examples:\n"
      "  pbft config check c1/cluster.toml\n"
      "  pbft config check c1/r0/replica.toml --json");
  command->callback([arguments, &exit_code] { exit_code = config_check(*arguments); });
}

}  // namespace app
