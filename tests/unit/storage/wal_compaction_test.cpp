// What the log forgets, and the files it uses again.
#include <doctest/doctest.h>

#include <algorithm>

#include "unit/storage/wal_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using storage::wal::block_bytes;
using storage::wal::record_bytes;

struct OpenLog : LogFixture {
  OpenLog() {
    create();
    open();
  }
  bool has(const std::string& name) {
    const auto all = names();
    return std::find(all.begin(), all.end(), name) != all.end();
  }
  bool recycled(std::uint64_t segment) {
    const BytesView file(disk.content(segment_path(segment)));
    return std::get<storage::wal::SegmentHeader>(storage::wal::decode_header(file.first(block_bytes)))
        .recycled;
  }
};
}  // namespace

TEST_CASE_FIXTURE(OpenLog, "wal: after a compaction a restart replays what it left and what came later") {
  std::uint64_t number = 0;
  while (number < 60) append_synced(number++, 200);
  CHECK(log->appended_bytes() == 60 * record_bytes(200));
  REQUIRE(compact(50, 59, 200));
  CHECK(log->appended_bytes() == 0);
  CHECK(log->base_bytes() == 10 * record_bytes(200));
  for (; number < 80; ++number) append_synced(number, 200);
  open();
  CHECK(replayed == numbers(50, 79));
  CHECK(log->appended_bytes() == 20 * record_bytes(200));
  CHECK(log->base_bytes() == 10 * record_bytes(200));
}

TEST_CASE_FIXTURE(OpenLog, "wal: live records may be none, and may be more than a segment") {
  append_synced(0, 200);
  REQUIRE(compact(1, 0, 0));
  open();
  CHECK(replayed.empty());
  append_synced(1, 10);
  REQUIRE(compact(2, 101, 300));
  append_synced(102, 10);
  open();
  CHECK(replayed == numbers(2, 102));
}

TEST_CASE_FIXTURE(OpenLog, "wal: live records may end at any distance from the end of the segment") {
  for (std::size_t size = 3900; size < 4200; size += 8) {
    CAPTURE(size);
    REQUIRE(compact(1, 1, size));
    append_synced(2, 10);
    open();
    CHECK(replayed == numbers(1, 2));
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: however much is appended, the files stay few") {
  std::size_t most = 0;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    append_synced(number, 200);
    if (number % 50 == 49) REQUIRE(compact(number - 4, number, 200));
    most = std::max(most, names().size());
  }
  CHECK(most <= 9);
  CHECK(has("genesis"));
  open();
  CHECK(replayed == numbers(995, 999));
}

TEST_CASE("wal: an older segment's records in a file used again are never taken for new ones") {
  // As long as the old ones, so that these stand exactly where new ones would; then of another length.
  for (const std::size_t size : {100U, 60U}) {
    for (std::uint64_t in_recycled = 0; in_recycled < 20; ++in_recycled) {
      CAPTURE(size);
      CAPTURE(in_recycled);
      OpenLog fixture;
      while (!fixture.has("0000000000000004.log")) fixture.append_synced(0, 100);
      REQUIRE(fixture.compact(1, 0, 0));
      std::uint64_t number = 0;
      while (!fixture.has("0000000000000006.log")) fixture.append_synced(number++, size);
      REQUIRE(fixture.recycled(6));
      for (std::uint64_t i = 0; i < in_recycled; ++i) fixture.append_synced(number++, size);
      fixture.open();
      CHECK(fixture.replayed == numbers(0, number - 1));
      CHECK(fixture.log->cut_bytes() == 0);
      fixture.append_synced(number++, size);
      fixture.disk.crash(in_recycled);
      fixture.open();
      CHECK(fixture.replayed == numbers(0, number - 1));
    }
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: spare files do not outlive the process") {
  for (std::uint64_t number = 0; number < 60; ++number) append_synced(number, 100);
  REQUIRE(compact(1, 0, 0));
  REQUIRE(has("0000000000000001.spare"));
  disk.kill_process();
  open();
  CHECK(names() == std::vector<std::string>{"0000000000000003.log", "genesis", "lock"});
}

TEST_CASE_FIXTURE(OpenLog,
                  "wal: segments that a crash kept from being retired are removed by the next start") {
  for (std::uint64_t number = 0; number < 60; ++number) append_synced(number, 100);
  disk.set_hook([](storage::VirtualDisk::Operation operation, const std::string& path) {
    const bool retire = operation == storage::VirtualDisk::Operation::rename && path == segment_path(1);
    return retire ? Result<void>(Error{ErrorCode::io, "no power"}) : Result<void>();
  });
  REQUIRE_FALSE(compact(58, 59, 100));
  disk.set_hook({});
  REQUIRE(has("0000000000000001.log"));
  disk.kill_process();
  open();
  CHECK(replayed == numbers(58, 59));
  CHECK(names() == std::vector<std::string>{"0000000000000003.log", "genesis", "lock"});
}

TEST_CASE_FIXTURE(OpenLog,
                  "wal: damage among the records that a compaction left is refused, at the very end too") {
  REQUIRE(compact(1, 3, 100));
  for (std::uint64_t at = block_bytes; at < block_bytes + 3 * record_bytes(100); at += 7) {
    disk.flip_bit(segment_path(2), at, 2);
    const std::uint64_t start = block_bytes + (at - block_bytes) / record_bytes(100) * record_bytes(100);
    CHECK(contains(refusal(), segment_path(2) + ": damaged at offset " + std::to_string(start) + ":"));
    disk.flip_bit(segment_path(2), at, 2);
  }
  open();
  CHECK(replayed == numbers(1, 3));
}
