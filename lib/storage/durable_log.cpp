#include "storage/durable_log.hpp"

#include <algorithm>
#include <utility>

namespace pbft::storage {

namespace {

/// So that a reader without codec can tell them apart; 0 is no type.
std::uint32_t type_of(const core::Record& record) { return static_cast<std::uint32_t>(record.index() + 1); }

}  // namespace

Result<std::unique_ptr<DurableLog>> DurableLog::open(Disk& disk, const std::string& directory,
                                                     const WalIdentity& identity, RecordCodec codec,
                                                     LogThreads threads, Durable durable, Failed failed,
                                                     const DurableLogOptions& options) {
  LiveRecords live;
  const auto replay = [&](std::uint32_t type, BytesView payload) -> Result<void> {
    auto record = codec.decode(payload);
    if (!record || type_of(*record) != type) {
      return Error{ErrorCode::io, "its content is no record of type " + std::to_string(type)};
    }
    live.keep(*std::move(record));
    return {};
  };
  auto wal = Wal::open(disk, directory, identity, replay, options.wal);
  if (!wal) return wal.error();
  return std::unique_ptr<DurableLog>(new DurableLog(*std::move(wal), std::move(live), std::move(codec),
                                                    std::move(threads), std::move(durable), std::move(failed),
                                                    options));
}

DurableLog::DurableLog(std::unique_ptr<Wal> wal, LiveRecords live, RecordCodec codec, LogThreads threads,
                       Durable durable, Failed failed, const DurableLogOptions& options)
    : codec_(std::move(codec)),
      threads_(std::move(threads)),
      options_(options),
      wal_(std::move(wal)),
      incarnation_(wal_->incarnation()),
      cut_bytes_(wal_->cut_bytes()),
      listener_(std::make_shared<Listener>()),
      live_(std::move(live)) {
  listener_->durable = std::move(durable);
  listener_->failed = std::move(failed);
  writer_ = threads_.start([this] { run(); });
}

DurableLog::~DurableLog() {
  listener_->gone = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void DurableLog::append(std::uint64_t token, core::Record record) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_) return;
    queue_.push_back({token, std::move(record)});
  }
  wake_.notify_one();
}

std::vector<core::Record> DurableLog::records() const {
  const std::lock_guard lock(live_mutex_);
  return live_.all();
}

void DurableLog::run() {
  for (;;) {
    std::vector<Entry> batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    auto written = write(batch);
    if (written) {
      const bool checkpoint = std::any_of(batch.begin(), batch.end(), [](const Entry& entry) {
        return std::holds_alternative<core::CheckpointProof>(entry.record);
      });
      report_durable(std::move(batch));
      written = compact_if_due(checkpoint);
    }
    if (!written) return report_failed(written.error());
  }
}

Result<void> DurableLog::write(const std::vector<Entry>& batch) {
  for (const Entry& entry : batch) {
    if (auto appended = wal_->append(type_of(entry.record), codec_.encode(entry.record)); !appended)
      return appended;
  }
  auto synced = wal_->sync();
  syncs_ = wal_->syncs();
  return synced;
}

void DurableLog::report_durable(std::vector<Entry> batch) {
  std::vector<std::uint64_t> tokens;
  tokens.reserve(batch.size());
  {
    const std::lock_guard lock(live_mutex_);
    for (Entry& entry : batch) {
      tokens.push_back(entry.token);
      live_.keep(std::move(entry.record));
    }
  }
  threads_.post([listener = listener_, tokens = std::move(tokens)] {
    for (const std::uint64_t token : tokens) {
      if (!listener->gone) listener->durable(token);
    }
  });
}

void DurableLog::report_failed(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    queue_.clear();
  }
  threads_.post([listener = listener_, error] {
    if (!listener->gone) listener->failed(error);
  });
}

Result<void> DurableLog::compact_if_due(bool checkpoint) {
  const std::uint64_t limit = std::max(options_.compact_bytes, wal_->base_bytes());
  if (wal_->appended_bytes() < (checkpoint ? limit : 4 * limit)) return {};
  const std::vector<core::Record> live = records();
  return wal_->compact([&, at = live.begin()](WalRecord& next) mutable {
    if (at == live.end()) return false;
    next = {type_of(*at), codec_.encode(*at)};
    ++at;
    return true;
  });
}

}  // namespace pbft::storage
