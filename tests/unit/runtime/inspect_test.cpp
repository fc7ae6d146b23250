// What inspect_data_directory says about data that replicas left.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t interval = 8;

/// Replica 1 has executed so many batches of one operation, and has stopped.
struct Left : LocalCluster {
  explicit Left(std::uint64_t batches) {
    config.limits.checkpoint_interval = interval;
    keep_data();
    start_all();
    Client client = connect();
    for (std::uint64_t i = 0; i < batches; ++i) REQUIRE(invoke(client, "x").has_value());
    const SeqNum last{batches / interval * interval};
    REQUIRE(await(1, [&](const ReplicaStatus& status) {
      return status.executed.value >= batches && status.checkpoint >= last && status.stable >= last;
    }));
    state = replicas[1]->status();
    client.stop();
    stop_all();
  }
  DataDirectoryReport inspect() const {
    Result<DataDirectoryReport> report = inspect_data_directory(data_of(1));
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
    return *std::move(report);
  }
  ReplicaStatus state;
};

std::map<std::string, Bytes> content_of(const fs::path& folder) {
  std::map<std::string, Bytes> content;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    content[entry.path()] = Bytes(std::istreambuf_iterator<char>(file), {});
  }
  return content;
}

void flip_byte(const fs::path& path, std::streamoff offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(offset);
  file.put(byte);
  REQUIRE(file.good());
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("inspect: tells the owner, every record and every checkpoint, and changes nothing") {
  const Left left(2 * interval + 3);
  const auto before = content_of(left.data_of(1));
  const DataDirectoryReport report = left.inspect();
  CHECK(content_of(left.data_of(1)) == before);
  CHECK(report.damage.empty());
  CHECK(report.replica == ReplicaId{1});
  CHECK(report.cluster == cluster_id(left.config));
  CHECK(report.incarnation == 0);

  std::set<std::uint64_t> prepared, stable;
  std::size_t starts = 0;
  for (const auto& record : report.records) {
    if (record.kind == "prepared batch") prepared.insert(record.seq->value);
    if (record.kind == "stable checkpoint") stable.insert(record.seq->value);
    if (record.kind == "first start") ++starts;
    CHECK(record.file == report.segments.front().file);
  }
  CHECK(starts == 1);
  CHECK(prepared.contains(2 * interval + 3));
  CHECK(stable.contains(2 * interval));
  CHECK(report.needed_records < report.records.size());

  REQUIRE_FALSE(report.checkpoints.empty());
  const auto& newest = report.checkpoints.back();
  CHECK(newest.seq == SeqNum{2 * interval});
  CHECK(newest.state == left.state.checkpoint_state);
  CHECK(newest.application_bytes == 2 * (2 * interval - 1));  // the client's Open came first
  CHECK(newest.blocks == 3);                                  // the root, the core's state, the journal
  Left again = Left(0);
  CHECK(again.inspect().checkpoints.empty());
}

TEST_CASE("inspect: damage in the log and in a checkpoint is told with its file, as a start would") {
  Left left(interval + 3);
  const std::string log = left.data_of(1) + "/" + left.inspect().segments.front().file;
  flip_byte(log, 4096 + 100);
  const DataDirectoryReport report = left.inspect();
  REQUIRE(report.damage.size() == 1);
  CHECK_MESSAGE(holds(report.damage[0], log), report.damage[0]);
  CHECK_MESSAGE(holds(report.damage[0], "offset"), report.damage[0]);
  const Result<Replica> refused = left.try_start(1);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == report.damage[0]);
  flip_byte(log, 4096 + 100);
  CHECK(left.inspect().damage.empty());

  std::string pack;
  for (const auto& entry : fs::directory_iterator(left.data_of(1) + "/checkpoints")) {
    if (holds(entry.path().filename(), "pack-")) pack = entry.path();
  }
  REQUIRE_FALSE(pack.empty());
  flip_byte(pack, static_cast<std::streamoff>(fs::file_size(pack)) - 30);
  const DataDirectoryReport spoilt = left.inspect();
  REQUIRE_FALSE(spoilt.damage.empty());
  CHECK_MESSAGE(holds(spoilt.damage[0], "checkpoints"), spoilt.damage[0]);
  left.journals[1] = std::make_unique<Journal>();
  CHECK_FALSE(left.try_start(1).has_value());
}

TEST_CASE("inspect: a directory made after a loss says since when") {
  LocalCluster cluster;
  cluster.keep_data({0, 2, 3});
  cluster.start(1);
  cluster.stop_all();
  const auto report = inspect_data_directory(cluster.data_of(1));
  REQUIRE(report.has_value());
  CHECK(report->incarnation > 1'700'000'000'000'000);
}

TEST_CASE("inspect: what is no data directory, and what is in use, are errors that say what to do") {
  LocalCluster cluster;
  cluster.keep_data();
  const auto nothing = inspect_data_directory(cluster.data->path());
  REQUIRE_FALSE(nothing.has_value());
  CHECK_MESSAGE(holds(nothing.error().message, "no data directory"), nothing.error().message);
  cluster.start(0);
  const auto used = inspect_data_directory(cluster.data_of(0));
  REQUIRE_FALSE(used.has_value());
  CHECK_MESSAGE(holds(used.error().message, "stop the replica, or inspect a copy"), used.error().message);
}
