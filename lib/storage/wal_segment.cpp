#include "storage/wal_segment.hpp"

#include <algorithm>
#include <utility>

namespace pbft::storage::wal {

namespace {

constexpr std::uint64_t whole_blocks(std::uint64_t bytes) {
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

/// Writes `records` behind the header; returns where they end.
Result<std::uint64_t> write_records(File& file, const SegmentHeader& header, const WalSource& records) {
  constexpr std::size_t flush_bytes = 1024 * 1024;
  std::uint64_t written_to = block_bytes;
  Bytes waiting;
  const auto flush = [&]() -> Result<void> {
    auto written = file.write(written_to, waiting);
    written_to += waiting.size();
    waiting.clear();
    return written;
  };
  WalRecord record;
  while (records(record)) {
    const Place place{header.salt, header.segment, written_to + waiting.size()};
    encode_record(waiting, place, block_bytes, record.type, record.payload);
    if (waiting.size() < flush_bytes) continue;
    if (auto flushed = flush(); !flushed) return flushed.error();
  }
  if (auto flushed = flush(); !flushed) return flushed.error();
  return written_to;
}

}  // namespace

Result<Segment> SegmentFiles::make(SegmentHeader header, const WalSource& records, std::uint64_t room) {
  room += record_bytes(0);
  auto blank = take_blank(std::max(segment_bytes_, whole_blocks(block_bytes + room)));
  if (!blank) return blank.error();
  const auto end = write_records(*blank->file, header, records);
  if (!end) return end.error();

  header.durable_to = *end;
  header.recycled = blank->recycled;
  header.segment_bytes = std::max(blank->bytes, whole_blocks(*end + room));
  if (auto grown = write_zeros(*blank->file, std::max(blank->bytes, *end), header.segment_bytes); !grown)
    return grown.error();
  if (auto written = blank->file->write(0, encode_header(header)); !written) return written.error();
  if (auto synced = blank->file->sync(); !synced) return synced.error();
  if (auto named = disk_.rename(blank->path, path_of(segment_name(header.segment))); !named)
    return named.error();
  if (auto synced = disk_.sync_directory(directory_); !synced) return synced.error();
  return Segment{std::move(blank->file), header, *end};
}

Result<SegmentFiles::Blank> SegmentFiles::take_blank(std::uint64_t bytes) {
  if (bytes == segment_bytes_ && !spares_.empty()) {
    std::string path = std::move(spares_.back());
    spares_.pop_back();
    auto file = disk_.open(path);
    if (!file) return file.error();
    return Blank{std::move(path), *std::move(file), bytes, true};
  }
  std::string path = path_of(preparing_name);
  auto file = create_zeroed(disk_, path, bytes);
  if (!file) return file.error();
  return Blank{std::move(path), *std::move(file), bytes, false};
}

Result<void> SegmentFiles::retire(std::uint64_t segment) {
  const std::string path = path_of(segment_name(segment));
  if (spares_.size() >= max_spares_) return disk_.remove(path);
  auto file = disk_.open(path);
  if (!file) return file.error();
  const auto bytes = (*file)->size();
  if (!bytes) return bytes.error();
  if (*bytes != segment_bytes_) return disk_.remove(path);
  spares_.push_back(path_of(spare_name(segment)));
  return disk_.rename(path, spares_.back());
}

}  // namespace pbft::storage::wal
