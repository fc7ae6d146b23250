// A disk in memory that fails on command: for tests and the simulator.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/disk.hpp"

namespace pbft::storage {

/// Deterministic: the same calls and seeds leave the same bytes. Not thread-safe. Outlives its files and
/// locks.
class VirtualDisk : public Disk {
 public:
  enum class Operation {
    create,
    open,
    read,
    write,
    sync,
    rename,
    remove,
    list,
    make_directory,
    sync_directory,
    lock
  };
  /// Called before each operation with the path it is about; an Error is what the operation returns, undone.
  /// Counts, delays, breaks.
  using Hook = std::function<Result<void>(Operation, const std::string& path)>;
  /// What is written, torn and lost as a whole.
  static constexpr std::size_t sector_bytes = 512;

  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

  void set_hook(Hook hook) { hook_ = std::move(hook); }
  /// Of all files together; a write that needs more stores what fits and fails. Default: no bound.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }

  /// The power fails and comes back. Of what was not synced, any part may have reached the disk, as the seed
  /// decides: of each sector's writes some first ones, one in eight of the last of them torn at any byte; of
  /// the names made, renamed and removed in a directory any. Open files and locks are dead from now on.
  void crash(std::uint64_t seed);
  /// The process ends, the power does not: open files and locks are dead, what was written is there, synced
  /// or not.
  void kill_process() { ++life_; }

  /// A sync of `path` fails and the system takes for written what it was to write, as systems do: processes
  /// go on reading it, no later sync writes it, a crash loses it. REQUIRES: a file at `path`.
  void forget_unsynced(const std::string& path) { at(path).unsynced.clear(); }

  // Damage, durable at once. REQUIRES: a file at `path`.
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);
  void truncate(const std::string& path, std::uint64_t size);
  void overwrite(const std::string& path, std::uint64_t offset, BytesView bytes);
  void lose(const std::string& path);

  /// As a process reads it now. REQUIRES: a file at `path`.
  const Bytes& content(const std::string& path) const;

 private:
  class OpenFile;
  class HeldLock;

  struct Piece {  ///< Within one sector.
    std::uint64_t offset;
    Bytes bytes;
  };
  struct Inode {
    Bytes now;
    Bytes durable;
    std::vector<Piece> unsynced;  ///< now = durable with these applied, but for what was forgotten.
  };
  using InodePtr = std::shared_ptr<Inode>;
  using Names = std::map<std::string, InodePtr>;  ///< By path. A directory has no bytes.
  struct Change {
    std::string directory;
    std::vector<std::pair<std::string, InodePtr>> entries;  ///< Null: the name is gone. All or none.
  };

  Result<void> ask(Operation operation, const std::string& path) const;
  static Error failure(const std::string& what, const std::string& path, const std::string& why);
  static void apply(const Change& change, Names& names);
  static void apply(const Piece& piece, Bytes& bytes);
  void change(const std::string& directory, std::vector<std::pair<std::string, InodePtr>> entries);
  std::uint64_t used() const;
  void write(Inode& inode, std::uint64_t offset, BytesView bytes);
  Inode& at(const std::string& path) const;

  Hook hook_;
  std::optional<std::uint64_t> capacity_;
  std::uint64_t life_ = 0;  ///< Of the process: handles of an earlier one are dead.
  Names names_;
  Names durable_names_;
  std::vector<Change> unsynced_;  ///< names_ = durable_names_ with these applied.
  std::set<std::string> directories_{"/"};
  std::set<std::string> unsynced_directories_;  ///< Of them: not yet durable in their parents.
  std::map<std::string, std::uint64_t> locks_;  ///< By path, the life of the holder.
};

}  // namespace pbft::storage
