// Real processes that are killed, and disks that are full, damaged or lost.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "pbft/data_directory.hpp"
#include "system/cluster.hpp"

using namespace system_test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::uint32_t> all = {0, 1, 2, 3};

std::string answer(const Outcome& outcome) {
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  return outcome.out;
}

void load(const Cluster& cluster, int operations, int outstanding = 16) {
  const Outcome outcome = cluster.client(
      {"load", "--operations", std::to_string(operations), "--outstanding", std::to_string(outstanding)});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
}

/// So many operations that a checkpoint lies behind all before; one at a time is a batch each.
void pass_a_checkpoint(const Cluster& cluster) {
  load(cluster, static_cast<int>(cluster.config().limits.checkpoint_interval), 1);
}

/// For operations that have to outlive the death of all replicas.
void use_patient_client(const Cluster& cluster) {
  replace_in(cluster.client_toml(), "[options]\n",
             "[options]\noperation_timeout_ms = 120000\nmax_retry_timeout_ms = 1000\n");
}

/// A load runs meanwhile: one replica dies every second, all of them at once twice. What was acknowledged is
/// there afterwards, and nothing twice.
void kill_under_load(int seconds) {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Cluster cluster;
  use_patient_client(cluster);
  cluster.start_all(all);
  Process load =
      cluster.start_client({"load", "--seconds", std::to_string(seconds), "--outstanding", "64", "--json"});
  int second = 0, killed = 0, together = 0;
  while (!app::await(1s, [&] { return !load.is_running(); })) {
    ++second;
    if (second > seconds) continue;
    if (second == seconds / 3 || second == 2 * seconds / 3) {
      for (const auto id : all) cluster.replica(id).signal(SIGKILL);
      for (const auto id : all) CHECK(cluster.replica(id).wait() == 128 + SIGKILL);
      for (const auto id : all) cluster.start(id);
      ++together;
    } else {
      const auto victim = static_cast<std::uint32_t>(random() % all.size());
      cluster.kill(victim);
      cluster.start(victim);
      ++killed;
    }
    REQUIRE_MESSAGE(second < seconds + 120, "the load does not end");
  }
  CHECK(load.wait() == 0);
  INFO(load.out() << load.err());
  const auto report = nlohmann::json::parse(load.out());
  MESSAGE(seconds << " s, " << killed << " kills of one, " << together
                  << " of all: " << report.at("succeeded").get<int>() << " operations, longest gap "
                  << report.at("longest_gap_us").get<int>() / 1000 << " ms");
  CHECK(report.at("failed") == 0);
  CHECK(together == 2);
  CHECK(answer(cluster.client({"get"})) == std::to_string(report.at("succeeded").get<std::int64_t>()) + "\n");
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree(all));
}

/// A file system of its own, of a few MiB; not everybody may make one.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    const std::string options = std::string("size=") + size;
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool is_mounted() const { return mounted_; }
  fs::path path() const { return folder_.path(); }

  void fill() const {
    std::ofstream filler(path() / "filler", std::ios::binary);
    const std::vector<char> block(64 * 1024);
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { fs::remove(path() / "filler"); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

/// The log's files, oldest first.
std::vector<fs::path> segments_of(const fs::path& data) {
  std::vector<fs::path> segments;
  for (const auto& entry : fs::directory_iterator(data)) {
    const bool is_segment =
        entry.path().extension() == ".log" &&
        entry.path().stem().string().find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_segment) segments.push_back(entry.path());
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

void flip_byte(const fs::path& path, std::streamoff offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const char byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(offset);
  file.put(byte);
  REQUIRE(file.good());
}

bool is_level(const app::StatusReport& report, const app::StatusReport& other) {
  return report.executed == other.executed && report.checkpoint == other.checkpoint;
}

}  // namespace

TEST_CASE("a replica that was killed starts again from its data directory and catches up") {
  Cluster cluster;
  cluster.start_all(all);
  load(cluster, 1000);
  cluster.kill(3);
  load(cluster, 5000, 64);
  cluster.start_all(all);
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree(all));
  CHECK(!cluster.status(3).observing);
  CHECK(answer(cluster.client({"get"})) == "6128\n");
}

TEST_CASE("all replicas are stopped and started again: the count goes on where it was") {
  Cluster cluster;
  cluster.start_all(all);
  load(cluster, 500);
  for (int round = 1; round <= 3; ++round) {
    for (const auto id : all) cluster.replica(id).signal(SIGTERM);
    for (const auto id : all) CHECK(cluster.replica(id).wait() == 0);
    for (const auto id : all) cluster.start(id);
    CHECK(answer(cluster.client({"add", "1"})) == std::to_string(500 + round) + "\n");
  }
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree(all));
}

TEST_CASE("scenario 39: killed under load: what was acknowledged is there, and nothing twice") {
  kill_under_load(9);
}

TEST_CASE("scenario 39: killed under load for 30 s" * doctest::skip()) { kill_under_load(30); }

TEST_CASE("a full disk stops one replica with a clear error; with room again it comes back" *
          doctest::skip()) {
  const SmallDisk disk("40m");
  if (!disk.is_mounted()) {
    MESSAGE("skipped: this user may not mount a tmpfs");
    return;
  }
  Cluster cluster;
  const std::string data = disk.path() / "data";
  replace_in(cluster.replica_toml(3), "data = \"data\"", "data = \"" + data + "\"");
  REQUIRE(pbft::create_data_directory(cluster.config(), pbft::ReplicaId{3}, data));
  cluster.start_all(all);
  load(cluster, 500);
  disk.fill();
  Process& full = cluster.replica(3);
  CHECK(app::await(patience, [&] {
    load(cluster, 500);  // the others go on
    return !full.is_running();
  }));
  CHECK(full.wait() == 1);
  INFO(full.err());
  CHECK(full.says("No space left on device"));
  CHECK(full.says(data));
  CHECK(full.says("make room"));
  CHECK(!cluster.status(3).running);
  CHECK(cluster.status(3).failed.find("No space left on device") != std::string::npos);
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({0, 1, 2}));

  disk.make_room();
  cluster.start_all(all);
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree(all));
  CHECK(!cluster.status(3).observing);
}

TEST_CASE("a damaged log is refused, and without its directory the replica earns its vote again") {
  Cluster cluster;
  replace_in(cluster.replica_toml(3), "[options]\n", "[options]\nlog_segment_bytes = 65536\n");
  cluster.start_all(all);
  const bool closed_one = app::await(patience, [&] {
    load(cluster, 500, 4);
    if (segments_of(cluster.data(3)).size() == 1) return false;
    cluster.kill(3);
    if (segments_of(cluster.data(3)).size() > 1) return true;  // it was not dropped meanwhile
    cluster.start_all(all);
    return false;
  });
  REQUIRE(closed_one);
  const fs::path segment = segments_of(cluster.data(3)).front();
  flip_byte(segment, 8192);

  const Outcome refused = run({"counter-replica", "--config", cluster.replica_toml(3)});
  CHECK(refused.exit_code == 1);
  CHECK(is_one_line_with(refused, {segment.string(), "damaged at offset"}));
  const Outcome inspected = run({"pbft", "inspect", cluster.data(3)});
  CHECK(inspected.exit_code == 1);
  CHECK(inspected.err.find(segment.string()) != std::string::npos);

  fs::remove_all(cluster.data(3));
  Process& observer = cluster.start(3);
  CHECK(observer.says("its data is lost"));
  CHECK(cluster.await_status({3}, [](const auto& report) { return report.observing; }));
  CHECK(cluster.await_status({3}, [](const auto& report) { return report.running && !report.observing; }));
  CHECK(observer.says("votes again"));
  CHECK(cluster.await_status(all, [&](const auto& report) { return is_level(report, cluster.status(0)); }));

  cluster.kill(2);  // from here on no quorum without its votes
  CHECK(cluster.client({"add", "1"}).exit_code == 0);
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({0, 1, 3}));

  cluster.kill(3);  // its new directory carries what it is
  cluster.start_all({0, 1, 3});
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({0, 1, 3}));
}

TEST_CASE("data in memory: a replica that was killed comes back with --lost-data, and votes again") {
  Cluster cluster(4, true);
  cluster.start_all(all);
  load(cluster, 500);
  cluster.kill(1);
  load(cluster, 500);
  Process& observer = cluster.start(1, "counter-replica", {"--lost-data"});
  CHECK(observer.says("observes"));
  CHECK(observer.says("votes again"));
  cluster.kill(3);  // from here on no quorum without its votes
  pass_a_checkpoint(cluster);
  CHECK(cluster.agree({0, 1, 2}));
}
