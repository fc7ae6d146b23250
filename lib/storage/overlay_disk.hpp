// A disk over another one: what is written stays in memory, the other one is only read.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/disk.hpp"

namespace pbft::storage {

/// So that whoever inspects a data directory runs the code of a replica's start, repairs included, and
/// changes nothing. Not thread-safe; outlives its files. Memory: the files that are written to, whole.
class OverlayDisk : public Disk {
 public:
  explicit OverlayDisk(Disk& below) : below_(below) {}
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  /// The other disk's lock, if its file is there: what runs from there is not read.
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

 private:
  class OpenFile;
  struct Node {
    std::unique_ptr<File> below;  ///< Read until the first write.
    std::optional<Bytes> own;
  };
  Result<std::shared_ptr<Node>> find(const std::string& path);

  Disk& below_;
  std::map<std::string, std::shared_ptr<Node>> nodes_;  ///< By path; null: removed here.
  std::set<std::string> directories_;                   ///< Made here.
};

}  // namespace pbft::storage
