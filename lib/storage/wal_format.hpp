// The bytes of the write-ahead log (docs/formats.md): names, marker, segment header, record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "pbft/types.hpp"

namespace pbft::storage {

/// Whose log it is.
struct WalIdentity {
  Digest cluster;
  ReplicaId replica;
  bool operator==(const WalIdentity&) const = default;
};

namespace wal {

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint64_t block_bytes = 4096;  ///< Of the marker and of a segment's header.
inline constexpr std::size_t record_header_bytes = 24;
inline constexpr std::uint32_t end_type = 0xffffffff;  ///< Closes a segment that has a successor.
inline constexpr std::size_t max_payload_bytes = std::size_t{1} << 30;

inline constexpr char marker_name[] = "genesis";
inline constexpr char lock_name[] = "lock";
inline constexpr char preparing_name[] = "preparing.tmp";  ///< A segment that has no name yet.

/// 16 hexadecimal digits and ".log".
std::string segment_name(std::uint64_t segment);
std::optional<std::uint64_t> parse_segment_name(const std::string& name);
/// A segment that was retired in this process's life and may be used again: never read.
std::string spare_name(std::uint64_t segment);
/// What a crash may leave behind and nobody needs.
bool is_scrap_name(const std::string& name);

/// What a block that does not check out is: which of the two tells a wrong program from a spoilt disk.
enum class Unreadable { damaged, other_version };

struct Marker {
  WalIdentity identity;
  std::uint64_t incarnation = 0;  ///< 0: made when the cluster was; else in the place of a lost log.
};
Bytes encode_marker(const Marker& marker);
std::variant<Marker, Unreadable> decode_marker(BytesView block);

struct SegmentHeader {
  WalIdentity identity;
  std::uint64_t segment = 0;
  std::uint64_t base = 0;           ///< The oldest segment that a restart needs if this one is the newest.
  std::uint64_t segment_bytes = 0;  ///< Size of the file.
  std::uint64_t durable_to = 0;     ///< What lies below was durable before the segment got its name.
  std::uint64_t salt = 0;  ///< Of all checksums; unknown to peers, so that no payload looks like a record.
  bool recycled = false;   ///< Behind the records lies an older segment's content, else zeros.
};
Bytes encode_header(const SegmentHeader& header);
std::variant<SegmentHeader, Unreadable> decode_header(BytesView block);

/// Where a record stands: its checksum holds only there, so that what an older use of the file left behind is
/// never taken for a record.
struct Place {
  std::uint64_t salt = 0;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

struct RecordHeader {
  std::uint32_t payload_crc = 0;  ///< Of the payload and its padding.
  std::uint32_t length = 0;       ///< Of the payload.
  std::uint32_t type = 0;
  std::uint64_t synced_to = 0;  ///< Everything below this offset was durable when this was written.
};

/// With header and padding to 8 bytes.
constexpr std::uint64_t record_bytes(std::uint64_t payload) {
  return record_header_bytes + (payload + 7) / 8 * 8;
}

/// Appends the record to `out`.
void encode_record(Bytes& out, const Place& place, std::uint64_t synced_to, std::uint32_t type,
                   BytesView payload);

/// Nothing unless at place.offset of `segment` (the whole file) stands a record's header, written there for
/// this place; its payload may be spoilt.
std::optional<RecordHeader> decode_record_header(BytesView segment, const Place& place);

/// The payload of the record at `offset`; nothing if it is spoilt or not all there.
std::optional<BytesView> record_payload(BytesView segment, std::uint64_t offset, const RecordHeader& header);

}  // namespace wal
}  // namespace pbft::storage
