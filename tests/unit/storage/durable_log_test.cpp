#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/durable_log.hpp"
#include "storage/little_endian.hpp"
#include "storage/virtual_disk.hpp"

namespace {
using namespace pbft;
using storage::VirtualDisk;

// A record is its kind, two numbers and some weight.

core::Record prepared(std::uint64_t view, std::uint64_t seq, std::uint64_t weight = 0) {
  core::PreparedRecord record;
  record.certificate.header = {View{view}, SeqNum{seq}, Digest{}};
  auto body = std::make_shared<core::Body>();
  body->time.unix_us = weight;
  record.body = std::move(body);
  return record;
}
core::Record stable(std::uint64_t seq) { return core::CheckpointProof{SeqNum{seq}, Digest{}, {}}; }
core::Record view_change(std::uint64_t view) {
  auto message = std::make_shared<core::ViewChange>();
  message->new_view = View{view};
  return core::ViewChangePtr(std::move(message));
}
core::Record new_view(std::uint64_t view) {
  auto message = std::make_shared<core::NewView>();
  message->view = View{view};
  return core::NewViewRecord{std::move(message), {}};
}

struct Encode {
  static Bytes bytes(std::uint64_t kind, std::uint64_t first, std::uint64_t second = 0,
                     std::uint64_t weight = 0) {
    Bytes to(32 + static_cast<std::size_t>(weight));
    storage::put_u64(&to[0], kind);
    storage::put_u64(&to[8], first);
    storage::put_u64(&to[16], second);
    storage::put_u64(&to[24], weight);
    return to;
  }
  Bytes operator()(const core::PreparedRecord& r) const {
    return bytes(1, r.certificate.header.view.value, r.certificate.header.seq.value, r.body->time.unix_us);
  }
  Bytes operator()(const core::ViewChangePtr& r) const { return bytes(2, r->new_view.value); }
  Bytes operator()(const core::NewViewRecord& r) const { return bytes(3, r.new_view->view.value); }
  Bytes operator()(const core::CheckpointProof& r) const { return bytes(4, r.seq.value); }
  Bytes operator()(const core::StartRecord&) const { return bytes(5, 0); }
  Bytes operator()(const core::Restraint& r) const { return bytes(6, r.checkpoint_floor.value); }
};
Bytes encode(const core::Record& record) { return std::visit(Encode{}, record); }

std::optional<core::Record> decode(BytesView bytes) {
  const std::uint64_t first = storage::get_u64(&bytes[8]);
  switch (storage::get_u64(&bytes[0])) {
    case 1:
      return prepared(first, storage::get_u64(&bytes[16]), storage::get_u64(&bytes[24]));
    case 2:
      return view_change(first);
    case 3:
      return new_view(first);
    case 4:
      return stable(first);
    case 5:
      return core::StartRecord{};
    case 6:
      return core::Restraint{SeqNum{first}, false, false};
    default:
      return std::nullopt;
  }
}

std::vector<Bytes> encoded(const std::vector<core::Record>& records) {
  std::vector<Bytes> all;
  for (const core::Record& record : records) all.push_back(encode(record));
  return all;
}

constexpr auto patience = std::chrono::seconds(60);

/// What is posted, run by the thread of the test.
class Loop {
 public:
  void post(std::function<void()> function) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(function));
    }
    posted_.notify_one();
  }
  /// Until `done`; fails the test if it never is.
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      REQUIRE(posted_.wait_for(lock, patience, [this] { return !queue_.empty(); }));
      const auto next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      next();
    }
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }
  void run_all() {
    while (size() != 0) {
      run_until([this, left = size() - 1] { return size() <= left; });
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
};

/// Holds the writer's next sync until it is let go.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = false;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    waiting_ = closed_;
    changed_.notify_all();
    changed_.wait_for(lock, patience, [this] { return !closed_; });
    waiting_ = false;
  }
  void wait_until_someone_waits() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, patience, [this] { return waiting_; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool waiting_ = false;
};

struct Fixture {
  VirtualDisk disk;
  storage::WalIdentity identity{Digest{{7}}, ReplicaId{1}};
  storage::DurableLogOptions options{.wal = {.segment_bytes = 8192}, .compact_bytes = 16384};
  Loop loop;
  Gate gate;
  std::atomic<int> syncs{0};
  std::atomic<bool> broken{false};
  std::vector<std::uint64_t> durable;
  std::vector<std::string> failures;
  std::unique_ptr<storage::DurableLog> log;
  std::uint64_t next = 1;

  Fixture() {
    REQUIRE(storage::Wal::create(disk, "/data", identity, 99, 0, options.wal));
    open();
    disk.set_hook([this](VirtualDisk::Operation operation, const std::string& path) {
      if (operation != VirtualDisk::Operation::sync) return Result<void>();
      ++syncs;
      gate.pass();
      return broken ? Result<void>(Error{ErrorCode::io, "cannot sync " + path}) : Result<void>();
    });
  }
  ~Fixture() { gate.open(); }

  Result<std::unique_ptr<storage::DurableLog>> try_open() {
    log.reset();
    return storage::DurableLog::open(
        disk, "/data", identity, {encode, decode},
        {[this](std::function<void()> function) { loop.post(std::move(function)); },
         [](std::function<void()> function) { return std::thread(std::move(function)); }},
        [this](std::uint64_t token) { durable.push_back(token); },
        [this](const Error& error) { failures.push_back(error.message); }, options);
  }
  void open() {
    auto opened = try_open();
    if (!opened) FAIL(opened.error().message);
    log = *std::move(opened);
  }
  void append(core::Record record) { log->append(next++, std::move(record)); }
  void wait_for_all() {
    loop.run_until([this] { return durable.size() == next - 1; });
  }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "durable log: every append is reported, in order, in the appending thread") {
  for (std::uint64_t seq = 1; seq <= 50; ++seq) {
    append(prepared(0, seq));
    if (seq % 7 == 0) wait_for_all();
  }
  CHECK(durable.size() < 50);
  wait_for_all();
  std::vector<std::uint64_t> expected;
  for (std::uint64_t token = 1; token <= 50; ++token) expected.push_back(token);
  CHECK(durable == expected);
  CHECK(failures.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "durable log: what is appended while a sync runs becomes durable by one sync more") {
  gate.close();
  append(prepared(0, 1));
  gate.wait_until_someone_waits();
  for (std::uint64_t seq = 2; seq <= 40; ++seq) append(prepared(0, seq));
  CHECK(syncs == 1);
  CHECK(loop.size() == 0);
  gate.open();
  wait_for_all();
  CHECK(syncs == 2);
  CHECK(log->syncs() == 2);
}

TEST_CASE_FIXTURE(Fixture, "durable log: nothing is reported durable or counted as such before it is") {
  gate.close();
  append(prepared(0, 1));
  gate.wait_until_someone_waits();
  CHECK(loop.size() == 0);
  CHECK(log->records().empty());
  gate.open();
  wait_for_all();
  CHECK(log->records().size() == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "durable log: after a crash the records are those that an in-memory log would hold") {
  storage::LiveRecords expected;
  const auto append_both = [&](const core::Record& record) {
    expected.keep(record);
    append(record);
  };
  append_both(core::StartRecord{});
  for (std::uint64_t seq = 1; seq <= 9; ++seq) append_both(prepared(0, seq));
  append_both(core::Restraint{SeqNum{2}, false, false});
  append_both(stable(4));
  append_both(view_change(1));
  append_both(new_view(1));
  append_both(prepared(1, 7));
  append_both(view_change(3));
  wait_for_all();
  CHECK(encoded(log->records()) == encoded(expected.all()));
  log.reset();
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    disk.crash(seed);
    open();
    CHECK(encoded(log->records()) == encoded(expected.all()));
    log.reset();
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "durable log: stable checkpoints keep the files few, and nothing that lives is lost") {
  storage::LiveRecords expected;
  for (std::uint64_t seq = 1; seq <= 600; ++seq) {
    const core::Record record = seq % 20 == 0 ? stable(seq - 5) : prepared(0, seq, 300);
    expected.keep(record);
    append(record);
    wait_for_all();
  }
  CHECK(encoded(log->records()) == encoded(expected.all()));
  log.reset();
  CHECK(disk.list("/data")->size() <= 10);
  disk.crash(3);
  open();
  CHECK(encoded(log->records()) == encoded(expected.all()));
}

TEST_CASE_FIXTURE(Fixture,
                  "durable log: without any checkpoint it is compacted when it is four times too long") {
  for (std::uint64_t view = 0; view <= 600; ++view) {
    append(prepared(view, 1, 300));
    wait_for_all();
  }
  log.reset();
  const std::uint64_t longest = 4 * options.compact_bytes / (options.wal.segment_bytes / 2);
  CHECK(disk.list("/data")->size() <= longest + 6);
  open();
  REQUIRE(log->records().size() == 1);
  CHECK(std::get<core::PreparedRecord>(log->records()[0]).certificate.header.view == View{600});
}

TEST_CASE_FIXTURE(Fixture, "durable log: a failed sync is reported once, and nothing is durable after it") {
  append(prepared(0, 1));
  wait_for_all();
  broken = true;
  append(prepared(0, 2));
  loop.run_until([this] { return !failures.empty(); });
  broken = false;
  append(prepared(0, 3));
  log.reset();
  loop.run_all();
  CHECK(durable == std::vector<std::uint64_t>{1});
  CHECK(failures == std::vector<std::string>{"cannot sync /data/0000000000000001.log"});
}

TEST_CASE_FIXTURE(
    Fixture, "durable log: what was appended is written before the log is gone, and reported to nobody") {
  gate.close();
  append(prepared(0, 1));
  gate.wait_until_someone_waits();
  for (std::uint64_t seq = 2; seq <= 5; ++seq) append(prepared(0, seq));
  gate.open();
  log.reset();
  loop.run_all();
  CHECK(durable.empty());
  disk.crash(0);
  open();
  CHECK(log->records().size() == 5);
}

TEST_CASE_FIXTURE(Fixture, "durable log: a record that does not decode refuses the log") {
  append(prepared(0, 1));
  wait_for_all();
  log.reset();
  const auto nothing = [](BytesView) { return std::optional<core::Record>(); };
  const auto other_kind = [](BytesView) { return std::optional<core::Record>(stable(1)); };
  for (const auto& wrong : {std::function<std::optional<core::Record>(BytesView)>(nothing), {other_kind}}) {
    const auto opened =
        storage::DurableLog::open(disk, "/data", identity, {encode, wrong}, {}, {}, {}, options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find(
              "/data/0000000000000001.log: damaged at offset 4096: the record is whole, but "
              "its content is no record of type 1") == 0);
  }
}
