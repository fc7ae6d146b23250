#include "bench/report/json.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace bench {

// Found by nlohmann::json because they stand in the namespace of their types.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Phase, name, from, to, offered, done, failed, per_second,
                                                p50_ms, p95_ms, p99_ms, p999_ms, max_ms, view_changes,
                                                longest_gap_ms, worst_client)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Series, interval, per_second, p50_ms, p99_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Band, name, from, to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ProcessUse, name, cpu_percent, first_rss_mb, max_rss_mb,
                                                first_descriptors, max_descriptors, first_data_mb,
                                                max_data_mb, disk_mb_per_second, syncs_per_second,
                                                received_mb_per_second, sent_mb_per_second)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Stage, name, p50_us, p99_us)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Checks, acknowledged, audited, observed, checkpoints,
                                                violations, notes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Setting, replicas, clients, outstanding, rate, request_bytes,
                                                reply_bytes, reads_percent, auth, durability, seed,
                                                load_processes, warmup, duration, faults)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Run, name, setting, whole, phases, series, bands, processes,
                                                stages, checks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Machine, date, commit, build_type, version, compiler, cpu,
                                                kernel, cores, memory_gb)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Report, kind, command, machine, runs)

std::string to_json(const Report& report) { return nlohmann::json(report).dump(1) + "\n"; }

pbft::Result<Report> report_from_json(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<Report>();
  } catch (const nlohmann::json::exception& error) {
    return pbft::Error{pbft::ErrorCode::invalid_argument,
                       std::string("no report of pbft-bench: ") + error.what()};
  }
}

pbft::Result<void> write_text_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  return pbft::Error{pbft::ErrorCode::io, path.string() + ": cannot be written"};
}

pbft::Result<Report> read_report_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return pbft::Error{pbft::ErrorCode::invalid_argument, path.string() + ": cannot be read"};
  auto report = report_from_json(text.str());
  if (!report) return pbft::Error{report.error().code, path.string() + ": " + report.error().message};
  return report;
}

}  // namespace bench
