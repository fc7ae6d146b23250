// Disks that do not give back what they were given.
#include <algorithm>
#include <limits>

#include "scenario/disk_fixture.hpp"
#include "sim/random.hpp"
#include "storage/pack_format.hpp"
#include "storage/wal.hpp"

namespace pbft {

namespace {

constexpr std::uint32_t victim = 3;

std::vector<std::string> files_in(const sim::DataDisk& disk) {
  std::vector<std::string> paths;
  for (const char* in : {sim::DataDisk::directory, sim::DataDisk::checkpoints}) {
    for (const std::string& path : disk.paths(in)) paths.push_back(path);
  }
  std::erase_if(paths, [](const std::string& path) { return path.ends_with("/lock"); });
  return paths;
}
std::vector<std::string> files_of(Cluster& cluster) { return files_in(cluster.replica(victim).disk()); }

/// What a start would cut off the log on a copy of this disk.
std::uint64_t cut_bytes(const sim::DataDisk& disk) {
  sim::DataDisk copy;
  copy.put_back(disk.copy());
  const auto found = storage::Wal::open(copy.files(), sim::DataDisk::directory, {Digest{}, ReplicaId{victim}},
                                        [](std::uint32_t, BytesView) { return Result<void>(); });
  REQUIRE(found.has_value());
  return (*found)->cut_bytes();
}

/// A cluster with segments and checkpoints behind it, of which one replica is down.
std::unique_ptr<Cluster> ready(std::uint64_t seed = 1) {
  ClusterOptions options = on_disk();
  options.seed = seed;
  options.machine = [] { return std::make_unique<sim::BigState>(100'000); };
  auto cluster = std::make_unique<Cluster>(options);
  send(*cluster, 18);
  cluster->settle();
  cluster->replica(victim).stop();
  return cluster;
}

bool is_checkpoint(const std::string& path) { return path.starts_with(sim::DataDisk::checkpoints); }

enum class Met { refused, accepted };

/// Starts from a damaged disk: it refuses and says where, or goes on as if nothing had been.
Met start_damaged(Cluster& cluster, const std::string& path) {
  sim::ReplicaProcess& replica = cluster.replica(victim);
  if (is_checkpoint(path)) replica.expect_damage();
  if (!replica.restart()) {
    CHECK(replica.refusal().find("/data") != std::string::npos);
    send(cluster, 3, "without");
    return Met::refused;
  }
  send(cluster, 3, "with");
  return Met::accepted;
}

}  // namespace

TEST_CASE(
    "scenario 26: a flipped bit: the replica refuses and names the file, or it did not matter; it never "
    "diverges") {
  std::size_t refused = 0, in_log = 0;
  sim::Random random(26);
  for (int i = 0; i < 100; ++i) {
    auto cluster = ready();
    const auto paths = files_of(*cluster);
    const std::string& path = paths[random.below(paths.size())];
    auto& disk = cluster->replica(victim).disk().files();
    const std::size_t size = disk.content(path).size();
    if (size == 0) continue;
    // What is used of a segment lies near its beginning.
    const std::uint64_t offset =
        random.below(is_checkpoint(path) ? size : std::min<std::size_t>(size, 12'000));
    CAPTURE(path);
    CAPTURE(offset);
    disk.flip_bit(path, offset, static_cast<unsigned>(random.below(8)));
    if (start_damaged(*cluster, path) == Met::accepted) continue;
    ++refused;
    in_log += !is_checkpoint(path);
    const std::string name = path.substr(path.rfind('/') + 1);
    CHECK(cluster->replica(victim).refusal().find(name) != std::string::npos);
  }
  CHECK(refused > 20);
  CHECK(in_log > 5);
}

TEST_CASE("scenario 26: a truncated or missing file: refused, or it did not matter; it never diverges") {
  std::size_t refused = 0;
  const auto count = files_of(*ready()).size();
  for (std::size_t which = 0; which < count; ++which) {
    for (int kind = 0; kind < 4; ++kind) {
      auto cluster = ready();
      const std::string path = files_of(*cluster)[which];
      CAPTURE(path);
      CAPTURE(kind);
      auto& disk = cluster->replica(victim).disk().files();
      const std::size_t size = disk.content(path).size();
      if (kind == 0) disk.lose(path);
      if (kind == 1) disk.truncate(path, 0);
      if (kind == 2) disk.truncate(path, size / 2);
      if (kind == 3 && size > 0) disk.truncate(path, size - 1);
      refused += start_damaged(*cluster, path) == Met::refused;
    }
  }
  CHECK(refused > count);
}

TEST_CASE(
    "scenario 26: after its damaged directory is removed a replica comes back by state transfer and votes "
    "again") {
  auto cluster = ready();
  auto& disk = cluster->replica(victim).disk();
  disk.files().flip_bit(disk.paths(sim::DataDisk::directory, "0").front(), 5000, 0);
  REQUIRE(start_damaged(*cluster, sim::DataDisk::directory) == Met::refused);
  cluster->replica(victim).lose_data();
  REQUIRE(cluster->replica(victim).restart());
  cluster->run_until("it votes again",
                     [&] { return !cluster->replica(victim).reports<core::Rejoined>().empty(); });
}

TEST_CASE("scenario 26: a missing directory is amnesia, never a first start") {
  auto cluster = ready();
  auto& disk = cluster->replica(victim).disk();
  for (const std::string& path : files_of(*cluster)) disk.files().lose(path);
  CHECK(!cluster->replica(victim).restart());
  CHECK(cluster->replica(victim).refusal().find("amnesia") != std::string::npos);
}

TEST_CASE("scenario 26: a stale copy put back: told of what it said, the replica abstains") {
  auto cluster = ready();
  const auto copy = cluster->replica(victim).disk().copy();
  REQUIRE(cluster->replica(victim).restart());
  cluster->run_for(300ms);
  send(*cluster, 11, "later");
  cluster->settle();
  cluster->replica(victim).stop();
  cluster->replica(victim).distrust();  // it counts as faulty
  cluster->replica(victim).disk().put_back(copy);
  REQUIRE(cluster->replica(victim).restart());
  cluster->run_for(1s);
  REQUIRE(cluster->replica(victim).reports<core::StaleCopy>().size() == 1);
  std::size_t votes = 0;
  cluster->network().watch<Prepare>([&](const Prepare& m) { votes += m.sender.value == victim; });
  cluster->network().watch<Commit>([&](const Commit& m) { votes += m.sender.value == victim; });
  cluster->network().watch<ViewChange>([&](const ViewChange& m) { votes += m.sender.value == victim; });
  send(*cluster, 10, "last");
  CHECK(votes == 0);
}

TEST_CASE(
    "scenario 26: full disk: the replica ends and says why, the others go on, it comes back when there is "
    "room") {
  auto cluster = ready();
  sim::ReplicaProcess& replica = cluster->replica(victim);
  REQUIRE(replica.restart());
  cluster->settle();
  std::uint64_t used = 0;
  for (const std::string& path : files_of(*cluster)) used += replica.disk().files().content(path).size();
  replica.disk().files().set_capacity(used + 3000);
  for (int i = 0; i < 60 && !replica.is_stopped(); ++i) send(*cluster, 1, "fill" + std::to_string(i) + ".");
  REQUIRE(replica.is_stopped());
  CHECK(replica.refusal().find("no space left") != std::string::npos);
  CHECK(replica.refusal().find("/data") != std::string::npos);
  send(*cluster, 10, "others");
  replica.disk().files().set_capacity(std::numeric_limits<std::uint64_t>::max());
  REQUIRE(replica.restart());
  send(*cluster, 3, "again");
}

TEST_CASE(
    "scenario 26: a sync that fails is final for the process, and what it was to write may be lost later") {
  for (int after = 0; after < 12; ++after) {
    CAPTURE(after);
    auto cluster = ready();
    sim::ReplicaProcess& replica = cluster->replica(victim);
    REQUIRE(replica.restart());
    int left = after;
    replica.disk().fault = [&](sim::DataDisk::Operation operation, const std::string& path) -> Result<void> {
      if (operation != sim::DataDisk::Operation::sync || left-- > 0) return {};
      replica.disk().files().forget_unsynced(path);
      return Error{ErrorCode::io, "cannot sync " + path + ": input/output error"};
    };
    for (int i = 0; i < 40 && !replica.is_stopped(); ++i) send(*cluster, 1, "x" + std::to_string(i) + ".");
    REQUIRE(replica.is_stopped());
    CHECK(replica.refusal().find("input/output error") != std::string::npos);
    replica.disk().fault = nullptr;
    REQUIRE(replica.restart());
    send(*cluster, 2, "y");
    replica.lose_power(static_cast<std::uint64_t>(after));
    REQUIRE(replica.restart());
    send(*cluster, 2, "z");
  }
}

TEST_CASE("scenario 26: a torn tail or a lost rename: what was not synced may be there or not, it goes on") {
  using DiskOperation = sim::DataDisk::Operation;
  constexpr std::string_view scrap = storage::pack::scrap_suffix;
  // The moments just behind a rename, and behind a write to the log, of a run that nothing disturbs.
  std::vector<std::uint64_t> renames, writes;
  {
    Cluster cluster(on_disk());
    sim::ReplicaProcess& replica = cluster.replica(victim);
    replica.disk().fault = [&](DiskOperation operation, const std::string& path) -> Result<void> {
      if (operation == DiskOperation::rename && is_checkpoint(path)) {
        renames.push_back(replica.persist_points() + 1);
      }
      if (operation == DiskOperation::write && !is_checkpoint(path))
        writes.push_back(replica.persist_points() + 1);
      return {};
    };
    send(cluster, 18);
    replica.disk().fault = nullptr;
  }
  REQUIRE(renames.size() >= 3);
  REQUIRE(writes.size() >= 10);
  const auto lose_power_at = [](std::uint64_t moment, std::uint64_t seed, const auto& judge) {
    CAPTURE(moment);
    CAPTURE(seed);
    Cluster cluster(on_disk());
    sim::ReplicaProcess& replica = cluster.replica(victim);
    std::string renamed;
    replica.disk().fault = [&](DiskOperation operation, const std::string& path) -> Result<void> {
      if (operation == DiskOperation::rename && !replica.is_stopped()) renamed = path;
      return {};
    };
    bool happened = false;
    replica.lose_power_at(moment, seed, [&] { happened = true; });
    send(cluster, 18);
    REQUIRE(happened);
    replica.disk().fault = nullptr;
    judge(replica.disk(), renamed);
    REQUIRE(replica.restart());
    send(cluster, 3, "again");
  };
  std::size_t lost = 0, kept = 0, torn = 0, whole = 0;
  for (const std::uint64_t moment : renames) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      lose_power_at(moment, seed, [&](sim::DataDisk& disk, const std::string& unfinished) {
        const auto paths = files_in(disk);
        const std::string path = unfinished.substr(0, unfinished.size() - scrap.size());
        ++(std::find(paths.begin(), paths.end(), path) == paths.end() ? lost : kept);
      });
    }
  }
  for (const std::uint64_t moment : writes) {
    lose_power_at(moment, moment,
                  [&](sim::DataDisk& disk, const std::string&) { ++(cut_bytes(disk) > 0 ? torn : whole); });
  }
  CHECK(lost > 0);
  CHECK(kept > 0);
  CHECK(torn > 0);
  CHECK(whole > 0);
}

TEST_CASE("scenario 26: a slow disk holds up nobody else") {
  Cluster cluster(on_disk());
  cluster.replica(2).tempo.persist = 400ms;
  send(cluster, 20);
  CHECK(cluster.now() < 1s);
  CHECK(cluster.all().view_changes_started() == 0);
}

}  // namespace pbft
