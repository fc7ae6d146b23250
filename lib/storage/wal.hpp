// The write-ahead log: what was appended and synced is there after a crash, in order, or the log refuses to
// open. Its bytes are described in docs/formats.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/wal_recovery.hpp"

namespace pbft::storage {

struct WalOptions {
  std::uint64_t segment_bytes =
      16 * 1024 * 1024;        ///< Of a file; a multiple of 4096. Larger for what needs it.
  std::size_t max_spares = 2;  ///< Files kept to be used again.
};

/// One thread at a time; every call may wait for the disk. The first failure is final: from then on each call
/// returns that same error, since after a failed write or sync nobody knows what the disk holds.
class Wal {
 public:
  /// Whether a log was created in `directory`. False means amnesia unless this is the cluster's creation.
  static Result<bool> exists(Disk& disk, const std::string& directory);

  /// An empty log and the genesis marker. Refuses a directory that has the marker. `salt` goes into all
  /// checksums: any number that peers cannot guess. `incarnation`: 0 once in a replica's life, when its
  /// cluster is created, and then segments without marker are refused too; for a log in the place of a lost
  /// one the time in microseconds since the Unix epoch.
  static Result<void> create(Disk& disk, const std::string& directory, const WalIdentity& identity,
                             std::uint64_t salt, std::uint64_t incarnation, const WalOptions& options = {});

  /// Locks the directory and replays every record since the newest compaction. Refuses, naming file and
  /// offset: a directory without genesis marker, of another owner, in use, or damaged where it had been
  /// durable. Cuts what a crash left of the last write. `disk` outlives the log.
  static Result<std::unique_ptr<Wal>> open(Disk& disk, const std::string& directory,
                                           const WalIdentity& identity, const WalReplay& replay,
                                           const WalOptions& options = {});

  /// Not durable before sync(). `type`: neither 0 nor wal::end_type. `payload`: at most
  /// wal::max_payload_bytes.
  Result<void> append(std::uint32_t type, BytesView payload);
  /// Makes durable all that was appended: one write and one fdatasync, however many records.
  Result<void> sync();
  /// `live` takes the place of all records so far, in one step: a crash leaves either. REQUIRES: all is
  /// synced.
  Result<void> compact(const WalSource& live);

  std::uint64_t incarnation() const { return incarnation_; }        ///< That create() was given.
  std::uint64_t appended_bytes() const { return appended_bytes_; }  ///< Since the last compaction.
  std::uint64_t base_bytes() const { return base_bytes_; }          ///< Which that compaction left.
  std::uint64_t cut_bytes() const { return cut_bytes_; }            ///< By open(): torn, hence never durable.
  std::uint64_t syncs() const { return syncs_; }                    ///< Of records that were appended.

 private:
  Wal(Disk& disk, const std::string& directory, const WalOptions& options, std::unique_ptr<DiskLock> lock,
      wal::Recovery recovered);
  Result<void> fail_for_ever(Result<void> result);
  Result<void> write_pending();
  Result<void> roll(std::uint64_t room);
  Result<void> switch_to_base(const WalSource& live);

  std::unique_ptr<DiskLock> lock_;
  wal::SegmentFiles files_;
  wal::Segment segment_;  ///< The newest.
  Bytes pending_;         ///< Appended, to be written at segment_.end.
  std::optional<Error> failed_;
  std::uint64_t incarnation_;
  std::uint64_t appended_bytes_;
  std::uint64_t base_bytes_;
  std::uint64_t cut_bytes_;
  std::uint64_t syncs_ = 0;
};

}  // namespace pbft::storage
