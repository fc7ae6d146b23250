// The log: a prepared batch appended, in memory and on disk.
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "micro/samples.hpp"
#include "storage/durable_log.hpp"
#include "storage/memory_log.hpp"
#include "storage/posix_disk.hpp"
#include "wire/record_codec.hpp"

namespace pbft::bench {

namespace {

constexpr std::size_t requests = 4, operations = 100;
constexpr std::uint64_t checkpoint_interval = 128;

/// Prepared batches with ascending numbers, and a stable checkpoint now and then that makes them obsolete.
class Records {
 public:
  core::Record next() {
    if (++seq_ % checkpoint_interval == 0) return core::CheckpointProof{SeqNum{seq_}, {}, {}};
    const core::BatchHeader header{View{0}, SeqNum{seq_}, body_->digest};
    return core::PreparedRecord{{header, {}, {{ReplicaId{1}, {}}, {ReplicaId{2}, {}}}}, body_};
  }

 private:
  const core::BodyPtr body_ = body_of(requests, operations, 0, 1, sim::Signatures::ideal);
  std::uint64_t seq_ = 0;
};

void append_in_memory(benchmark::State& state) {
  storage::MemoryLog log([](std::uint64_t) {});
  Records records;
  for (auto _ : state) log.append(1, records.next());
}
BENCHMARK(append_in_memory)->Name("storage/append_in_memory");

/// A log in a directory of its own, below the current one: /tmp may be memory.
class DiskLog {
 public:
  DiskLog() {
    const storage::WalIdentity identity{Digest{}, ReplicaId{0}};
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    if (!storage::Wal::create(disk_, directory_ + "/log", identity, 1, 0)) std::abort();
    auto opened = storage::DurableLog::open(
        disk_, directory_ + "/log", identity,
        {wire::encode_record, [](BytesView) { return std::optional<core::Record>(); }},
        {[](const std::function<void()>& posted) { posted(); },
         [](std::function<void()> run) { return std::thread(std::move(run)); }},
        [this](std::uint64_t token) {
          const std::lock_guard lock(mutex_);
          durable_ = token;
          changed_.notify_one();
        },
        [](const Error&) { std::abort(); });
    if (!opened) std::abort();
    log_ = *std::move(opened);
  }
  ~DiskLog() {
    log_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  DiskLog(const DiskLog&) = delete;
  DiskLog& operator=(const DiskLog&) = delete;

  void append(core::Record record) { log_->append(++last_, std::move(record)); }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return durable_ == last_; });
  }
  std::uint64_t syncs() const { return log_->syncs(); }

 private:
  std::string directory_ = "bench-log-XXXXXX";
  storage::PosixDisk disk_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t last_ = 0, durable_ = 0;
  std::unique_ptr<storage::DurableLog> log_;
};

// So many at once until all are durable: how group commit shares a sync.
void append_durably(benchmark::State& state) {
  const auto at_once = static_cast<std::size_t>(state.range(0));
  DiskLog log;
  Records records;
  for (auto _ : state) {
    for (std::size_t i = 0; i < at_once; ++i) log.append(records.next());
    log.wait();
  }
  state.counters["syncs"] =
      benchmark::Counter(static_cast<double>(log.syncs()), benchmark::Counter::kAvgIterations);
  per_operation(state, at_once);
}
BENCHMARK(append_durably)
    ->Name("storage/append_durably")
    ->ArgName("at_once")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->UseRealTime();

}  // namespace

}  // namespace pbft::bench
