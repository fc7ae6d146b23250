// One pack: a file of blocks that is written once and then only read.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto.hpp"
#include "storage/blocks.hpp"
#include "storage/disk.hpp"
#include "storage/pack_format.hpp"

namespace pbft::storage::pack {

/// A block in a pack.
struct Entry {
  Digest name;
  std::uint64_t offset = 0;  ///< Of its header.
  std::uint32_t length = 0;  ///< Of the block.
};

/// Thread-safe. Who holds it can read it, also when its name is gone.
class PackFile {
 public:
  PackFile(std::string path, std::uint64_t number, std::unique_ptr<File> file)
      : path_(std::move(path)), number_(number), file_(std::move(file)) {}

  const std::string& path() const { return path_; }
  std::uint64_t number() const { return number_; }
  Result<void> write(std::uint64_t offset, BytesView bytes);
  Result<Bytes> read(std::uint64_t offset, std::size_t size);
  Result<std::uint64_t> size();
  Result<void> sync();
  /// Held against checksum and name; the error names file and offset.
  Result<core::BlockPtr> read_block(const Entry& entry, const core::Crypto& crypto);

 private:
  const std::string path_;
  const std::uint64_t number_;
  std::mutex mutex_;
  const std::unique_ptr<File> file_;
};

/// What the headers in a pack say, without reading the blocks.
struct Scan {
  std::vector<Entry> entries;
  std::string damage;  ///< Where and why it ends before `end`; empty if it does not.
};
/// Of the first `end` bytes. An error only if the disk fails, or if the pack is another replica's.
Result<Scan> scan(PackFile& file, const WalIdentity& identity, std::uint64_t end);

/// Writes a pack in large steps; the file is made with the first. One thread.
class PackBuilder {
 public:
  PackBuilder(Disk& disk, std::string directory, const WalIdentity& identity, std::uint64_t number);
  Result<void> add(const Digest& name, BytesView block);
  /// All that was added is in the file, if there is one, but not durable.
  Result<void> flush();
  /// REQUIRES: an index into entries().
  Result<core::BlockPtr> read(std::size_t index, const core::Crypto& crypto);

  const std::vector<Entry>& entries() const { return entries_; }
  /// Null as long as nothing was flushed.
  const std::shared_ptr<PackFile>& file() const { return file_; }
  std::uint64_t bytes() const { return written_ + buffer_.size(); }

 private:
  Disk& disk_;
  std::string directory_;
  std::uint64_t number_;
  Bytes buffer_;  ///< What follows the first written_ bytes.
  std::uint64_t written_ = 0;
  std::vector<Entry> entries_;
  std::shared_ptr<PackFile> file_;
};

}  // namespace pbft::storage::pack
