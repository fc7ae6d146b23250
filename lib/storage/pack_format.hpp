// The bytes of pack and checkpoint files (docs/formats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/blocks.hpp"
#include "storage/wal_format.hpp"

namespace pbft::storage::pack {

inline constexpr std::uint32_t format_version = 1;

using wal::Unreadable;

// ---- Packs: a header, then blocks until the file ends ---------------------------------------------------

inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t block_header_bytes = 48;

/// Nobody gets that far, and numbers do not wrap.
inline constexpr std::uint64_t max_number = std::uint64_t{1} << 63;
/// Above all that checkpoint files list a file with a higher number is none of ours: left alone.
inline constexpr std::uint64_t max_unlisted = std::uint64_t{1} << 32;

/// "pack-" and the number.
std::string name_of(std::uint64_t number);
std::optional<std::uint64_t> parse_name(const std::string& name);

Bytes encode_header(const WalIdentity& identity, std::uint64_t number);
struct Header {
  WalIdentity identity;
  std::uint64_t number = 0;
};
std::variant<Header, Unreadable> decode_header(BytesView bytes);

/// Where a block's header stands: its checksum holds only there.
struct Place {
  std::uint64_t pack = 0;
  std::uint64_t offset = 0;
};
struct BlockHeader {
  Digest name;
  std::uint32_t length = 0;  ///< 1 .. core::max_block_bytes.
  std::uint32_t crc = 0;     ///< Of the block.
};
/// Appends header and block. REQUIRES: a block's size.
void encode_block(Bytes& out, const Place& place, const Digest& name, BytesView block);
/// Nothing unless `bytes` begins with the header of a block that was written for this place.
std::optional<BlockHeader> decode_block_header(BytesView bytes, const Place& place);

// ---- Checkpoint files ------------------------------------------------------------------------------------

struct CheckpointFile {
  WalIdentity identity;
  SeqNum seq;
  Digest state;
  bool collected = false;
  std::vector<DurablePack> packs;  ///< That were durable when it was written, not only those it needs.
};

/// "checkpoint-", the seq, "-" and the first 16 hexadecimal digits of the state.
std::string checkpoint_name(SeqNum seq, const Digest& state);
bool is_checkpoint_name(const std::string& name);
inline constexpr char scrap_suffix[] = ".tmp";  ///< Of a checkpoint file that was not finished.

Bytes encode_checkpoint(const CheckpointFile& file);
std::variant<CheckpointFile, Unreadable> decode_checkpoint(BytesView bytes);

}  // namespace pbft::storage::pack
