#include "storage/packed_writer.hpp"

#include "core/check.hpp"

namespace pbft::storage {

PackedBlocks::Writer::Writer(PackedBlocks& blocks) : blocks_(blocks) {
  const std::lock_guard lock(blocks_.mutex_);
  blocks_.writers_.insert(this);
  builder_ = std::make_unique<pack::PackBuilder>(blocks_.disk_, blocks_.directory_, blocks_.identity_,
                                                 blocks_.next_number_++);
}

PackedBlocks::Writer::~Writer() {
  {
    const std::lock_guard lock(blocks_.mutex_);
    blocks_.writers_.erase(this);
  }
  // What was not published is not lost: the next open() looks through it. No new file for a little, though: a
  // destructor should not make any.
  if (builder_ && builder_->file() && blocks_.failure_.check()) {
    (void)blocks_.failure_.note(builder_->flush());
  }
}

std::optional<std::size_t> PackedBlocks::Writer::hold(const Digest& name, Accept accept) {
  if (const auto own = added_.find(name); own != added_.end() && builder_) {
    const std::lock_guard lock(blocks_.mutex_);
    names_.insert(name);
    return builder_->entries()[own->second].length;
  }
  const std::lock_guard lock(blocks_.mutex_);
  const auto found = blocks_.index_.find(name);
  if (found == blocks_.index_.end()) return std::nullopt;
  if (accept == Accept::lasting && blocks_.packs_.at(found->second.pack).leaving) return std::nullopt;
  names_.insert(name);
  return found->second.length;
}

Result<void> PackedBlocks::Writer::add(const Digest& name, BytesView block) {
  PBFT_CHECK(builder_ != nullptr);
  added_.emplace(name, builder_->entries().size());
  if (auto added = blocks_.failure_.note(builder_->add(name, block)); !added) return added;
  const std::lock_guard lock(blocks_.mutex_);
  names_.insert(name);
  return {};
}

Result<core::BlockPtr> PackedBlocks::Writer::read(const Digest& name) {
  const auto own = added_.find(name);
  if (own != added_.end() && builder_) return builder_->read(own->second, blocks_.crypto_);
  return blocks_.read(name);
}

void PackedBlocks::Writer::release() {
  const std::lock_guard lock(blocks_.mutex_);
  names_.clear();
}

Result<void> PackedBlocks::Writer::publish() {
  PBFT_CHECK(builder_ != nullptr);
  if (auto flushed = blocks_.failure_.note(builder_->flush()); !flushed) return flushed;
  blocks_.publish(*builder_);
  builder_.reset();
  added_.clear();
  return {};
}

}  // namespace pbft::storage
