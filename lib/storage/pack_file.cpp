#include "storage/pack_file.hpp"

#include <algorithm>
#include <utility>

#include "core/state_tree.hpp"
#include "storage/crc32c.hpp"
#include "storage/wal_recovery.hpp"

namespace pbft::storage::pack {

namespace {

constexpr std::size_t write_bytes = 1024 * 1024;  // a system call costs nothing beside so much

std::string damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return path + ": damaged at offset " + std::to_string(offset) + ": " + what;
}

}  // namespace

Result<void> PackFile::write(std::uint64_t offset, BytesView bytes) {
  const std::lock_guard lock(mutex_);
  return file_->write(offset, bytes);
}

Result<Bytes> PackFile::read(std::uint64_t offset, std::size_t size) {
  const std::lock_guard lock(mutex_);
  return file_->read(offset, size);
}

Result<std::uint64_t> PackFile::size() {
  const std::lock_guard lock(mutex_);
  return file_->size();
}

Result<void> PackFile::sync() {
  const std::lock_guard lock(mutex_);
  return file_->sync();
}

Result<core::BlockPtr> PackFile::read_block(const Entry& entry, const core::Crypto& crypto) {
  const auto broken = [&](const std::string& what) {
    return Error{ErrorCode::io,
                 damaged(path_, entry.offset, what + "; the state that it is part of is lost")};
  };
  const auto head = read(entry.offset, block_header_bytes);
  if (!head) return head.error();
  const auto header = decode_block_header(*head, {number_, entry.offset});
  if (!header || header->name != entry.name || header->length != entry.length) {
    return broken("no block's header");
  }
  auto bytes = read(entry.offset + block_header_bytes, entry.length);
  if (!bytes) return bytes.error();
  if (bytes->size() != entry.length) return broken("the file ends within a block");
  if (crc32c(*bytes) != header->crc) return broken("a block does not match its checksum");
  if (core::block_digest(crypto, *bytes) != entry.name) return broken("a block does not match its digest");
  return core::BlockPtr(std::make_shared<const Bytes>(*std::move(bytes)));
}

Result<Scan> scan(PackFile& file, const WalIdentity& identity, std::uint64_t end) {
  Scan found;
  const auto size = file.size();
  if (!size) return size.error();
  const auto head = file.read(0, header_bytes);
  if (!head) return head.error();
  const auto header = decode_header(*head);
  if (const auto* unreadable = std::get_if<Unreadable>(&header)) {
    found.damage = *unreadable == Unreadable::damaged
                       ? damaged(file.path(), 0, "the header does not match its checksum")
                       : file.path() + ": its format is not version " + std::to_string(format_version);
    return found;
  }
  const auto& [owner, number] = std::get<Header>(header);
  if (owner != identity) return wal::foreign(file.path(), owner);
  if (number != file.number()) {
    found.damage = damaged(file.path(), 0, "the header is another pack's");
    return found;
  }
  for (std::uint64_t at = header_bytes; at < end;) {
    const auto bytes = file.read(at, block_header_bytes);
    if (!bytes) return bytes.error();
    const auto block = decode_block_header(*bytes, {number, at});
    const std::uint64_t next = at + block_header_bytes + (block ? block->length : 0);
    if (!block || next > *size) {
      found.damage = damaged(file.path(), at, block ? "the file ends within a block" : "no block's header");
      break;
    }
    found.entries.push_back({block->name, at, block->length});
    at = next;
  }
  return found;
}

PackBuilder::PackBuilder(Disk& disk, std::string directory, const WalIdentity& identity, std::uint64_t number)
    : disk_(disk),
      directory_(std::move(directory)),
      number_(number),
      buffer_(encode_header(identity, number)) {}

Result<void> PackBuilder::add(const Digest& name, BytesView block) {
  buffer_.reserve(write_bytes + block_header_bytes + core::max_block_bytes);
  entries_.push_back({name, bytes(), static_cast<std::uint32_t>(block.size())});
  encode_block(buffer_, {number_, bytes()}, name, block);
  return buffer_.size() < write_bytes ? Result<void>() : flush();
}

Result<void> PackBuilder::flush() {
  if (entries_.empty() || buffer_.empty()) return {};
  if (!file_) {
    const std::string path = directory_ + "/" + name_of(number_);
    auto file = disk_.create(path);
    if (!file) return file.error();
    file_ = std::make_shared<PackFile>(path, number_, *std::move(file));
  }
  if (auto written = file_->write(written_, buffer_); !written) return written;
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<core::BlockPtr> PackBuilder::read(std::size_t index, const core::Crypto& crypto) {
  const Entry& entry = entries_[index];
  const std::uint64_t at = entry.offset + block_header_bytes;
  if (at + entry.length <= written_) return file_->read_block(entry, crypto);
  // Blocks are written whole.
  const BytesView block = BytesView(buffer_).subspan(static_cast<std::size_t>(at - written_), entry.length);
  return core::BlockPtr(std::make_shared<const Bytes>(block.begin(), block.end()));
}

}  // namespace pbft::storage::pack
