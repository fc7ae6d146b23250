#include "storage/packed_blocks.hpp"

#include <algorithm>
#include <utility>

#include "storage/packed_writer.hpp"

namespace pbft::storage {

namespace {

std::uint64_t stored_bytes(std::uint32_t length) { return pack::block_header_bytes + length; }

}  // namespace

std::unique_ptr<BlockWriter> PackedBlocks::write() { return std::make_unique<Writer>(*this); }

std::optional<std::size_t> PackedBlocks::size_of(const Digest& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  return found->second.length;
}

Result<core::BlockPtr> PackedBlocks::read(const Digest& name) {
  std::shared_ptr<pack::PackFile> file;
  pack::Entry entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(name);
    if (found == index_.end()) return core::BlockPtr();
    file = packs_.at(found->second.pack).file;
    entry = {name, found->second.offset, found->second.length};
  }
  return file->read_block(entry, crypto_);
}

void PackedBlocks::publish(const pack::PackBuilder& builder) {
  if (!builder.file()) return;
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = builder.file()->number();
  Pack& pack = packs_[number];
  pack.file = builder.file();
  pack.bytes = builder.bytes();
  for (const pack::Entry& entry : builder.entries()) {
    const Location location{number, entry.offset, entry.length, round_};
    if (!index_.emplace(entry.name, location).second) pack.moved.push_back(entry);
  }
}

Result<std::vector<DurablePack>> PackedBlocks::sync() {
  std::vector<std::shared_ptr<pack::PackFile>> unsynced;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, pack] : packs_) {
      if (!pack.durable) unsynced.push_back(pack.file);
    }
  }
  for (const auto& file : unsynced) {
    if (auto synced = failure_.note(file->sync()); !synced) return synced.error();
  }
  if (!unsynced.empty()) {
    if (auto synced = failure_.note(disk_.sync_directory(directory_)); !synced) return synced.error();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& file : unsynced) {
    Pack& pack = packs_.at(file->number());
    pack.durable = true;
    for (const pack::Entry& entry : pack.moved) {
      index_.insert_or_assign(entry.name, Location{file->number(), entry.offset, entry.length, round_});
    }
    pack.moved = {};
  }
  std::vector<DurablePack> durable;
  for (const auto& [number, pack] : packs_) {
    if (pack.durable) durable.push_back({number, pack.bytes});
  }
  return durable;
}

Result<void> PackedBlocks::keep_only(const std::vector<std::shared_ptr<const Digests>>& live) {
  std::vector<std::string> dead;
  {
    const std::lock_guard lock(mutex_);
    ++round_;
    std::map<std::uint64_t, std::uint64_t> live_bytes;
    const auto keep = [&](const Digest& name) {
      const auto found = index_.find(name);
      if (found == index_.end() || found->second.round == round_) return;
      found->second.round = round_;
      live_bytes[found->second.pack] += stored_bytes(found->second.length);
    };
    for (const auto& names : live) std::for_each(names->begin(), names->end(), keep);
    for (const Writer* writer : writers_) std::for_each(writer->held().begin(), writer->held().end(), keep);
    std::erase_if(index_, [&](const auto& block) { return block.second.round != round_; });
    for (auto at = packs_.begin(); at != packs_.end();) {
      // One that is not durable yet may hold the copies to come of blocks that others hold.
      const bool is_dead = !live_bytes.contains(at->first) && at->second.moved.empty();
      if (is_dead) dead.push_back(at->second.file->path());
      at = is_dead ? packs_.erase(at) : std::next(at);
    }
    mark_leaving(live_bytes);
  }
  // Nobody finds a way to them any more.
  for (const std::string& path : dead) {
    if (auto removed = failure_.note(disk_.remove(path)); !removed) return removed;
  }
  return {};
}

void PackedBlocks::mark_leaving(const std::map<std::uint64_t, std::uint64_t>& live_bytes) {
  std::vector<Pack*> by_size;
  for (auto& [number, pack] : packs_) {
    by_size.push_back(&pack);
    const auto live = live_bytes.find(number);
    const std::uint64_t bytes = live == live_bytes.end() ? 0 : live->second;
    pack.leaving = pack.durable && bytes < pack.bytes / 2;
  }
  if (packs_.size() <= max_packs) return;
  std::sort(by_size.begin(), by_size.end(), [](const Pack* a, const Pack* b) {
    return a->bytes != b->bytes ? a->bytes < b->bytes : a->file->number() < b->file->number();
  });
  for (std::size_t i = 0; i < by_size.size() / 2; ++i) by_size[i]->leaving = by_size[i]->durable;
}

}  // namespace pbft::storage
