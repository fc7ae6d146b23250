// The power fails at every operation of a run: nothing reported durable is lost, nothing is invented.
#include <doctest/doctest.h>

#include <limits>

#include "unit/storage/wal_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using storage::VirtualDisk;

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t after_crash = 1000;  // no number of the run itself

struct CrashRun : LogFixture {
  // What a restart may find: records first..last with `first` one of two during a compaction, and
  // durable <= last + 1 <= appended.
  bool created = false;
  std::uint64_t first_before = 0, first_after = 0;
  std::uint64_t durable = 0, appended = 0;

  /// From now on, after `operations` more that change the disk, it does nothing any more.
  void cut_power_after(std::uint64_t operations) {
    left_ = operations;
    done_ = 0;
    disk.set_hook([this](VirtualDisk::Operation operation, const std::string&) -> Result<void> {
      using enum VirtualDisk::Operation;
      if (operation == read || operation == list || operation == open || operation == lock) return {};
      if (done_ == left_) return Error{ErrorCode::io, "no power"};
      ++done_;
      return {};
    });
  }
  std::uint64_t operations() const { return done_; }
  void restore_power() { disk.set_hook({}); }

  /// Batches of one to four records of many sizes, segments that fill, compactions, files used again.
  Result<void> run() {
    if (auto done = storage::Wal::create(disk, log_directory, log_identity, log_salt, 0, options); !done)
      return done;
    created = true;
    if (auto done = try_open(); !done) return done;
    for (std::uint64_t batch = 0; batch < 24; ++batch) {
      for (std::uint64_t i = 0; i <= batch % 4; ++i) {
        // Counted before, as an append that needs a new segment may write those before it and then fail.
        const std::uint64_t number = appended++;
        if (auto done = append(number, size_of(number)); !done) return done;
      }
      if (auto done = log->sync(); !done) return done;
      durable = appended;
      if (batch % 8 != 7) continue;
      first_after = appended - 3;
      if (auto done = keep_from(first_after); !done) return done;
      first_before = first_after;
    }
    return {};
  }
  static std::size_t size_of(std::uint64_t number) {
    return static_cast<std::size_t>(number * 211 % 900 + 10);
  }

  Result<void> keep_from(std::uint64_t first) {
    return log->compact([first, last = appended](storage::WalRecord& next) mutable {
      if (first == last) return false;
      next = {static_cast<std::uint32_t>(first % 5 + 1), payload_of(first, size_of(first))};
      ++first;
      return true;
    });
  }

  /// Opens and holds what is found against what may be found.
  void recover() {
    const auto opened = try_open();
    if (!opened && !created) return;
    if (!opened) FAIL(opened.error().message);
    const std::uint64_t first = replayed.empty() ? first_before : replayed.front();
    CHECK((first == first_before || first == first_after));
    const std::uint64_t next = first + replayed.size();
    CHECK(replayed == (replayed.empty() ? replayed : numbers(first, next - 1)));
    CHECK(next >= durable);
    CHECK(next <= appended);
  }

 private:
  std::uint64_t left_ = never;
  std::uint64_t done_ = 0;
};

std::uint64_t operations_of_a_run() {
  CrashRun run;
  run.cut_power_after(never);
  REQUIRE(run.run());
  return run.operations();
}

/// A run that lost its power after `operations`, and what a crash left.
void crash_during_run(CrashRun& run, std::uint64_t operations, std::uint64_t seed) {
  run.cut_power_after(operations);
  REQUIRE_FALSE(run.run());
  run.restore_power();
  run.disk.crash(seed);
}
}  // namespace

TEST_CASE("wal: a crash at any operation loses nothing durable, invents nothing, and the log goes on") {
  const std::uint64_t total = operations_of_a_run();
  CHECK(total > 100);
  for (std::uint64_t operations = 0; operations < total; ++operations) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      CAPTURE(operations);
      CAPTURE(seed);
      CrashRun run;
      crash_during_run(run, operations, seed * 1000 + operations);
      run.recover();
      if (!run.log) continue;
      auto expected = run.replayed;
      // As long as those that may have been torn, so that their remains would follow at once.
      for (std::uint64_t i = 0; i < 3; ++i) {
        run.append_synced(after_crash + i, CrashRun::size_of(expected.empty() ? i : expected.back() + 1));
        expected.push_back(after_crash + i);
        run.disk.crash(seed);
        run.open();
        CHECK(run.replayed == expected);
      }
    }
  }
}

TEST_CASE("wal: what was replayed once is replayed after every later crash, also one during the recovery") {
  const std::uint64_t total = operations_of_a_run();
  for (std::uint64_t operations = 1; operations < total; operations += 2) {
    for (std::uint64_t during_recovery = 0;; ++during_recovery) {
      CAPTURE(operations);
      CAPTURE(during_recovery);
      CrashRun run;
      crash_during_run(run, operations, operations);
      run.cut_power_after(during_recovery);
      const bool whole = run.try_open().has_value();
      const auto found = run.replayed;
      const bool cut = run.operations() == during_recovery;
      run.restore_power();
      run.disk.crash(operations + during_recovery);
      run.recover();
      if (whole) CHECK(run.replayed == found);
      if (!cut) break;
    }
  }
}

TEST_CASE("wal: a process that dies at any operation leaves a log that later loses no record it replayed") {
  const std::uint64_t total = operations_of_a_run();
  for (std::uint64_t operations = 0; operations < total; ++operations) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      CAPTURE(operations);
      CrashRun run;
      run.cut_power_after(operations);
      REQUIRE_FALSE(run.run());
      run.restore_power();
      run.disk.kill_process();
      run.recover();
      if (!run.log) continue;
      const auto found = run.replayed;
      run.disk.crash(seed);
      run.open();
      CHECK(run.replayed == found);
    }
  }
}
