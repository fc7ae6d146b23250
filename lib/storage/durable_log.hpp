// The log of a replica that survives a crash: records in a write-ahead log, written by a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "storage/live_records.hpp"
#include "storage/log.hpp"
#include "storage/wal.hpp"

namespace pbft::storage {

struct DurableLogOptions {
  WalOptions wal;
  /// Appended since the last compaction before the next stable checkpoint brings one; four times as much
  /// brings one by itself. Where the live records are larger than this, their size counts instead.
  std::uint64_t compact_bytes = 32 * 1024 * 1024;
};

/// Between records and bytes (wire/record_codec.hpp).
struct RecordCodec {
  std::function<Bytes(const core::Record&)> encode;  ///< Called in the writer's thread.
  std::function<std::optional<core::Record>(BytesView)> decode;
};

/// How a log reaches the thread that appends.
struct LogThreads {
  /// Any thread may call it; it runs the function later in the appending thread, in the order of the calls.
  /// What it still holds after the log is gone does nothing when it runs.
  std::function<void(std::function<void()>)> post;
  std::function<std::thread(std::function<void()>)> start;  ///< The writer.
};

/// All calls in one thread. What queues while a write is under way becomes durable by the next one, together.
/// Memory: what is queued, which the core bounds, and the live records.
class DurableLog : public Log {
 public:
  /// Called once, in the appending thread, when a write or sync has failed: no append is reported durable
  /// after it. The replica can only stop.
  using Failed = std::function<void(const Error&)>;

  /// Opens what Wal::create made; its errors are those of Wal::open. `disk` outlives the log.
  static Result<std::unique_ptr<DurableLog>> open(Disk& disk, const std::string& directory,
                                                  const WalIdentity& identity, RecordCodec codec,
                                                  LogThreads threads, Durable durable, Failed failed,
                                                  const DurableLogOptions& options = {});
  /// Waits for the disk until what was appended is written. Reports nothing any more.
  ~DurableLog() override;
  DurableLog(const DurableLog&) = delete;
  DurableLog& operator=(const DurableLog&) = delete;

  void append(std::uint64_t token, core::Record record) override;
  /// What a restart now would find.
  std::vector<core::Record> records() const override;
  std::uint64_t syncs() const override { return syncs_; }
  /// That Wal::create was given.
  std::uint64_t incarnation() const { return incarnation_; }
  /// Torn bytes that open() cut: a crash interrupted their writing, they were never durable.
  std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  struct Entry {
    std::uint64_t token;
    core::Record record;
  };
  /// Shared with what is posted; used in the appending thread alone.
  struct Listener {
    Durable durable;
    Failed failed;
    bool gone = false;
  };

  DurableLog(std::unique_ptr<Wal> wal, LiveRecords live, RecordCodec codec, LogThreads threads,
             Durable durable, Failed failed, const DurableLogOptions& options);
  void run();
  Result<void> write(const std::vector<Entry>& batch);
  void report_durable(std::vector<Entry> batch);
  void report_failed(const Error& error);
  Result<void> compact_if_due(bool checkpoint);

  const RecordCodec codec_;
  const LogThreads threads_;
  const DurableLogOptions options_;
  const std::unique_ptr<Wal> wal_;  ///< The writer's.
  const std::uint64_t incarnation_;
  const std::uint64_t cut_bytes_;
  std::atomic<std::uint64_t> syncs_ = 0;  ///< Of `wal_`, for the other threads.
  const std::shared_ptr<Listener> listener_;

  mutable std::mutex live_mutex_;
  LiveRecords live_;  ///< Of what is durable.

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Entry> queue_;
  bool stopping_ = false;
  bool broken_ = false;
  std::thread writer_;
};

}  // namespace pbft::storage
