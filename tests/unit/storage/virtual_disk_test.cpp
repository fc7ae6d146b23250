#include <doctest/doctest.h>

#include <set>

#include "storage/virtual_disk.hpp"

namespace {
using namespace pbft;
using storage::VirtualDisk;

constexpr std::size_t sector = VirtualDisk::sector_bytes;

/// One file of `sectors` synced sectors of 'a'.
struct Fixture {
  VirtualDisk disk;
  std::unique_ptr<storage::File> file;

  void make(std::size_t sectors) {
    file = *disk.create("/f");
    REQUIRE(file->write(0, Bytes(sectors * sector, 'a')));
    REQUIRE(file->sync());
    REQUIRE(disk.sync_directory("/"));
  }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "virtual disk: what is synced survives every crash") {
  make(4);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk.crash(seed);
    CHECK(disk.content("/f") == Bytes(4 * sector, 'a'));
  }
}

TEST_CASE("virtual disk: of unsynced sectors any subset may survive, in any order, torn or whole") {
  std::set<std::string> seen;
  bool torn = false;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Fixture fixture;
    fixture.make(3);
    REQUIRE(fixture.file->write(0, Bytes(3 * sector, 'b')));
    fixture.disk.crash(seed);
    const Bytes& content = fixture.disk.content("/f");
    std::string pattern;
    for (std::size_t at = 0; at < content.size(); at += sector) {
      const bool whole =
          Bytes(content.begin() + static_cast<std::ptrdiff_t>(at),
                content.begin() + static_cast<std::ptrdiff_t>(at + sector)) == Bytes(sector, content[at]);
      torn = torn || !whole;
      pattern += whole ? static_cast<char>(content[at]) : '?';
    }
    if (pattern.find('?') == std::string::npos) seen.insert(pattern);
  }
  CHECK(seen.size() == 8);
  CHECK(torn);
}

TEST_CASE("virtual disk: the writes of one sector are never reordered") {
  std::set<std::uint8_t> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fixture fixture;
    fixture.make(1);
    for (const std::uint8_t byte : Bytes{'b', 'c', 'd'}) REQUIRE(fixture.file->write(8, Bytes(1, byte)));
    REQUIRE(fixture.file->write(9, Bytes(1, 'e')));
    fixture.disk.crash(seed);
    const Bytes& content = fixture.disk.content("/f");
    seen.insert(content[8]);
    if (content[9] == 'e') CHECK(content[8] == 'd');
  }
  CHECK(seen == std::set<std::uint8_t>{'a', 'b', 'c', 'd'});
}

TEST_CASE("virtual disk: a name that was made, moved or removed may be lost until its directory is synced") {
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    VirtualDisk disk;
    REQUIRE(disk.make_directory("/d"));
    REQUIRE(disk.sync_directory("/"));
    for (const char* path : {"/d/old", "/d/gone"}) REQUIRE(disk.create(path));
    REQUIRE(disk.sync_directory("/d"));
    REQUIRE(disk.rename("/d/old", "/d/new"));
    REQUIRE(disk.remove("/d/gone"));
    if (seed % 2 == 0) REQUIRE(disk.sync_directory("/d"));
    disk.crash(seed);
    const auto names = *disk.list("/d");
    if (seed % 2 == 0) CHECK(names == std::vector<std::string>{"new"});
    seen.insert(names);
  }
  CHECK(seen == std::set<std::vector<std::string>>{{"new"}, {"gone", "new"}, {"old"}, {"gone", "old"}});
}

TEST_CASE_FIXTURE(
    Fixture, "virtual disk: with a file that was moved and is taken away its old name does not come back") {
  make(1);
  REQUIRE(disk.rename("/f", "/g"));
  disk.lose("/g");
  REQUIRE(disk.sync_directory("/"));
  disk.crash(1);
  CHECK(disk.list("/")->empty());
}

TEST_CASE("virtual disk: a directory may be lost with all that is in it until its parent is synced") {
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    VirtualDisk disk;
    REQUIRE(disk.make_directory("/d"));
    REQUIRE(disk.create("/d/f"));
    REQUIRE(disk.sync_directory("/d"));
    if (seed % 2 == 0) REQUIRE(disk.sync_directory("/"));
    disk.crash(seed);
    CHECK(*disk.exists("/d") == *disk.exists("/d/f"));
    if (seed % 2 == 0) CHECK(*disk.exists("/d"));
    seen.insert(*disk.exists("/d"));
  }
  CHECK(seen.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "virtual disk: what the system forgot is read until the crash and lost in it") {
  make(1);
  REQUIRE(file->write(0, Bytes(1, 'b')));
  disk.forget_unsynced("/f");
  REQUIRE(file->sync());
  CHECK(disk.content("/f")[0] == 'b');
  REQUIRE(file->write(1, Bytes(1, 'c')));
  REQUIRE(file->sync());
  disk.crash(0);
  CHECK(disk.content("/f")[0] == 'a');
  CHECK(disk.content("/f")[1] == 'c');
}

TEST_CASE_FIXTURE(Fixture,
                  "virtual disk: a crash kills open files and locks, an end of the process loses nothing") {
  make(1);
  auto lock = disk.lock("/lock");
  REQUIRE(lock);
  CHECK_FALSE(disk.lock("/lock"));
  REQUIRE(file->write(0, Bytes(1, 'z')));
  disk.kill_process();
  CHECK_FALSE(file->read(0, 1));
  CHECK((*(*disk.open("/f"))->read(0, 1))[0] == 'z');
  const auto next = disk.lock("/lock");
  REQUIRE(next);
  lock->reset();  // the dead holder's: no business of the living one's
  CHECK_FALSE(disk.lock("/lock"));
  disk.crash(1);
  CHECK(disk.lock("/lock"));
}

TEST_CASE_FIXTURE(Fixture, "virtual disk: a full disk stores what fits and fails") {
  make(1);
  disk.set_capacity(sector + 100);
  const auto written = file->write(sector - 10, Bytes(200, 'b'));
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("no space left") != std::string::npos);
  CHECK(disk.content("/f").size() == sector + 100);
  CHECK(disk.content("/f").back() == 'b');
  CHECK(file->write(0, Bytes(sector, 'c')));  // room that it has
}

TEST_CASE_FIXTURE(Fixture, "virtual disk: the hook sees every operation and can make it fail, undone") {
  make(1);
  disk.set_hook([](VirtualDisk::Operation operation, const std::string& path) -> Result<void> {
    if (operation != VirtualDisk::Operation::sync) return {};
    return Error{ErrorCode::io, "cannot sync " + path + ": broken"};
  });
  REQUIRE(file->write(0, Bytes(1, 'b')));
  CHECK(file->sync().error().message == "cannot sync /f: broken");
  std::set<std::uint8_t> first_bytes;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk.crash(seed);
    first_bytes.insert(disk.content("/f")[0]);
    file = *disk.open("/f");
    disk.overwrite("/f", 0, Bytes(1, 'a'));
    REQUIRE(file->write(0, Bytes(1, 'b')));
  }
  CHECK(first_bytes == std::set<std::uint8_t>{'a', 'b'});
}

TEST_CASE("virtual disk: the same seed leaves the same bytes") {
  const auto run = [](std::uint64_t seed) {
    Fixture fixture;
    fixture.make(8);
    REQUIRE(fixture.file->write(100, Bytes(7 * sector, 'b')));
    fixture.disk.crash(seed);
    return fixture.disk.content("/f");
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) CHECK(run(seed) == run(seed));
}
