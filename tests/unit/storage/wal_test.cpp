// The write-ahead log on a disk that keeps its word.
#include <doctest/doctest.h>

#include <algorithm>

#include "unit/storage/wal_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using storage::VirtualDisk;
using storage::wal::block_bytes;
using storage::wal::record_bytes;

struct OpenLog : LogFixture {
  OpenLog() {
    create();
    open();
  }
};
}  // namespace

TEST_CASE_FIXTURE(OpenLog, "wal: a new log is empty") {
  CHECK(replayed.empty());
  CHECK(log->cut_bytes() == 0);
  CHECK(names() == std::vector<std::string>{"0000000000000001.log", "genesis", "lock"});
}

TEST_CASE_FIXTURE(OpenLog,
                  "wal: records come back whole and in order after a clean close, over many segments") {
  std::uint64_t number = 0;
  for (; number < 200; ++number) append_synced(number, static_cast<std::size_t>(number * number % 300));
  CHECK(names().size() > 5);
  for (int restart = 0; restart < 3; ++restart) {
    open();
    CHECK(replayed == numbers(0, number - 1));
    CHECK(log->cut_bytes() == 0);
    append_synced(number++, 50);
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: a record larger than a segment gets a segment of its own size") {
  append_synced(0, 10);
  append_synced(1, 100'000);
  append_synced(2, 10);
  open();
  CHECK(replayed == numbers(0, 2));
}

TEST_CASE_FIXTURE(OpenLog, "wal: a record fills a segment to the last byte") {
  const std::uint64_t room = options.segment_bytes - block_bytes - record_bytes(0);
  const auto largest = static_cast<std::size_t>(room - record_bytes(0));
  append_synced(0, largest);
  CHECK(names().size() == 3);
  append_synced(1, largest);
  CHECK(names().size() == 4);
  append_synced(2, largest + 1);
  open();
  CHECK(replayed == numbers(0, 2));
}

TEST_CASE_FIXTURE(OpenLog, "wal: many appends cost one write and one sync") {
  std::size_t writes = 0;
  std::size_t syncs = 0;
  disk.set_hook([&](VirtualDisk::Operation operation, const std::string&) {
    writes += operation == VirtualDisk::Operation::write ? 1 : 0;
    syncs += operation == VirtualDisk::Operation::sync ? 1 : 0;
    return Result<void>();
  });
  for (std::uint64_t number = 0; number < 20; ++number) REQUIRE(append(number, 100));
  CHECK(writes == 0);
  REQUIRE(log->sync());
  CHECK(writes == 1);
  CHECK(syncs == 1);
  REQUIRE(log->sync());
  CHECK(syncs == 1);  // nothing to make durable
}

TEST_CASE_FIXTURE(OpenLog, "wal: what was appended and not synced is gone after the crash") {
  append_synced(0, 10);
  REQUIRE(append(1, 10));
  disk.crash(1);
  open();
  CHECK(replayed == numbers(0, 0));
}

TEST_CASE_FIXTURE(OpenLog,
                  "scenario 26: wal: a last record torn at any byte is cut, and the bytes are counted") {
  append_synced(0, 100);
  const std::uint64_t start = block_bytes + record_bytes(100);
  append_synced(1, 333);
  log.reset();
  const Bytes whole = disk.content(segment_path(1));
  const std::uint64_t bytes = record_bytes(333);
  for (std::uint64_t kept = 0; kept < bytes; ++kept) {
    CAPTURE(kept);
    disk.overwrite(segment_path(1), 0, whole);
    disk.overwrite(segment_path(1), start + kept, Bytes(static_cast<std::size_t>(bytes - kept)));
    const bool only_padding_lost = disk.content(segment_path(1)) == whole;
    open();
    if (only_padding_lost) {  // it is zeros
      CHECK(replayed == numbers(0, 1));
      continue;
    }
    CHECK(replayed == numbers(0, 0));
    CHECK((kept == 0 ? log->cut_bytes() == 0 : log->cut_bytes() > 0));
    append_synced(7, 20);
    open();
    CHECK(replayed == std::vector<std::uint64_t>{0, 7});
    CHECK(log->cut_bytes() == 0);
  }
}

TEST_CASE_FIXTURE(OpenLog,
                  "wal: a record behind a torn one of the same write is cut too, and never comes back") {
  append_synced(0, 100);
  REQUIRE(append(1, 100));
  REQUIRE(append(2, 100));
  REQUIRE(log->sync());
  disk.flip_bit(segment_path(1), block_bytes + record_bytes(100) + 40, 3);
  open();
  CHECK(replayed == numbers(0, 0));
  CHECK(log->cut_bytes() == 2 * record_bytes(100));
  append_synced(8, 100);  // just as long as the torn one: what follows was once a valid record
  open();
  CHECK(replayed == std::vector<std::uint64_t>{0, 8});
}

TEST_CASE_FIXTURE(OpenLog,
                  "wal: damage before a record that was written later is refused, with file and offset") {
  append_synced(0, 100);
  append_synced(1, 100);
  append_synced(2, 100);
  const std::uint64_t second = block_bytes + record_bytes(100);
  for (std::uint64_t at = second; at < second + record_bytes(100); ++at) {
    CAPTURE(at);
    disk.flip_bit(segment_path(1), at, static_cast<unsigned>(at % 8));
    CHECK(contains(refusal(), segment_path(1) + ": damaged at offset " + std::to_string(second)));
    disk.flip_bit(segment_path(1), at, static_cast<unsigned>(at % 8));
  }
  open();
  CHECK(replayed == numbers(0, 2));
}

TEST_CASE_FIXTURE(OpenLog, "wal: every flipped bit of a closed segment is found, with file and offset") {
  std::uint64_t number = 0;
  while (names().size() < 6) append_synced(number++, 101);
  std::vector<std::uint64_t> starts{0};  // of what an error may name: the header block, then each record
  const std::uint64_t per_segment =
      (options.segment_bytes - block_bytes - record_bytes(0)) / record_bytes(101);
  for (std::uint64_t i = 0; i <= per_segment; ++i) starts.push_back(block_bytes + i * record_bytes(101));
  const std::uint64_t used = starts.back() + record_bytes(0);
  for (std::uint64_t bit = 0; bit < used * 8; bit += 23) {
    const std::uint64_t at = bit / 8;
    CAPTURE(at);
    disk.flip_bit(segment_path(2), at, static_cast<unsigned>(bit % 8));
    const std::uint64_t start = *(std::upper_bound(starts.begin(), starts.end(), at) - 1);
    CHECK(contains(refusal(), segment_path(2) + ": damaged at offset " + std::to_string(start) + ":"));
    disk.flip_bit(segment_path(2), at, static_cast<unsigned>(bit % 8));
  }
  open();
  CHECK(replayed == numbers(0, number - 1));
}

TEST_CASE_FIXTURE(OpenLog, "wal: a header that is damaged, truncated or another segment's is refused") {
  std::uint64_t number = 0;
  while (names().size() < 5) append_synced(number++, 500);
  for (const std::uint64_t segment : {1U, 2U, 3U}) {
    const Bytes whole = disk.content(segment_path(segment));
    const auto restore = [&] {
      disk.overwrite(segment_path(segment), 0, whole);
      open();
    };
    for (std::uint64_t at = 0; at < block_bytes; at += 61) {
      disk.flip_bit(segment_path(segment), at, 5);
      CHECK(contains(refusal(), segment_path(segment) + ": damaged at offset 0:"));
      disk.flip_bit(segment_path(segment), at, 5);
    }
    for (const std::uint64_t size : {8191U, 4096U, 4095U, 1U, 0U}) {
      disk.truncate(segment_path(segment), size);
      CHECK(contains(refusal(), segment_path(segment) + ": damaged at offset " +
                                    std::to_string(size < block_bytes ? 0 : size) + ":"));
    }
    restore();
    disk.overwrite(segment_path(segment), 0, Bytes(disk.content(segment_path(segment % 3 + 1))));
    CHECK(contains(refusal(), "the header is another segment's"));
    restore();
  }
}

TEST_CASE("wal: a missing segment is named, wherever it is missing") {
  for (const std::uint64_t missing : {1U, 2U, 3U, 4U}) {
    OpenLog fixture;
    std::uint64_t number = 0;
    while (fixture.names().size() < 6) fixture.append_synced(number++, 500);
    fixture.append_synced(number++, 500);
    fixture.disk.lose(segment_path(missing));
    CHECK(contains(fixture.refusal(), segment_path(missing) + ": missing"));
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: a file of another name is no business of the log") {
  append_synced(0, 10);
  for (const char* name :
       {"1.log", "000000000000000g.log", "0000000000000002.LOG", "00000000000000002.log", "notes"}) {
    REQUIRE(disk.create(std::string(log_directory) + "/" + name));
  }
  open();
  CHECK(replayed == numbers(0, 0));
  CHECK(names().size() == 8);
}

TEST_CASE_FIXTURE(OpenLog, "wal: without directory, marker or segments it is amnesia, never a first boot") {
  log.reset();
  CHECK(*storage::Wal::exists(disk, log_directory));
  disk.lose(std::string(log_directory) + "/genesis");
  CHECK_FALSE(*storage::Wal::exists(disk, log_directory));
  CHECK(contains(refusal(), "/data/genesis: amnesia: the genesis marker is missing"));
  const auto created = storage::Wal::create(disk, log_directory, log_identity, 1, 0, options);
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::invalid_argument);
  CHECK(contains(created.error().message, segment_path(1) + ": is there already"));

  const auto replay = [](std::uint32_t, BytesView) { return Result<void>(); };
  const auto nowhere = storage::Wal::open(disk, "/nowhere", log_identity, replay, options);
  REQUIRE_FALSE(nowhere);
  CHECK(contains(nowhere.error().message, "/nowhere: amnesia: the data directory is missing"));
  CHECK_FALSE(*disk.exists("/nowhere"));
}

TEST_CASE_FIXTURE(OpenLog, "wal: the marker tells the incarnation, which nobody needs to know beforehand") {
  CHECK(log->incarnation() == 0);
  append_synced(0, 10);
  log.reset();
  disk.lose(std::string(log_directory) + "/genesis");
  constexpr std::uint64_t now_us = 1'790'000'000'000'000;
  REQUIRE(storage::Wal::create(disk, log_directory, log_identity, 1, now_us, options));
  disk.crash(0);
  CHECK(*storage::Wal::exists(disk, log_directory));
  open();
  CHECK(log->incarnation() == now_us);
  CHECK(replayed.empty());
  append_synced(1, 10);
  open();
  CHECK(log->incarnation() == now_us);
}

TEST_CASE("wal: a log that is to replace a lost one can be created again after a crash at any operation") {
  for (std::uint64_t operations = 0;; ++operations) {
    CAPTURE(operations);
    LogFixture fixture;
    std::uint64_t left = operations;
    fixture.disk.set_hook([&](VirtualDisk::Operation, const std::string&) {
      return left-- == 0 ? Result<void>(Error{ErrorCode::io, "no power"}) : Result<void>();
    });
    const auto created =
        storage::Wal::create(fixture.disk, log_directory, log_identity, 1, 7, fixture.options);
    fixture.disk.set_hook({});
    fixture.disk.crash(operations);
    const bool marked = *storage::Wal::exists(fixture.disk, log_directory);
    if (created) CHECK(marked);
    if (!marked) {
      REQUIRE(storage::Wal::create(fixture.disk, log_directory, log_identity, 1, 8, fixture.options));
    }
    fixture.open();
    CHECK(fixture.log->incarnation() == (marked ? 7 : 8));
    if (created) break;
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: a marker without segments is amnesia, a damaged one is damage") {
  log.reset();
  disk.flip_bit("/data/genesis", 20, 1);
  CHECK(contains(refusal(), "/data/genesis: damaged at offset 0"));
  disk.flip_bit("/data/genesis", 20, 1);
  disk.lose(segment_path(1));
  CHECK(contains(refusal(), "/data: amnesia: the log's segments are missing"));
}

TEST_CASE_FIXTURE(OpenLog, "wal: the log of another replica or cluster is refused by name") {
  for (const storage::WalIdentity& other :
       {storage::WalIdentity{log_identity.cluster, ReplicaId{3}}, {Digest{}, log_identity.replica}}) {
    const auto opened = try_open(other);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::invalid_argument);
    CHECK(contains(opened.error().message, "/data/genesis: belongs to replica 2 of cluster 010203"));
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: a log is created once and opened by one at a time") {
  const auto created = storage::Wal::create(disk, log_directory, log_identity, 1, 0, options);
  REQUIRE_FALSE(created);
  CHECK(contains(created.error().message, "/data/lock"));
  const auto replay = [](std::uint32_t, BytesView) { return Result<void>(); };
  CHECK_FALSE(storage::Wal::open(disk, log_directory, log_identity, replay, options));
  log.reset();
  CHECK(contains(storage::Wal::create(disk, log_directory, log_identity, 1, 0, options).error().message,
                 "is there already"));
}

TEST_CASE_FIXTURE(OpenLog, "wal: a record that the caller does not understand refuses the log") {
  append_synced(0, 10);
  append_synced(1, 10);
  log.reset();
  const auto replay = [](std::uint32_t, BytesView payload) {
    return number_of(payload) == 1 ? Result<void>(Error{ErrorCode::io, "it is nonsense"}) : Result<void>();
  };
  const auto opened = storage::Wal::open(disk, log_directory, log_identity, replay, options);
  REQUIRE_FALSE(opened);
  CHECK(contains(opened.error().message, segment_path(1) + ": damaged at offset " +
                                             std::to_string(block_bytes + record_bytes(10)) +
                                             ": the record is whole, but it is nonsense"));
}

TEST_CASE("wal: a failed write or sync poisons the log for ever, with the same error") {
  for (const auto broken : {VirtualDisk::Operation::write, VirtualDisk::Operation::sync}) {
    OpenLog fixture;
    fixture.append_synced(0, 100);
    fixture.disk.set_hook([&](VirtualDisk::Operation operation, const std::string& path) {
      return operation == broken ? Result<void>(Error{ErrorCode::io, path + ": no luck"}) : Result<void>();
    });
    REQUIRE(fixture.append(1, 100));
    const auto failed = fixture.log->sync();
    REQUIRE_FALSE(failed);
    fixture.disk.set_hook({});
    for (const auto& later : {fixture.log->sync(), fixture.append(2, 10), fixture.compact(0, 0, 1)}) {
      REQUIRE_FALSE(later);
      CHECK(later.error().message == segment_path(1) + ": no luck");
    }
  }
}

TEST_CASE_FIXTURE(OpenLog, "wal: a full disk is an error, and the log is whole when there is room again") {
  append_synced(0, 1000);
  disk.set_capacity(3 * 8192);
  std::uint64_t number = 1;
  while (append(number, 1000) && log->sync()) ++number;
  CHECK(contains(append(number, 1000).error().message, "no space left on device"));
  disk.set_capacity(100 * 8192);
  open();
  CHECK(replayed == numbers(0, number - 1));
  while (number < 20) append_synced(number++, 1000);
  open();
  CHECK(replayed == numbers(0, number - 1));
}

TEST_CASE_FIXTURE(OpenLog, "wal: what only the system's cache holds is made durable when it is replayed") {
  append_synced(0, 10);
  disk.set_hook([](VirtualDisk::Operation operation, const std::string&) {
    return operation == VirtualDisk::Operation::sync ? Result<void>(Error{ErrorCode::io, "failed"})
                                                     : Result<void>();
  });
  REQUIRE(append(1, 10));
  REQUIRE(append(2, 2000));
  REQUIRE_FALSE(log->sync());
  disk.set_hook({});
  disk.forget_unsynced(segment_path(1));
  disk.kill_process();
  open();
  REQUIRE(replayed == numbers(0, 2));
  disk.crash(0);
  open();
  CHECK(replayed == numbers(0, 2));
}

TEST_CASE_FIXTURE(OpenLog, "wal: a record holds only where it was written") {
  append_synced(0, 100);
  const Bytes record(disk.content(segment_path(1)).begin() + block_bytes,
                     disk.content(segment_path(1)).begin() + block_bytes + record_bytes(100));
  disk.overwrite(segment_path(1), block_bytes + record_bytes(100), record);
  open();
  CHECK(replayed == numbers(0, 0));
  CHECK(log->cut_bytes() > 0);
}

TEST_CASE_FIXTURE(OpenLog, "wal: a segment without its end is finished if the next is empty, else damaged") {
  std::uint64_t number = 0;
  while (names().size() < 4) append_synced(number++, 1000);  // the last one stands alone in the new segment
  const std::uint64_t end = block_bytes + (number - 1) * record_bytes(1000);
  const Bytes second = disk.content(segment_path(2));
  disk.flip_bit(segment_path(1), end + 3, 1);
  CHECK(contains(refusal(), segment_path(1) + ": damaged at offset " + std::to_string(end)));
  disk.overwrite(segment_path(2), block_bytes, Bytes(second.size() - block_bytes));
  open();
  CHECK(replayed == numbers(0, number - 2));
  append_synced(number - 1, 1000);
  open();
  CHECK(replayed == numbers(0, number - 1));
}
