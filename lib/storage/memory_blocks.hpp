// Blocks in memory: as durable as the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "storage/blocks.hpp"

namespace pbft::storage {

class MemoryBlocks : public Blocks {
 public:
  std::unique_ptr<BlockWriter> write() override;
  std::optional<std::size_t> size_of(const Digest& name) const override;
  Result<core::BlockPtr> read(const Digest& name) override;
  Result<std::vector<DurablePack>> sync() override { return std::vector<DurablePack>(); }
  Result<void> keep_only(const std::vector<std::shared_ptr<const Digests>>& live) override;

 private:
  class Writer;
  using Held = std::unordered_map<Digest, core::BlockPtr, DigestHash>;

  mutable std::mutex mutex_;
  Held blocks_;
  std::set<Writer*> writers_;
};

}  // namespace pbft::storage
