// The few things that the log and the checkpoints ask of a file system, so that a test can be the file
// system.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft::storage {

// Every failure is an Error of code io that names the path and what the system said. What was asked for then
// may have happened in part.

/// One open file; closed by the destructor. One thread at a time.
class File {
 public:
  virtual ~File() = default;
  /// All of `bytes`, at `offset` from the start; the file grows as needed. Durable only after sync().
  virtual Result<void> write(std::uint64_t offset, BytesView bytes) = 0;
  /// What lies in [offset, offset + size): less where the file ends before.
  virtual Result<Bytes> read(std::uint64_t offset, std::size_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
  /// Returns when all that was written is durable, the file's size with it (fdatasync). After a failure
  /// nobody knows what is durable, and asking again tells nothing: give up the file.
  virtual Result<void> sync() = 0;
};

/// Held until destroyed or until the process ends, however it ends.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

/// Paths are as the system's. A name that was made, renamed or removed is durable only after sync_directory.
class Disk {
 public:
  virtual ~Disk() = default;
  /// A new, empty file to write and read; an error if the name is taken.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  /// An existing file to write and read.
  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Names in `directory`, without the path, ascending.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  /// No error if it is there already.
  virtual Result<void> make_directory(const std::string& path) = 0;
  /// Within one directory; replaces what is at `to`.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  /// The lock of the file at `path`, which is made if need be; an error if another holds it.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

/// A new file of `bytes` written zeros, not yet synced. Later writes into it change no metadata, which makes
/// their sync() cheaper than that of a file that grows or has holes.
Result<std::unique_ptr<File>> create_zeroed(Disk& disk, const std::string& path, std::uint64_t bytes);

/// Zeros in [from, to) of `file`.
Result<void> write_zeros(File& file, std::uint64_t from, std::uint64_t to);

/// The directory that holds `path`.
std::string parent_of(const std::string& path);

}  // namespace pbft::storage
