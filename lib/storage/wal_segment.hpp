// Making and retiring the files of the write-ahead log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/disk.hpp"
#include "storage/wal_format.hpp"

namespace pbft::storage {

struct WalRecord {
  std::uint32_t type = 0;  ///< The caller's own: neither 0 nor wal::end_type.
  Bytes payload;
};

/// Yields one record after the other; false when there are no more.
using WalSource = std::function<bool(WalRecord& next)>;

namespace wal {

struct Segment {
  std::unique_ptr<File> file;
  SegmentHeader header;
  std::uint64_t end = block_bytes;  ///< Where the next record goes; all below is durable.
};

/// Knows the directory and the files that wait to be used again.
class SegmentFiles {
 public:
  SegmentFiles(Disk& disk, std::string directory, std::uint64_t segment_bytes, std::size_t max_spares)
      : disk_(disk),
        directory_(std::move(directory)),
        segment_bytes_(segment_bytes),
        max_spares_(max_spares) {}

  /// A segment that begins with `records` and then has room for a record of `room` bytes and the end record.
  /// Of `header`, the caller sets identity, segment, base and salt. It gets its name only when it is whole
  /// and durable: a crash leaves all of it or none.
  Result<Segment> make(SegmentHeader header, const WalSource& records, std::uint64_t room);
  /// No restart needs `segment` any more: keeps the file for another use, or removes it.
  Result<void> retire(std::uint64_t segment);

 private:
  struct Blank {
    std::string path;
    std::unique_ptr<File> file;
    std::uint64_t bytes;
    bool recycled;
  };
  Result<Blank> take_blank(std::uint64_t bytes);
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  Disk& disk_;
  std::string directory_;
  std::uint64_t segment_bytes_;
  std::size_t max_spares_;
  std::vector<std::string> spares_;  ///< Paths; each file has segment_bytes_.
};

}  // namespace wal
}  // namespace pbft::storage
