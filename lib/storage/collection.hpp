// Collecting a state from other replicas: which of its blocks are still missing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/crypto.hpp"
#include "storage/blocks.hpp"

namespace pbft::storage {

/// Walks the agreed tree from its root, depth first, each block once: what is here is looked through, what is
/// not is wanted. Memory: some 100 bytes a block of the state. One thread.
class Collection {
 public:
  Collection(Blocks& blocks, const core::Crypto& crypto) : blocks_(blocks), crypto_(crypto) {}

  /// Begins anew; what was added for another state counts for this one. Gives back what is wanted next, at
  /// most core::FetchState::max_blocks; nothing: all is here. An error: the agreed tree is broken, or a block
  /// of it that is here is damaged; then, as after end(), nothing is collected any more.
  Result<Digests> begin(SeqNum seq, const Digest& state);
  /// A block that was not wanted changes nothing. REQUIRES: is_active().
  Result<Digests> add(BytesView block);
  /// What was added is published; it lives as long as something uses it, at least while `writer` does.
  Result<std::shared_ptr<BlockWriter>> end();

  bool is_active() const { return active_; }
  SeqNum seq() const { return seq_; }
  const Digest& state() const { return state_; }

 private:
  /// What a parent says of a block.
  struct Want {
    Digest block;
    std::uint64_t bytes = 0;  ///< Of the stream, that lie under it; 0 for the root.
    std::uint8_t level = 0;
    bool operator==(const Want&) const = default;
  };

  Result<Digests> next();
  Result<void> look_at(const Want& want);
  /// Holds a block that is here against what its parent says, and puts its children on the stack.
  Result<void> open(const Want& want, BytesView block);
  Error broken(const Want& want, const std::string& what) const;

  Blocks& blocks_;
  const core::Crypto& crypto_;
  bool active_ = false;
  SeqNum seq_;
  Digest state_;
  std::shared_ptr<BlockWriter> writer_;
  std::vector<Want> stack_;                            ///< Not looked at yet; the next at the back.
  std::vector<Want> wanted_;                           ///< Not here.
  std::unordered_map<Digest, Want, DigestHash> seen_;  ///< That came off the stack.
};

}  // namespace pbft::storage
