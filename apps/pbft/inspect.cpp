#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "config/program.hpp"
#include "pbft/data_directory.hpp"

namespace app {
namespace {

using Report = pbft::DataDirectoryReport;
using Json = nlohmann::ordered_json;

struct InspectArguments {
  std::string directory;
  bool records = false;
  bool json = false;
};

/// "18 bytes", "4.2 MiB"
std::string size_text(std::uint64_t bytes) {
  if (bytes < 10 * 1024) return std::to_string(bytes) + " bytes";
  const char* unit = "KiB";
  double size = static_cast<double>(bytes) / 1024;
  if (size >= 1024) {
    unit = "MiB";
    size /= 1024;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", size, unit);
  return text;
}

template <class Number>
std::string range_text(const char* name, const Number& low, const Number& high) {
  const std::string first = std::to_string(low.value), last = std::to_string(high.value);
  return std::string(", ") + name + " " + (first == last ? first : first + " to " + last);
}

/// What there is of one kind of record.
struct Kind {
  std::uint64_t count = 0, bytes = 0;
  std::optional<std::pair<pbft::View, pbft::View>> views;
  std::optional<std::pair<pbft::SeqNum, pbft::SeqNum>> seqs;

  void add(const Report::Record& record) {
    ++count;
    bytes += record.bytes;
    if (record.view) views = views ? widened(*views, *record.view) : std::pair(*record.view, *record.view);
    if (record.seq) seqs = seqs ? widened(*seqs, *record.seq) : std::pair(*record.seq, *record.seq);
  }

 private:
  template <class Number>
  static std::pair<Number, Number> widened(const std::pair<Number, Number>& range, const Number& number) {
    return {std::min(range.first, number), std::max(range.second, number)};
  }
};

void print_record(const Report::Record& record) {
  std::printf("  %s:%-9llu %-18s", record.file.c_str(), static_cast<unsigned long long>(record.offset),
              record.kind.c_str());
  if (record.view) std::printf("  view %llu", static_cast<unsigned long long>(record.view->value));
  if (record.seq) std::printf("  seq %llu", static_cast<unsigned long long>(record.seq->value));
  if (record.digest) std::printf("  %s", pbft::to_hex(record.digest->bytes).c_str());
  std::printf("  %s\n", size_text(record.bytes).c_str());
}

void print_log(const Report& report, bool every_record) {
  std::uint64_t bytes = 0;
  for (const auto& segment : report.segments) bytes += segment.bytes;
  std::printf("log: %zu %s, %s; %zu records, of which a restart needs %llu\n", report.segments.size(),
              report.segments.size() == 1 ? "file" : "files", size_text(bytes).c_str(), report.records.size(),
              static_cast<unsigned long long>(report.needed_records));
  if (report.torn_bytes != 0) {
    std::printf("  at its end %s that a crash interrupted: never durable, cut at the next start\n",
                size_text(report.torn_bytes).c_str());
  }
  if (every_record) {
    for (const auto& record : report.records) print_record(record);
    return;
  }
  std::map<std::string, Kind> kinds;
  for (const auto& record : report.records) kinds[record.kind].add(record);
  for (const auto& [name, kind] : kinds) {
    std::printf("  %6llu %s%s%s, %s\n", static_cast<unsigned long long>(kind.count), name.c_str(),
                kind.views ? range_text("view", kind.views->first, kind.views->second).c_str() : "",
                kind.seqs ? range_text("sequence number", kind.seqs->first, kind.seqs->second).c_str() : "",
                size_text(kind.bytes).c_str());
  }
}

void print_report(const InspectArguments& arguments, const Report& report) {
  std::printf("%s: data of replica %u, cluster %s\n", arguments.directory.c_str(), report.replica.value,
              pbft::to_hex(report.cluster.bytes).c_str());
  if (report.incarnation == 0) {
    std::printf("made when the cluster was created\n");
  } else {
    std::printf("made after a loss of data: incarnation %llu\n",
                static_cast<unsigned long long>(report.incarnation));
  }
  print_log(report, arguments.records);
  std::printf("checkpoints: %zu\n", report.checkpoints.size());
  for (const auto& checkpoint : report.checkpoints) {
    std::printf("  %6llu %s  %llu blocks, %s, of which %s are the application's\n",
                static_cast<unsigned long long>(checkpoint.seq.value),
                pbft::to_hex(checkpoint.state.bytes).c_str(),
                static_cast<unsigned long long>(checkpoint.blocks), size_text(checkpoint.bytes).c_str(),
                size_text(checkpoint.application_bytes).c_str());
  }
  if (report.damage.empty()) std::printf("sound: every record and every block matches its checksum\n");
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<Value, pbft::Digest>) {
    return pbft::to_hex(value->bytes);
  } else {
    return value->value;
  }
}

Json to_json(const InspectArguments& arguments, const Report& report) {
  Json json = {{"directory", arguments.directory},
               {"sound", report.damage.empty()},
               {"damage", report.damage},
               {"replica", report.replica.value},
               {"cluster_id", pbft::to_hex(report.cluster.bytes)},
               {"incarnation", report.incarnation},
               {"needed_records", report.needed_records},
               {"torn_bytes", report.torn_bytes}};
  json["segments"] = Json::array();
  for (const auto& segment : report.segments) {
    json["segments"].push_back(
        {{"file", segment.file}, {"bytes", segment.bytes}, {"records", segment.records}});
  }
  json["records"] = Json::array();
  for (const auto& record : report.records) {
    json["records"].push_back({{"kind", record.kind},
                               {"file", record.file},
                               {"offset", record.offset},
                               {"bytes", record.bytes},
                               {"view", or_null(record.view)},
                               {"seq", or_null(record.seq)},
                               {"digest", or_null(record.digest)}});
  }
  json["checkpoints"] = Json::array();
  for (const auto& checkpoint : report.checkpoints) {
    json["checkpoints"].push_back({{"seq", checkpoint.seq.value},
                                   {"state", pbft::to_hex(checkpoint.state.bytes)},
                                   {"blocks", checkpoint.blocks},
                                   {"bytes", checkpoint.bytes},
                                   {"application_bytes", checkpoint.application_bytes}});
  }
  return json;
}

int inspect(const InspectArguments& arguments) {
  const auto report = pbft::inspect_data_directory(arguments.directory);
  if (!report) return complain("pbft inspect", report.error());
  if (arguments.json) {
    std::printf("%s\n", to_json(arguments, *report).dump(2).c_str());
  } else {
    print_report(arguments, *report);
  }
  std::fflush(stdout);
  for (const auto& damage : report->damage) complain("pbft inspect", {pbft::ErrorCode::io, damage});
  return report->damage.empty() ? ok : failure;
}

}  // namespace

void add_inspect(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand("inspect", "read and check a replica's data directory, offline");
  auto arguments = std::make_shared<InspectArguments>();
  command->add_option("dir", arguments->directory, "the data directory of a replica that does not run")
      ->required()
      ->type_name("DIR");
  command->add_flag("--records", arguments->records, "list every record of the log");
  command->add_flag("--json", arguments->json, "print all of it as JSON");
  command->footer(
      "Reads the log and the checkpoints as the replica would when it starts, checks every record and every "
      "block,\n"
      "and changes nothing. A directory that a running replica uses is refused: what is being written looks "
      "torn.\n"
      "Stop the replica, or inspect a copy - but never run a replica from a copy.\n\n"
      "Exit codes: 0 sound, 1 damaged (stderr names file and offset), in use or not there.\n\n"
      "Examples:\n"
      "  pbft inspect c1/r0/data\n"
      "  pbft inspect c1/r0/data --json | jq '.checkpoints'");
  command->callback([arguments, &exit_code] { exit_code = inspect(*arguments); });
}

}  // namespace app
