// The two threads of a store at once, on real files; ThreadSanitizer watches.
#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/posix_disk.hpp"
#include "unit/storage/checkpoint_fixture.hpp"
#include "unit/storage/temporary_directory.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;

/// From the executor to the keeper.
class Queue {
 public:
  void push(storage::PendingCheckpoint pending) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(pending));
    }
    changed_.notify_one();
  }
  storage::PendingCheckpoint pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty(); });
    auto next = std::move(queue_.front());
    queue_.pop_front();
    return next;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<storage::PendingCheckpoint> queue_;
};

constexpr std::uint64_t snapshots = 6;

Model model_of(std::uint64_t seq) {
  Bytes state = noise(1, 600'000);
  const Bytes change = noise(seq, 60'000);
  std::copy(change.begin(), change.end(), state.begin() + static_cast<std::ptrdiff_t>(seq % 8 * 60'000));
  return {noise(100 + seq, 2000), std::move(state)};
}

Result<storage::PendingCheckpoint> write(storage::CheckpointStore& store, std::uint64_t seq) {
  const Model model = model_of(seq);
  return store.write_snapshot(SeqNum{seq}, model.core,
                              [&](SnapshotWriter& writer) { writer.write(model.application); });
}

/// Reads whatever is there; a checkpoint that is gone by then is no failure.
void read_newest(storage::CheckpointStore& store) {
  for (const auto& id : store.checkpoints()) {
    Bytes all;
    const auto read = store.read_application(id.seq, id.state, [&](SnapshotReader& reader) {
      Bytes part(100'000);
      while (const std::size_t got = reader.read(part)) {
        all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
      }
      return Result<void>();
    });
    if (read) CHECK(all == model_of(id.seq.value).application);
    if (!read) CHECK(mentions(read.error().message, "is not stored"));
  }
}

/// Commits, serves, collects and discards while the other thread writes and reads.
void run(storage::CheckpointStore& store) {
  Queue queue;
  std::thread keeper([&] {
    const Model foreign(noise(7, 1000), noise(8, 4'000'000));  // more blocks than are given
    auto step = store.collect(SeqNum{1000}, foreign.state);
    for (std::uint64_t seq = 1; seq <= snapshots; ++seq) {
      const auto pending = queue.pop();
      CHECK(store.commit(pending));
      for (const auto& [name, block] : model_of(seq).blocks) {
        const auto served = store.read_block(name);
        CHECK((served && *served != nullptr && **served == *block));
      }
      if (step && !step->missing.empty()) {
        step = store.add_block(foreign.blocks.at(step->missing.front()));
        CHECK(step);
      }
      if (seq > 2) CHECK(store.discard(SeqNum{seq - 1}, {}));
    }
  });
  for (std::uint64_t seq = 1; seq <= snapshots; ++seq) {
    auto pending = write(store, seq);
    REQUIRE(pending);
    queue.push(*std::move(pending));
    read_newest(store);
  }
  keeper.join();
  CHECK(store.checkpoints().front().seq == SeqNum{snapshots});
}
}  // namespace

TEST_CASE("checkpoint store: executor and keeper work at the same time, on files") {
  const TemporaryDirectory directory;
  storage::PosixDisk disk;
  const std::string path = directory.path() + "/checkpoints";
  {
    auto store = storage::CheckpointStore::open(disk, path, store_identity, plain_crypto);
    REQUIRE(store);
    run(**store);
  }
  auto store = storage::CheckpointStore::open(disk, path, store_identity, plain_crypto);
  REQUIRE(store);
  CHECK((*store)->checkpoints().front().seq == SeqNum{snapshots});
  read_newest(**store);
}

TEST_CASE("checkpoint store: executor and keeper work at the same time, in memory") {
  run(*storage::CheckpointStore::in_memory(plain_crypto));
}
