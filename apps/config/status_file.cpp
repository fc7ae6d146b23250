#include "config/status_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

namespace app {

std::string status_json(const pbft::ReplicaStatus& status, bool running) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::object();
  for (const auto& [stage, latency] : status.stages) {
    stages[stage] = {{"count", latency.count},
                     {"p50_us", latency.p50.count()},
                     {"p99_us", latency.p99.count()},
                     {"mean_us", latency.mean.count()}};
  }
  const nlohmann::ordered_json json = {
      {"id", status.id.value},
      {"pid", ::getpid()},
      {"running", running},
      {"view", status.view.value},
      {"changing_view", status.changing_view},
      {"is_primary", status.is_primary},
      {"stable", status.stable.value},
      {"executed", status.executed.value},
      {"checkpoint", status.checkpoint.value},
      {"checkpoint_state", pbft::to_hex(status.checkpoint_state.bytes)},
      {"operations", status.operations},
      {"batches", status.batches},
      {"fsyncs", status.fsyncs},
      {"bytes_written", status.bytes_written},
      {"bytes_received", status.bytes_received},
      {"bytes_sent", status.bytes_sent},
      {"stages", stages},
      {"view_changes", status.view_changes},
      {"waiting_requests", status.waiting_requests},
      {"longest_turn_us", status.longest_turn.count()},
      {"connected_replicas", status.connected_replicas},
      {"connected_clients", status.connected_clients},
      {"answering", status.answering},
      {"observing", status.observing},
      {"collecting", status.collecting},
      {"durable", status.durable},
      {"failed", status.failed},
      {"rejections", status.rejections},
  };
  return json.dump(2) + "\n";
}

pbft::Result<void> write_status_file(const std::filesystem::path& path, const std::string& json) {
  const std::filesystem::path next = path.string() + ".next";
  std::ofstream file(next, std::ios::trunc | std::ios::binary);
  file << json;
  file.close();
  if (!file || ::rename(next.c_str(), path.c_str()) != 0) {
    return pbft::Error{pbft::ErrorCode::io, path.string() + ": cannot write the status file: " +
                                                std::generic_category().message(errno)};
  }
  return {};
}

std::optional<StatusReport> read_status_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  try {
    StatusReport report;
    json.at("id").get_to(report.id);
    json.at("running").get_to(report.running);
    json.at("view").get_to(report.view);
    json.at("executed").get_to(report.executed);
    json.at("checkpoint").get_to(report.checkpoint);
    json.at("checkpoint_state").get_to(report.checkpoint_state);
    json.at("operations").get_to(report.operations);
    json.at("view_changes").get_to(report.view_changes);
    json.at("longest_turn_us").get_to(report.longest_turn_us);
    json.at("connected_replicas").get_to(report.connected_replicas);
    json.at("answering").get_to(report.answering);
    json.at("observing").get_to(report.observing);
    json.at("failed").get_to(report.failed);
    json.at("pid").get_to(report.pid);
    json.at("stable").get_to(report.stable);
    report.fsyncs = json.value("fsyncs", report.fsyncs);
    report.bytes_written = json.value("bytes_written", report.bytes_written);
    report.bytes_received = json.value("bytes_received", report.bytes_received);
    report.bytes_sent = json.value("bytes_sent", report.bytes_sent);
    if (const auto stages = json.find("stages"); stages != json.end()) {
      for (const auto& [name, stage] : stages->items())
        report.stages.push_back({name, stage.at("p50_us"), stage.at("p99_us")});
    }
    return report;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace app
