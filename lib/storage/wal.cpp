#include "storage/wal.hpp"

#include <utility>

#include "core/check.hpp"

namespace pbft::storage {

namespace {

bool nothing(WalRecord&) { return false; }

Result<void> write_marker(Disk& disk, const std::string& directory, const wal::Marker& marker) {
  const std::string path = directory + "/" + wal::preparing_name;
  auto file = disk.create(path);
  if (!file) return file.error();
  if (auto written = (*file)->write(0, wal::encode_marker(marker)); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto named = disk.rename(path, directory + "/" + wal::marker_name); !named) return named;
  return disk.sync_directory(directory);
}

/// Of a directory in which no log was ever finished, or whose log lost its marker and is now replaced: what
/// it says is void then.
Result<void> make_empty(Disk& disk, const std::string& directory, bool replaces) {
  const auto names = disk.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const bool is_segment = wal::parse_segment_name(name).has_value();
    if (name == wal::marker_name || (is_segment && !replaces)) {
      return Error{ErrorCode::invalid_argument,
                   directory + "/" + name +
                       ": is there already: a log is created once; choose another data " +
                       "directory, or remove this one if the replica has never run from it"};
    }
    if (!is_segment && !wal::is_scrap_name(name)) continue;
    if (auto removed = disk.remove(directory + "/" + name); !removed) return removed;
  }
  return {};
}

}  // namespace

Result<bool> Wal::exists(Disk& disk, const std::string& directory) {
  return disk.exists(directory + "/" + wal::marker_name);
}

Result<void> Wal::create(Disk& disk, const std::string& directory, const WalIdentity& identity,
                         std::uint64_t salt, std::uint64_t incarnation, const WalOptions& options) {
  PBFT_CHECK(options.segment_bytes % wal::block_bytes == 0);
  if (auto made = disk.make_directory(directory); !made) return made;
  if (auto synced = disk.sync_directory(parent_of(directory)); !synced) return synced;
  const auto lock = disk.lock(directory + "/" + wal::lock_name);
  if (!lock) return lock.error();
  if (auto emptied = make_empty(disk, directory, incarnation != 0); !emptied) return emptied;
  // The marker last: where it stands, the log is whole.
  constexpr std::uint64_t first = 1;
  wal::SegmentFiles files(disk, directory, options.segment_bytes, options.max_spares);
  const wal::SegmentHeader header{.identity = identity, .segment = first, .base = first, .salt = salt};
  if (const auto made = files.make(header, nothing, 0); !made) return made.error();
  return write_marker(disk, directory, {identity, incarnation});
}

Result<std::unique_ptr<Wal>> Wal::open(Disk& disk, const std::string& directory, const WalIdentity& identity,
                                       const WalReplay& replay, const WalOptions& options) {
  PBFT_CHECK(options.segment_bytes % wal::block_bytes == 0);
  const auto there = disk.exists(directory);
  if (!there) return there.error();
  if (!*there) {
    return Error{ErrorCode::io, directory +
                                    ": amnesia: the data directory is missing, so nobody knows what this " +
                                    "replica has promised; it must not start as if it were new"};
  }
  auto lock = disk.lock(directory + "/" + wal::lock_name);
  if (!lock) return lock.error();
  auto recovered = wal::recover(disk, directory, identity, replay);
  if (!recovered) return recovered.error();
  return std::unique_ptr<Wal>(new Wal(disk, directory, options, *std::move(lock), *std::move(recovered)));
}

Wal::Wal(Disk& disk, const std::string& directory, const WalOptions& options, std::unique_ptr<DiskLock> lock,
         wal::Recovery recovered)
    : lock_(std::move(lock)),
      files_(disk, directory, options.segment_bytes, options.max_spares),
      segment_(std::move(recovered.newest)),
      incarnation_(recovered.incarnation),
      appended_bytes_(recovered.appended_bytes),
      base_bytes_(recovered.base_bytes),
      cut_bytes_(recovered.cut_bytes) {}

Result<void> Wal::fail_for_ever(Result<void> result) {
  if (!result) failed_ = result.error();
  return result;
}

Result<void> Wal::append(std::uint32_t type, BytesView payload) {
  PBFT_CHECK(type != 0 && type != wal::end_type && payload.size() <= wal::max_payload_bytes);
  if (failed_) return *failed_;
  const std::uint64_t bytes = wal::record_bytes(payload.size());
  const std::uint64_t last = segment_.header.segment_bytes - wal::record_bytes(0);  // leaves room for the end
  if (segment_.end + pending_.size() + bytes > last) {
    if (auto rolled = fail_for_ever(roll(bytes)); !rolled) return rolled;
  }
  const wal::Place place{segment_.header.salt, segment_.header.segment, segment_.end + pending_.size()};
  wal::encode_record(pending_, place, segment_.end, type, payload);
  appended_bytes_ += bytes;
  return {};
}

Result<void> Wal::sync() {
  if (failed_) return *failed_;
  return fail_for_ever(write_pending());
}

Result<void> Wal::compact(const WalSource& live) {
  if (failed_) return *failed_;
  PBFT_CHECK(pending_.empty());
  return fail_for_ever(switch_to_base(live));
}

Result<void> Wal::write_pending() {
  if (pending_.empty()) return {};
  if (auto written = segment_.file->write(segment_.end, pending_); !written) return written;
  if (auto synced = segment_.file->sync(); !synced) return synced;
  ++syncs_;
  segment_.end += pending_.size();
  pending_.clear();
  return {};
}

/// The end record comes after the successor is durable, and before anything is written there: a segment that
/// ends so and has no successor has lost it.
Result<void> Wal::roll(std::uint64_t room) {
  if (auto written = write_pending(); !written) return written;
  wal::SegmentHeader header = segment_.header;
  ++header.segment;
  auto next = files_.make(header, nothing, room);
  if (!next) return next.error();
  const wal::Place place{segment_.header.salt, segment_.header.segment, segment_.end};
  wal::encode_record(pending_, place, segment_.end, wal::end_type, {});
  if (auto closed = write_pending(); !closed) return closed;
  segment_ = *std::move(next);
  return {};
}

Result<void> Wal::switch_to_base(const WalSource& live) {
  wal::SegmentHeader header = segment_.header;
  const std::uint64_t oldest = header.base;
  ++header.segment;
  header.base = header.segment;
  auto base = files_.make(header, live, 0);
  if (!base) return base.error();
  segment_ = *std::move(base);
  base_bytes_ = segment_.end - wal::block_bytes;
  appended_bytes_ = 0;
  for (std::uint64_t retired = oldest; retired < header.segment; ++retired) {
    if (auto done = files_.retire(retired); !done) return done;
  }
  return {};
}

}  // namespace pbft::storage
