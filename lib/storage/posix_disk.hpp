// The real file system.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "storage/disk.hpp"

namespace pbft::storage {

/// Files are readable and writable by their owner alone, and not inherited by child processes.
class PosixDisk : public Disk {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  /// flock(2): two opens exclude each other, also within one process.
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

  /// Given to write() of all its files so far. From any thread. The kernel's own figure (write_bytes of
  /// /proc/PID/io) counts whole folios, a megabyte for a few bytes on ext4.
  std::uint64_t written_bytes() const { return *written_; }

 private:
  using Counter = std::atomic<std::uint64_t>;
  const std::shared_ptr<Counter> written_ = std::make_shared<Counter>(0);  ///< Shared with the files.
};

}  // namespace pbft::storage
