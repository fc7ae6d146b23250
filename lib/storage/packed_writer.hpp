// The writer of one pack.
#pragma once

#include <memory>
#include <unordered_map>

#include "storage/packed_blocks.hpp"

namespace pbft::storage {

class PackedBlocks::Writer : public BlockWriter {
 public:
  explicit Writer(PackedBlocks& blocks);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override;

  std::optional<std::size_t> hold(const Digest& name, Accept accept) override;
  Result<void> add(const Digest& name, BytesView block) override;
  Result<core::BlockPtr> read(const Digest& name) override;
  void release() override;
  Digests names() const override { return Digests(names_.begin(), names_.end()); }
  Result<void> publish() override;

  /// REQUIRES: the mutex of the blocks.
  const DigestSet& held() const { return names_; }

 private:
  PackedBlocks& blocks_;
  std::unique_ptr<pack::PackBuilder> builder_;                 ///< Null once it is published.
  std::unordered_map<Digest, std::size_t, DigestHash> added_;  ///< Indices into the builder's entries.
  DigestSet names_;  ///< Written under the mutex of the blocks, by the writer's thread alone.
};

}  // namespace pbft::storage
