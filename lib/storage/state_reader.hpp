// Reading states out of their blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/state_tree.hpp"
#include "pbft/state_machine.hpp"
#include "storage/blocks.hpp"

namespace pbft::storage {

/// Of a tree that does not hold what its digest promised: whoever wrote it was not this program.
Error broken_tree(const Digest& block, const std::string& what);

/// An error if the block is damaged, not here, or no root.
Result<core::Root> read_root(Blocks& blocks, const Digest& state);

/// The pieces of a stream one after the other; reads the nodes above them. Memory: a node a level.
class PieceCursor {
 public:
  struct Piece {
    Digest block;
    std::uint64_t offset = 0;  ///< In the stream.
    std::uint64_t bytes = 0;
  };
  using OnNode = std::function<void(const Digest&)>;

  /// `on_node`, if any, is called for each node that is read. `blocks` outlives the cursor.
  PieceCursor(Blocks& blocks, const core::StreamTop& top, OnNode on_node = nullptr);
  /// Nothing at the end.
  Result<std::optional<Piece>> next();

 private:
  struct Level {
    std::uint8_t level;  ///< Of the blocks in `children`.
    std::vector<core::Child> children;
    std::size_t at = 0;
  };

  Blocks& blocks_;
  OnNode on_node_;
  std::vector<Level> path_;
  std::uint64_t offset_ = 0;
};

/// The names of all blocks of a state, each once or more; an error if one is not here. Reads no piece.
Result<Digests> names_of(Blocks& blocks, const Digest& state);

/// Ends early when a block is damaged or missing: ask result() afterwards.
class StreamReader : public SnapshotReader {
 public:
  StreamReader(Blocks& blocks, const core::StreamTop& top) : blocks_(blocks), cursor_(blocks, top) {}
  std::size_t read(std::span<std::uint8_t> to) override;
  const Result<void>& result() const { return result_; }

 private:
  /// False at the end.
  Result<bool> load_piece();

  Blocks& blocks_;
  PieceCursor cursor_;
  core::BlockPtr block_;
  BytesView rest_;  ///< Of the block, still to be read.
  Result<void> result_;
};

/// A whole stream at once, for what is small.
Result<Bytes> read_stream(Blocks& blocks, const core::StreamTop& top);

}  // namespace pbft::storage
