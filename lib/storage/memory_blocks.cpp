#include "storage/memory_blocks.hpp"

#include <utility>

namespace pbft::storage {

class MemoryBlocks::Writer : public BlockWriter {
 public:
  explicit Writer(MemoryBlocks& blocks) : blocks_(blocks) {
    const std::lock_guard lock(blocks_.mutex_);
    blocks_.writers_.insert(this);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override {
    const std::lock_guard lock(blocks_.mutex_);
    blocks_.writers_.erase(this);
  }

  std::optional<std::size_t> hold(const Digest& name, Accept) override {
    const std::lock_guard lock(blocks_.mutex_);
    for (const Held* blocks : {&added_, &blocks_.blocks_}) {
      const auto found = blocks->find(name);
      if (found == blocks->end()) continue;
      names_.insert(name);
      return found->second->size();
    }
    return std::nullopt;
  }

  Result<void> add(const Digest& name, BytesView block) override {
    const std::lock_guard lock(blocks_.mutex_);
    added_.emplace(name, std::make_shared<const Bytes>(block.begin(), block.end()));
    names_.insert(name);
    return {};
  }

  Result<core::BlockPtr> read(const Digest& name) override {
    if (const auto own = added_.find(name); own != added_.end()) return own->second;
    return blocks_.read(name);
  }

  void release() override {
    const std::lock_guard lock(blocks_.mutex_);
    names_.clear();
  }

  Digests names() const override { return Digests(names_.begin(), names_.end()); }

  Result<void> publish() override {
    const std::lock_guard lock(blocks_.mutex_);
    for (const auto& [name, block] : added_) blocks_.blocks_.emplace(name, block);
    added_.clear();
    return {};
  }

  const DigestSet& held() const { return names_; }

 private:
  MemoryBlocks& blocks_;
  Held added_;
  DigestSet names_;  ///< Written under the mutex, by the writer's thread alone.
};

std::unique_ptr<BlockWriter> MemoryBlocks::write() { return std::make_unique<Writer>(*this); }

std::optional<std::size_t> MemoryBlocks::size_of(const Digest& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(name);
  if (found == blocks_.end()) return std::nullopt;
  return found->second->size();
}

Result<core::BlockPtr> MemoryBlocks::read(const Digest& name) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(name);
  return found == blocks_.end() ? core::BlockPtr() : found->second;
}

Result<void> MemoryBlocks::keep_only(const std::vector<std::shared_ptr<const Digests>>& live) {
  const std::lock_guard lock(mutex_);
  Held kept;
  const auto keep = [&](const Digest& name) {
    if (const auto found = blocks_.find(name); found != blocks_.end()) kept.insert(*found);
  };
  for (const auto& names : live) {
    for (const Digest& name : *names) keep(name);
  }
  for (const Writer* writer : writers_) {
    for (const Digest& name : writer->held()) keep(name);
  }
  blocks_.swap(kept);
  return {};
}

}  // namespace pbft::storage
