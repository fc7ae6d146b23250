// The power fails, or the process dies, at every operation of a run of snapshots, discards and a collection:
// what was reported durable is there and whole, and nothing is half there.
#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "unit/storage/checkpoint_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using storage::VirtualDisk;
using DiskOperation = VirtualDisk::Operation;

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// The states of the run, by sequence number.
const std::map<std::uint64_t, Model>& models() {
  static const std::map<std::uint64_t, Model> all = [] {
    std::map<std::uint64_t, Model> made;
    const Bytes a = noise(1, 120'000), b = noise(2, 120'000), c = noise(3, 120'000), d = noise(4, 120'000);
    made.emplace(1, Model(noise(11, 2000), joined({a, b, c})));
    made.emplace(2, Model(noise(12, 2000), joined({a, b, c, d})));
    made.emplace(3, Model(noise(13, 2000), joined({d, c})));
    made.emplace(4, Model(noise(14, 2000), joined({d, c, a, noise(5, 300'000)})));  // collected
    made.emplace(5, Model(noise(15, 2000), joined({c, a})));
    made.emplace(6, Model(noise(16, 2000), joined({c, a, {7}})));
    return made;
  }();
  return all;
}

struct CrashRun : StoreFixture {
  std::uint64_t durable = 0;    ///< The newest that was reported.
  std::uint64_t discarded = 0;  ///< Below it all may be gone.

  /// After so many more operations that change the disk it does nothing any more.
  void cut_power_after(std::uint64_t operations, bool syncs_lie = false) {
    left_ = operations;
    done_ = 0;
    disk.set_hook([this, syncs_lie](DiskOperation operation, const std::string& path) -> Result<void> {
      if (operation == DiskOperation::read || operation == DiskOperation::list ||
          operation == DiskOperation::open) {
        return {};
      }
      if (done_ == left_) {
        if (syncs_lie && operation == DiskOperation::sync) disk.forget_unsynced(path);
        return Error{ErrorCode::io, "no power"};
      }
      ++done_;
      return {};
    });
  }
  void restore_power() { disk.set_hook({}); }
  std::uint64_t operations() const { return done_; }

  Result<void> snapshot(std::uint64_t seq) {
    auto taken = try_take(seq, models().at(seq));
    if (taken) durable = seq;
    return taken;
  }
  Result<void> discard(std::uint64_t below) {
    discarded = below;
    return store->discard(SeqNum{below}, {});
  }
  Result<void> run() {
    for (const std::uint64_t seq : {1U, 2U, 3U}) {
      if (auto taken = snapshot(seq); !taken) return taken;
      if (auto gone = discard(seq); !gone) return gone;
    }
    const auto collected = try_collect(4, models().at(4));
    if (!collected) return collected.error();
    durable = 4;
    if (auto gone = discard(4); !gone) return gone;
    for (const std::uint64_t seq : {5U, 6U}) {
      if (auto taken = snapshot(seq); !taken) return taken;
      if (auto gone = discard(seq - 1); !gone) return gone;
    }
    return {};
  }

  /// Opens and holds what is found against what may be found.
  void recover() {
    open();
    const auto found = seqs();
    if (durable > 0) REQUIRE_FALSE(found.empty());
    if (!found.empty()) CHECK(found.front() >= durable);
    for (const std::uint64_t seq : found) check_whole(seq, models().at(seq));
    const std::set<std::uint64_t> there(found.begin(), found.end());
    for (std::uint64_t seq = std::max<std::uint64_t>(discarded, 1); seq <= durable; ++seq) {
      CHECK(there.contains(seq));
    }
    for (const std::string& name : names()) CHECK_FALSE(name.ends_with(".tmp"));
  }
  /// What was recovered is good enough to go on from, for ever.
  void go_on() {
    const Model model(noise(99, 2000), joined({noise(1, 120'000), noise(4, 120'000), noise(98, 100'000)}));
    const Model other(noise(97, 2000), joined({noise(2, 120'000), noise(98, 100'000)}));
    take(100, model);
    collect(101, other);
    REQUIRE(store->discard(SeqNum{100}, {}));
    disk.crash(7);
    open();
    CHECK(seqs() == std::vector<std::uint64_t>{101, 100});
    check_whole(100, model);
    check_whole(101, other);
  }

 private:
  std::uint64_t left_ = never;
  std::uint64_t done_ = 0;
};

std::uint64_t operations_of_a_run() {
  CrashRun run;
  run.cut_power_after(never);
  REQUIRE(run.run());
  run.restore_power();
  run.recover();
  return run.operations();
}
}  // namespace

TEST_CASE("checkpoint store: a power cut at any operation leaves the old checkpoint or the new one, whole") {
  const std::uint64_t total = operations_of_a_run();
  CHECK(total > 60);
  for (std::uint64_t operations = 0; operations < total; ++operations) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(operations);
      CAPTURE(seed);
      CrashRun run;
      run.cut_power_after(operations);
      REQUIRE_FALSE(run.run());
      run.restore_power();
      run.disk.crash(seed * 1000 + operations);
      run.recover();
      run.go_on();
    }
  }
}

TEST_CASE("checkpoint store: a process that dies at any operation leaves what no later power cut can take") {
  const std::uint64_t total = operations_of_a_run();
  for (std::uint64_t operations = 0; operations < total; ++operations) {
    CAPTURE(operations);
    CrashRun run;
    run.cut_power_after(operations, true);
    REQUIRE_FALSE(run.run());
    run.restore_power();
    run.disk.kill_process();
    run.recover();
    const auto found = run.seqs();
    run.disk.crash(operations);
    run.open();
    CHECK(run.seqs() == found);
    run.go_on();
  }
}

TEST_CASE("checkpoint store: a power cut during the recovery from one is survived too") {
  const std::uint64_t total = operations_of_a_run();
  for (std::uint64_t operations = 1; operations < total; operations += 3) {
    for (std::uint64_t during_recovery = 0;; ++during_recovery) {
      CAPTURE(operations);
      CAPTURE(during_recovery);
      CrashRun run;
      run.cut_power_after(operations);
      REQUIRE_FALSE(run.run());
      run.restore_power();
      run.disk.crash(operations);
      run.cut_power_after(during_recovery);
      const bool whole = run.try_open().has_value();
      run.restore_power();
      run.disk.crash(during_recovery);
      run.recover();
      if (whole) break;
    }
  }
}

TEST_CASE("checkpoint store: after a failed write or sync every call returns that same error") {
  for (const DiskOperation broken :
       {DiskOperation::create, DiskOperation::write, DiskOperation::sync, DiskOperation::rename,
        DiskOperation::sync_directory, DiskOperation::remove}) {
    CrashRun run;
    REQUIRE(run.snapshot(1));
    run.disk.set_hook([&](DiskOperation operation, const std::string&) {
      return operation == broken ? Result<void>(Error{ErrorCode::io, "no luck"}) : Result<void>();
    });
    REQUIRE_FALSE([&]() -> Result<void> {
      if (auto taken = run.snapshot(3); !taken) return taken;
      return run.discard(3);
    }());
    run.disk.set_hook({});
    const auto same = [](const auto& result) { return !result && result.error().message == "no luck"; };
    const Model& first = models().at(1);
    CHECK(same(run.write(5, models().at(5))));
    CHECK(same(run.store->commit({SeqNum{1}, first.state, nullptr})));
    CHECK(same(run.store->read_block(first.state)));
    CHECK(same(run.store->collect(SeqNum{9}, Digest{})));
    CHECK(same(run.store->add_block(first.blocks.begin()->second)));
    CHECK(same(run.store->discard(SeqNum{1}, {})));
    CHECK(same(run.store->supersede(SeqNum{1}, first.state)));
    CHECK(same(run.application(1, first.state)));
    CHECK(same(run.store->read_core_state(SeqNum{1}, first.state)));
    CHECK(same(run.store->newest()));
    run.recover();
  }
}

TEST_CASE("checkpoint store: a full disk is an error, and all is whole when there is room again") {
  for (std::uint64_t room = 0; room < 700'000; room += 23'000) {
    CAPTURE(room);
    CrashRun run;
    REQUIRE(run.snapshot(1));
    run.disk.set_capacity(run.used_bytes() + room);
    const auto collected = run.try_collect(4, models().at(4));
    if (collected) {
      CHECK(collected->core_state.has_value());
      CHECK(room > 300'000);
    } else {
      CHECK(mentions(collected.error().message, "no space left on device"));
      CHECK(mentions(run.store->read_block(Digest{}).error().message, "no space left on device"));
    }
    run.disk.set_capacity(100'000'000);
    run.recover();
    run.go_on();
  }
}

// The checkpoint's file calls durable what was synced along with it, though nothing needs it.
TEST_CASE("checkpoint store: the number of a pack that a checkpoint file calls durable is not used again") {
  const Model& second = models().at(2);
  const Model large(noise(50, 2000), noise(51, 1'200'000));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    StoreFixture fixture;
    fixture.take(1, models().at(1));
    {
      auto pending = fixture.write(2, second);
      const auto never_committed = fixture.write(3, Model(noise(52, 2000), noise(53, 1'300'000)));
      REQUIRE(pending);
      REQUIRE(never_committed);
      REQUIRE(fixture.store->commit(*std::move(pending)));
    }
    const std::string last = fixture.packs().back();
    REQUIRE(fixture.store->discard(SeqNum{2}, {}));
    fixture.open();
    const auto left = fixture.packs();
    REQUIRE(std::find(left.begin(), left.end(), last) == left.end());
    REQUIRE(fixture.write(4, large));
    fixture.disk.crash(seed);
    fixture.open();
    fixture.take(5, large);
    fixture.disk.crash(seed);
    fixture.open();
    fixture.check_whole(5, large);
    fixture.check_whole(2, second);
  }
}
