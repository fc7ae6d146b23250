// The real file system.
#pragma once

#include "storage/disk.hpp"

namespace pbft::storage {

/// Stateless. Files are readable and writable by their owner alone, and not inherited by child processes.
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
};

}  // namespace pbft::storage
