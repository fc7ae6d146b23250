#include "storage/wal_format.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/check.hpp"
#include "storage/crc32c.hpp"
#include "storage/little_endian.hpp"

namespace pbft::storage::wal {

namespace {

constexpr std::string_view marker_magic = "pbftmark";
constexpr std::string_view segment_magic = "pbft-wal";
constexpr std::size_t magic_bytes = 8;
constexpr char segment_suffix[] = ".log";
constexpr char spare_suffix[] = ".spare";

// Offsets in both kinds of block.
constexpr std::size_t crc_at = 8;
constexpr std::size_t version_at = 12;
constexpr std::size_t cluster_at = 16;
constexpr std::size_t replica_at = 48;
// Offset in a marker.
constexpr std::size_t incarnation_at = 56;
// Offsets in a segment's header.
constexpr std::size_t flags_at = 52;
constexpr std::size_t segment_at = 56;
constexpr std::size_t base_at = 64;
constexpr std::size_t size_at = 72;
constexpr std::size_t durable_at = 80;
constexpr std::size_t salt_at = 88;
constexpr std::uint32_t recycled_flag = 1;

std::string hex16(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return to_hex(bytes);
}

/// Of the whole block, its own field taken as zero.
std::uint32_t block_crc(BytesView block) {
  const std::array<std::uint8_t, 4> zeros{};
  const std::uint32_t before = crc32c(zeros, crc32c(block.first(crc_at)));
  return crc32c(block.subspan(crc_at + zeros.size()), before);
}

Bytes start_block(std::string_view magic, const WalIdentity& identity) {
  Bytes block(block_bytes);
  std::copy(magic.begin(), magic.end(), block.begin());
  put_u32(&block[version_at], format_version);
  std::copy(identity.cluster.bytes.begin(), identity.cluster.bytes.end(), block.begin() + cluster_at);
  put_u32(&block[replica_at], identity.replica.value);
  return block;
}

std::variant<WalIdentity, Unreadable> read_block(std::string_view magic, BytesView block) {
  if (block.size() != block_bytes || std::memcmp(block.data(), magic.data(), magic_bytes) != 0 ||
      get_u32(&block[crc_at]) != block_crc(block)) {
    return Unreadable::damaged;
  }
  if (get_u32(&block[version_at]) != format_version) return Unreadable::other_version;
  WalIdentity identity;
  std::memcpy(identity.cluster.bytes.data(), &block[cluster_at], identity.cluster.bytes.size());
  identity.replica = ReplicaId{get_u32(&block[replica_at])};
  return identity;
}

// Offsets in a record.
constexpr std::size_t header_crc_at = 0;
constexpr std::size_t payload_crc_at = 4;
constexpr std::size_t length_at = 8;
constexpr std::size_t type_at = 12;
constexpr std::size_t synced_at = 16;

std::uint32_t record_header_crc(const Place& place, BytesView header) {
  std::array<std::uint8_t, 24> where{};
  put_u64(where.data(), place.salt);
  put_u64(&where[8], place.segment);
  put_u64(&where[16], place.offset);
  return crc32c(header.subspan(payload_crc_at), crc32c(where));
}

}  // namespace

std::string segment_name(std::uint64_t segment) { return hex16(segment) + segment_suffix; }
std::string spare_name(std::uint64_t segment) { return hex16(segment) + spare_suffix; }

std::optional<std::uint64_t> parse_segment_name(const std::string& name) {
  std::uint64_t segment = 0;
  for (const char digit : name.substr(0, 16)) {
    const auto value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    segment = segment << 4 | value;
  }
  if (name != segment_name(segment)) return std::nullopt;
  return segment;
}

bool is_scrap_name(const std::string& name) { return name == preparing_name || name.ends_with(spare_suffix); }

Bytes encode_marker(const Marker& marker) {
  Bytes block = start_block(marker_magic, marker.identity);
  put_u64(&block[incarnation_at], marker.incarnation);
  put_u32(&block[crc_at], block_crc(block));
  return block;
}

std::variant<Marker, Unreadable> decode_marker(BytesView block) {
  const auto identity = read_block(marker_magic, block);
  if (const auto* unreadable = std::get_if<Unreadable>(&identity)) return *unreadable;
  return Marker{std::get<WalIdentity>(identity), get_u64(&block[incarnation_at])};
}

Bytes encode_header(const SegmentHeader& header) {
  Bytes block = start_block(segment_magic, header.identity);
  put_u32(&block[flags_at], header.recycled ? recycled_flag : 0);
  put_u64(&block[segment_at], header.segment);
  put_u64(&block[base_at], header.base);
  put_u64(&block[size_at], header.segment_bytes);
  put_u64(&block[durable_at], header.durable_to);
  put_u64(&block[salt_at], header.salt);
  put_u32(&block[crc_at], block_crc(block));
  return block;
}

std::variant<SegmentHeader, Unreadable> decode_header(BytesView block) {
  const auto identity = read_block(segment_magic, block);
  if (const auto* unreadable = std::get_if<Unreadable>(&identity)) return *unreadable;
  SegmentHeader header;
  header.identity = std::get<WalIdentity>(identity);
  header.recycled = (get_u32(&block[flags_at]) & recycled_flag) != 0;
  header.segment = get_u64(&block[segment_at]);
  header.base = get_u64(&block[base_at]);
  header.segment_bytes = get_u64(&block[size_at]);
  header.durable_to = get_u64(&block[durable_at]);
  header.salt = get_u64(&block[salt_at]);
  return header;
}

void encode_record(Bytes& out, const Place& place, std::uint64_t synced_to, std::uint32_t type,
                   BytesView payload) {
  PBFT_CHECK(type != 0 && payload.size() <= max_payload_bytes && place.offset % 8 == 0);
  const std::size_t start = out.size();
  out.resize(start + static_cast<std::size_t>(record_bytes(payload.size())));
  std::uint8_t* const header = &out[start];
  std::copy(payload.begin(), payload.end(), header + record_header_bytes);
  put_u32(header + payload_crc_at, crc32c(BytesView(out).subspan(start + record_header_bytes)));
  put_u32(header + length_at, static_cast<std::uint32_t>(payload.size()));
  put_u32(header + type_at, type);
  put_u64(header + synced_at, synced_to);
  put_u32(header + header_crc_at, record_header_crc(place, {header, record_header_bytes}));
}

std::optional<RecordHeader> decode_record_header(BytesView segment, const Place& place) {
  if (place.offset > segment.size() || segment.size() - place.offset < record_header_bytes)
    return std::nullopt;
  const BytesView bytes = segment.subspan(static_cast<std::size_t>(place.offset), record_header_bytes);
  RecordHeader header;
  header.type = get_u32(&bytes[type_at]);
  if (header.type == 0 || get_u32(&bytes[header_crc_at]) != record_header_crc(place, bytes))
    return std::nullopt;
  header.payload_crc = get_u32(&bytes[payload_crc_at]);
  header.length = get_u32(&bytes[length_at]);
  header.synced_to = get_u64(&bytes[synced_at]);
  return header;
}

std::optional<BytesView> record_payload(BytesView segment, std::uint64_t offset, const RecordHeader& header) {
  const std::uint64_t whole = record_bytes(header.length);
  if (whole > segment.size() - offset) return std::nullopt;
  const BytesView padded = segment.subspan(static_cast<std::size_t>(offset) + record_header_bytes,
                                           static_cast<std::size_t>(whole) - record_header_bytes);
  if (crc32c(padded) != header.payload_crc) return std::nullopt;
  return padded.first(header.length);
}

}  // namespace pbft::storage::wal
