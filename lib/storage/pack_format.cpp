#include "storage/pack_format.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/check.hpp"
#include "core/state_tree.hpp"
#include "storage/crc32c.hpp"
#include "storage/little_endian.hpp"

namespace pbft::storage::pack {

namespace {

constexpr std::string_view pack_magic = "pbftpack";
constexpr std::string_view checkpoint_magic = "pbftckpt";
constexpr std::size_t magic_bytes = 8;
constexpr std::string_view pack_prefix = "pack-";
constexpr std::string_view checkpoint_prefix = "checkpoint-";

// Offsets in the header of both kinds of file.
constexpr std::size_t crc_at = 8;
constexpr std::size_t version_at = 12;
constexpr std::size_t cluster_at = 16;
constexpr std::size_t replica_at = 48;
// Offset in a pack's header.
constexpr std::size_t number_at = 56;
// Offsets in a checkpoint file.
constexpr std::size_t flags_at = 52;
constexpr std::size_t seq_at = 56;
constexpr std::size_t state_at = 64;
constexpr std::size_t count_at = 96;
constexpr std::size_t packs_at = 104;
constexpr std::size_t pack_entry_bytes = 16;
constexpr std::uint32_t collected_flag = 1;
// Offsets in a block's header.
constexpr std::size_t header_crc_at = 0;
constexpr std::size_t length_at = 4;
constexpr std::size_t block_crc_at = 8;
constexpr std::size_t digest_at = 16;  // four zeros before it

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (number > (UINT64_MAX - value) / 10) return std::nullopt;
    number = number * 10 + value;
  }
  if (text != std::to_string(number)) return std::nullopt;
  return number;
}

/// Of all the bytes, its own field taken as zero.
std::uint32_t file_crc(BytesView bytes) {
  const std::array<std::uint8_t, 4> zeros{};
  const std::uint32_t before = crc32c(zeros, crc32c(bytes.first(crc_at)));
  return crc32c(bytes.subspan(crc_at + zeros.size()), before);
}

Bytes start(std::string_view magic, const WalIdentity& identity, std::size_t size) {
  Bytes bytes(size);
  std::copy(magic.begin(), magic.end(), bytes.begin());
  put_u32(&bytes[version_at], format_version);
  std::copy(identity.cluster.bytes.begin(), identity.cluster.bytes.end(), bytes.begin() + cluster_at);
  put_u32(&bytes[replica_at], identity.replica.value);
  return bytes;
}

/// REQUIRES: bytes up to flags_at.
std::variant<WalIdentity, Unreadable> check(std::string_view magic, BytesView bytes) {
  if (std::memcmp(bytes.data(), magic.data(), magic_bytes) != 0 ||
      get_u32(&bytes[crc_at]) != file_crc(bytes)) {
    return Unreadable::damaged;
  }
  if (get_u32(&bytes[version_at]) != format_version) return Unreadable::other_version;
  WalIdentity identity;
  std::memcpy(identity.cluster.bytes.data(), &bytes[cluster_at], identity.cluster.bytes.size());
  identity.replica = ReplicaId{get_u32(&bytes[replica_at])};
  return identity;
}

std::uint32_t block_header_crc(const Place& place, BytesView header) {
  std::array<std::uint8_t, 16> where{};
  put_u64(where.data(), place.pack);
  put_u64(&where[8], place.offset);
  return crc32c(header.subspan(length_at), crc32c(where));
}

}  // namespace

std::string name_of(std::uint64_t number) { return std::string(pack_prefix) + std::to_string(number); }

std::optional<std::uint64_t> parse_name(const std::string& name) {
  if (!name.starts_with(pack_prefix)) return std::nullopt;
  return parse_number(std::string_view(name).substr(pack_prefix.size()));
}

Bytes encode_header(const WalIdentity& identity, std::uint64_t number) {
  Bytes bytes = start(pack_magic, identity, header_bytes);
  put_u64(&bytes[number_at], number);
  put_u32(&bytes[crc_at], file_crc(bytes));
  return bytes;
}

std::variant<Header, Unreadable> decode_header(BytesView bytes) {
  if (bytes.size() != header_bytes) return Unreadable::damaged;
  const auto identity = check(pack_magic, bytes);
  if (const auto* unreadable = std::get_if<Unreadable>(&identity)) return *unreadable;
  return Header{std::get<WalIdentity>(identity), get_u64(&bytes[number_at])};
}

void encode_block(Bytes& out, const Place& place, const Digest& name, BytesView block) {
  PBFT_CHECK(!block.empty() && block.size() <= core::max_block_bytes);
  std::array<std::uint8_t, block_header_bytes> header{};
  put_u32(&header[length_at], static_cast<std::uint32_t>(block.size()));
  put_u32(&header[block_crc_at], crc32c(block));
  std::copy(name.bytes.begin(), name.bytes.end(), header.begin() + digest_at);
  put_u32(&header[header_crc_at], block_header_crc(place, header));
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), block.begin(), block.end());
}

std::optional<BlockHeader> decode_block_header(BytesView bytes, const Place& place) {
  if (bytes.size() < block_header_bytes) return std::nullopt;
  bytes = bytes.first(block_header_bytes);
  if (get_u32(&bytes[header_crc_at]) != block_header_crc(place, bytes)) return std::nullopt;
  BlockHeader header;
  header.length = get_u32(&bytes[length_at]);
  header.crc = get_u32(&bytes[block_crc_at]);
  std::memcpy(header.name.bytes.data(), &bytes[digest_at], header.name.bytes.size());
  if (header.length == 0 || header.length > core::max_block_bytes) return std::nullopt;
  return header;
}

std::string checkpoint_name(SeqNum seq, const Digest& state) {
  return std::string(checkpoint_prefix) + std::to_string(seq.value) + "-" +
         to_hex(BytesView(state.bytes).first(8));
}

bool is_checkpoint_name(const std::string& name) {
  if (!name.starts_with(checkpoint_prefix)) return false;
  const std::size_t dash = name.find('-', checkpoint_prefix.size());
  if (dash == std::string::npos || name.size() != dash + 1 + 16) return false;
  const std::string_view seq(name.data() + checkpoint_prefix.size(), dash - checkpoint_prefix.size());
  return parse_number(seq).has_value() &&
         name.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
}

Bytes encode_checkpoint(const CheckpointFile& file) {
  Bytes bytes = start(checkpoint_magic, file.identity, packs_at + file.packs.size() * pack_entry_bytes);
  put_u32(&bytes[flags_at], file.collected ? collected_flag : 0);
  put_u64(&bytes[seq_at], file.seq.value);
  std::copy(file.state.bytes.begin(), file.state.bytes.end(), bytes.begin() + state_at);
  put_u64(&bytes[count_at], file.packs.size());
  std::size_t at = packs_at;
  for (const DurablePack& one : file.packs) {
    put_u64(&bytes[at], one.number);
    put_u64(&bytes[at + 8], one.bytes);
    at += pack_entry_bytes;
  }
  put_u32(&bytes[crc_at], file_crc(bytes));
  return bytes;
}

std::variant<CheckpointFile, Unreadable> decode_checkpoint(BytesView bytes) {
  if (bytes.size() < packs_at) return Unreadable::damaged;
  const auto identity = check(checkpoint_magic, bytes);
  if (const auto* unreadable = std::get_if<Unreadable>(&identity)) return *unreadable;
  CheckpointFile file;
  file.identity = std::get<WalIdentity>(identity);
  file.collected = (get_u32(&bytes[flags_at]) & collected_flag) != 0;
  file.seq = SeqNum{get_u64(&bytes[seq_at])};
  std::memcpy(file.state.bytes.data(), &bytes[state_at], file.state.bytes.size());
  const std::uint64_t count = get_u64(&bytes[count_at]);
  const std::size_t rest = bytes.size() - packs_at;
  if (rest % pack_entry_bytes != 0 || rest / pack_entry_bytes != count) return Unreadable::damaged;
  for (std::size_t at = packs_at; at < bytes.size(); at += pack_entry_bytes) {
    file.packs.push_back({get_u64(&bytes[at]), get_u64(&bytes[at + 8])});
  }
  return file;
}

}  // namespace pbft::storage::pack
