// A state as a tree of blocks that are named by their digests: what a checkpoint's digest covers, what is
// kept on disk, and what a replica that has fallen behind collects from the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/crypto.hpp"
#include "pbft/types.hpp"

namespace pbft::core {

// A block is one byte that says its level, then its content; its name is hash("state-block", all of it).
//   level 0         a piece of a stream of bytes, at least one byte
//   level 1 .. 8    a node: u64 entries (1 .. max_node_entries), then per entry the digest of a block of the
//                   level below and u64 bytes of the stream that lie under it
//   level 255       the root: u32 format version, then twice - for the core's stream and the application's -
//                   u8 level of the tree's top block (255 for an empty stream), its digest, u64 bytes
// Numbers are little-endian. A stream of one piece has that piece as its top.
//
// Pieces are cut where a rolling hash of the last bytes says so, so that an insertion moves the bounds near
// it only and equal stretches of two states are equal blocks.

inline constexpr std::size_t min_piece_bytes = 32 * 1024;
inline constexpr std::size_t max_piece_bytes = 256 * 1024;
inline constexpr std::size_t max_node_entries = 1024;
inline constexpr std::size_t max_block_bytes = max_piece_bytes + 1;

/// The name of a block. `block` may be anything.
Digest block_digest(const Crypto& crypto, BytesView block);

/// Receives each block once it is complete, children before their parents. The view holds during the call.
using BlockSink = std::function<void(const Digest& name, BytesView block)>;

/// Where a stream's tree begins.
struct StreamTop {
  std::optional<std::uint8_t> level;  ///< Nothing for an empty stream.
  Digest block;
  std::uint64_t bytes = 0;
};

/// Cuts a stream into blocks while it is written. Memory: one piece and one node a level.
class StreamBuilder {
 public:
  StreamBuilder(const Crypto& crypto, BlockSink sink);
  void write(BytesView bytes);
  /// Nothing is written after it.
  StreamTop finish();

 private:
  struct Entry {
    Digest block;
    std::uint64_t bytes = 0;
  };
  void cut();
  void add(std::size_t level, Entry entry);
  Entry close_node(std::size_t level);

  const Crypto& crypto_;
  BlockSink sink_;
  Bytes piece_;  ///< With its level byte.
  std::uint64_t rolling_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::vector<Entry>> nodes_;  ///< Open nodes; [0] is of level 1.
};

/// Writes the root block; its name is the state digest.
Digest write_root(const Crypto& crypto, const StreamTop& core, const StreamTop& application,
                  const BlockSink& sink);

/// Of a whole state at once, for what is small; `sink` may be empty.
Digest state_digest(const Crypto& crypto, BytesView core_state, BytesView application,
                    const BlockSink& sink = nullptr);

// ---- Reading: blocks that came from others may be anything ----------------------------------------------

struct Root {
  StreamTop core, application;
};
std::optional<Root> parse_root(BytesView block);

struct Child {
  Digest block;
  std::uint64_t bytes = 0;
};
/// nullopt unless `block` is a node of this level.
std::optional<std::vector<Child>> parse_node(BytesView block, std::uint8_t level);
/// The stream's bytes in a block of level 0; nullopt if it is none.
std::optional<BytesView> parse_piece(BytesView block);

}  // namespace pbft::core
