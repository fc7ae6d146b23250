#include "sim/data_disk.hpp"

#include <doctest/doctest.h>

using namespace pbft;
using namespace pbft::sim;

namespace {
bool put(DataDisk& disk, const std::string& path, const std::string& text) {
  auto file = disk.files().create(path);
  return file && (*file)->write(0, to_bytes(text)) && (*file)->sync() && disk.files().sync_directory("/");
}
}  // namespace

TEST_CASE("data disk: power fails at the point that was asked for, and nothing works until it is back") {
  for (std::uint64_t point = 1; point <= 5; ++point) {
    CAPTURE(point);
    DataDisk disk;
    disk.doom(point);
    CHECK(put(disk, "/a", "x") == (point == 5));  // create, write, sync, sync_directory
    if (point == 5) disk.mark();
    CHECK(disk.is_dead());
    CHECK(!disk.files().exists("/a"));
    disk.crash(1);
    CHECK(!disk.is_dead());
    if (point == 5) CHECK(*disk.files().exists("/a"));
    CHECK(put(disk, "/b", "y"));
  }
}

TEST_CASE("data disk: what is written while it dies is not durable") {
  std::size_t kept = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    DataDisk disk;
    REQUIRE(put(disk, "/a", "old"));
    auto file = disk.files().open("/a");
    disk.begin_dying();
    CHECK((*file)->write(0, to_bytes("new")));
    CHECK(!(*file)->sync());
    disk.crash(seed);
    const std::string text = to_text(disk.files().content("/a"));
    CHECK(text.size() == 3);
    kept += text == "new";
  }
  CHECK(kept > 5);
  CHECK(kept < 35);
}

TEST_CASE("data disk: an old copy is put back whole, and a fault is the caller's") {
  DataDisk disk;
  REQUIRE(disk.files().make_directory(DataDisk::directory));
  REQUIRE(put(disk, "/data/a", "old"));
  const DataDisk::Copy copy = disk.copy();
  REQUIRE(put(disk, "/data/b", "later"));
  disk.put_back(copy);
  CHECK(to_text(disk.files().content("/data/a")) == "old");
  CHECK(!*disk.files().exists("/data/b"));
  disk.fault = [](DataDisk::Operation operation, const std::string&) -> Result<void> {
    if (operation == DataDisk::Operation::sync) return Error{ErrorCode::io, "broken"};
    return {};
  };
  CHECK(!put(disk, "/data/c", "x"));
}
