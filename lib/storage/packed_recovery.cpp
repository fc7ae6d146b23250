// Finding the blocks again after a restart.
#include <algorithm>
#include <utility>

#include "storage/packed_blocks.hpp"

namespace pbft::storage {

Result<std::unique_ptr<PackedBlocks>> PackedBlocks::open(
    Disk& disk, const std::string& directory, const WalIdentity& identity, const core::Crypto& crypto,
    FirstFailure& failure, const std::vector<std::string>& names,
    const std::map<std::uint64_t, std::uint64_t>& durable) {
  std::unique_ptr<PackedBlocks> blocks(new PackedBlocks(disk, directory, identity, crypto, failure));
  const std::uint64_t highest_durable = durable.empty() ? 0 : durable.rbegin()->first;
  if (highest_durable > pack::max_number) {
    return Error{ErrorCode::io,
                 directory + "/" + pack::name_of(highest_durable) +
                     ": no replica has written so many packs; this one must not start from here"};
  }
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    // What a crash has left is from one process, hence numbered shortly after what is durable.
    const auto number = pack::parse_name(name);
    if (number && *number <= highest_durable + pack::max_unlisted) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  blocks->next_number_ = std::max(highest_durable, numbers.empty() ? 0 : numbers.back()) + 1;

  std::vector<std::uint64_t> doubtful;
  for (const std::uint64_t number : numbers) {
    const auto known = durable.find(number);
    if (known == durable.end()) {
      doubtful.push_back(number);
    } else if (auto loaded = blocks->load(number, known->second); !loaded) {
      return loaded.error();
    }
  }
  if (auto salvaged = blocks->salvage(doubtful); !salvaged) return salvaged.error();
  return blocks;
}

Result<std::shared_ptr<pack::PackFile>> PackedBlocks::open_pack(std::uint64_t number) {
  const std::string path = directory_ + "/" + pack::name_of(number);
  auto file = disk_.open(path);
  if (!file) return file.error();
  return std::make_shared<pack::PackFile>(path, number, *std::move(file));
}

/// Damage is no error yet: perhaps no checkpoint needs what it hides.
Result<void> PackedBlocks::load(std::uint64_t number, std::uint64_t bytes) {
  auto file = open_pack(number);
  if (!file) return file.error();
  const auto found = pack::scan(**file, identity_, bytes);
  if (!found) return found.error();
  if (!found->damage.empty()) damage_ += (damage_.empty() ? "" : "; ") + found->damage;
  for (const pack::Entry& entry : found->entries) {
    index_.insert_or_assign(entry.name, Location{number, entry.offset, entry.length, 0});
  }
  packs_[number] = {*std::move(file), bytes, true, false, {}};
  return {};
}

/// What the system's cache gives back may be lost with the power nevertheless, if a sync failed before: only
/// what is written and synced again is durable.
Result<void> PackedBlocks::salvage(const std::vector<std::uint64_t>& numbers) {
  if (numbers.empty()) return {};
  const auto writer = write();
  for (const std::uint64_t number : numbers) {
    auto file = open_pack(number);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    const auto found = pack::scan(**file, identity_, *size);
    if (!found) return found.error();
    for (const pack::Entry& entry : found->entries) {
      if (writer->hold(entry.name, BlockWriter::Accept::any)) continue;
      const auto block = (*file)->read_block(entry, crypto_);
      if (!block) continue;  // torn
      if (auto added = writer->add(entry.name, **block); !added) return added;
    }
  }
  if (auto published = writer->publish(); !published) return published;
  if (auto synced = sync(); !synced) return synced.error();
  for (const std::uint64_t number : numbers) {
    const std::string path = directory_ + "/" + pack::name_of(number);
    if (auto removed = failure_.note(disk_.remove(path)); !removed) return removed;
  }
  return {};
}

}  // namespace pbft::storage
