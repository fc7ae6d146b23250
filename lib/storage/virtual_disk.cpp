#include "storage/virtual_disk.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "core/check.hpp"

namespace pbft::storage {

class VirtualDisk::OpenFile : public File {
 public:
  OpenFile(VirtualDisk& disk, std::string path, InodePtr inode)
      : disk_(disk), path_(std::move(path)), inode_(std::move(inode)), life_(disk.life_) {}

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    if (auto allowed = ask(Operation::write); !allowed) return allowed;
    const std::uint64_t end = offset + bytes.size();
    const std::uint64_t growth = end - std::min<std::uint64_t>(end, inode_->now.size());
    const std::uint64_t room =
        disk_.capacity_ ? *disk_.capacity_ - std::min(*disk_.capacity_, disk_.used()) : growth;
    if (growth <= room) {
      disk_.write(*inode_, offset, bytes);
      return {};
    }
    const std::uint64_t last = inode_->now.size() + room;
    disk_.write(*inode_, offset, bytes.first(static_cast<std::size_t>(last - std::min(last, offset))));
    return failure("write", path_, "no space left on device");
  }

  Result<Bytes> read(std::uint64_t offset, std::size_t size) override {
    if (auto allowed = ask(Operation::read); !allowed) return allowed.error();
    const BytesView all(inode_->now);
    const BytesView rest = all.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(offset, all.size())));
    const BytesView part = rest.first(std::min(size, rest.size()));
    return Bytes(part.begin(), part.end());
  }

  Result<std::uint64_t> size() override {
    if (auto allowed = ask(Operation::read); !allowed) return allowed.error();
    return inode_->now.size();
  }

  Result<void> sync() override {
    if (auto allowed = ask(Operation::sync); !allowed) return allowed;
    inode_->durable.resize(inode_->now.size());
    for (const Piece& piece : inode_->unsynced) apply(piece, inode_->durable);
    inode_->unsynced.clear();
    return {};
  }

 private:
  Result<void> ask(Operation operation) const {
    if (life_ != disk_.life_) return failure("use", path_, "it was opened before the crash");
    return disk_.ask(operation, path_);
  }

  VirtualDisk& disk_;
  std::string path_;
  InodePtr inode_;
  std::uint64_t life_;
};

class VirtualDisk::HeldLock : public DiskLock {
 public:
  HeldLock(VirtualDisk& disk, std::string path) : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() override {
    if (life_ == disk_.life_) disk_.locks_.erase(path_);
  }

 private:
  VirtualDisk& disk_;
  std::string path_;
  std::uint64_t life_;
};

Result<std::unique_ptr<File>> VirtualDisk::create(const std::string& path) {
  if (auto allowed = ask(Operation::create, path); !allowed) return allowed.error();
  if (!directories_.contains(parent_of(path))) return failure("create", path, "no such directory");
  if (names_.contains(path)) return failure("create", path, "file exists");
  auto inode = std::make_shared<Inode>();
  change(parent_of(path), {{path, inode}});
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, path, std::move(inode)));
}

Result<std::unique_ptr<File>> VirtualDisk::open(const std::string& path) {
  if (auto allowed = ask(Operation::open, path); !allowed) return allowed.error();
  const auto found = names_.find(path);
  if (found == names_.end()) return failure("open", path, "no such file");
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, path, found->second));
}

Result<bool> VirtualDisk::exists(const std::string& path) {
  if (auto allowed = ask(Operation::list, path); !allowed) return allowed.error();
  return names_.contains(path) || directories_.contains(path);
}

Result<std::vector<std::string>> VirtualDisk::list(const std::string& directory) {
  if (auto allowed = ask(Operation::list, directory); !allowed) return allowed.error();
  if (!directories_.contains(directory)) return failure("list", directory, "no such directory");
  std::vector<std::string> found;
  for (const auto& [path, inode] : names_) {
    if (parent_of(path) == directory) found.push_back(path.substr(path.rfind('/') + 1));
  }
  return found;
}

Result<void> VirtualDisk::make_directory(const std::string& path) {
  if (auto allowed = ask(Operation::make_directory, path); !allowed) return allowed;
  if (!directories_.contains(parent_of(path)))
    return failure("make the directory", path, "no such directory");
  if (directories_.insert(path).second) unsynced_directories_.insert(path);
  return {};
}

Result<void> VirtualDisk::rename(const std::string& from, const std::string& to) {
  if (auto allowed = ask(Operation::rename, from); !allowed) return allowed;
  PBFT_CHECK(parent_of(from) == parent_of(to));
  const auto found = names_.find(from);
  if (found == names_.end()) return failure("rename", from, "no such file");
  change(parent_of(from), {{to, found->second}, {from, nullptr}});
  return {};
}

Result<void> VirtualDisk::remove(const std::string& path) {
  if (auto allowed = ask(Operation::remove, path); !allowed) return allowed;
  if (!names_.contains(path)) return failure("remove", path, "no such file");
  change(parent_of(path), {{path, nullptr}});
  return {};
}

Result<void> VirtualDisk::sync_directory(const std::string& directory) {
  if (auto allowed = ask(Operation::sync_directory, directory); !allowed) return allowed;
  if (!directories_.contains(directory)) return failure("sync", directory, "no such directory");
  std::erase_if(unsynced_, [&](const Change& one) {
    if (one.directory != directory) return false;
    apply(one, durable_names_);
    return true;
  });
  std::erase_if(unsynced_directories_, [&](const std::string& path) { return parent_of(path) == directory; });
  return {};
}

Result<std::unique_ptr<DiskLock>> VirtualDisk::lock(const std::string& path) {
  if (auto allowed = ask(Operation::lock, path); !allowed) return allowed.error();
  if (!directories_.contains(parent_of(path))) return failure("lock", path, "no such directory");
  if (const auto held = locks_.find(path); held != locks_.end() && held->second == life_) {
    return failure("lock", path, "another process holds it");
  }
  if (!names_.contains(path)) change(parent_of(path), {{path, std::make_shared<Inode>()}});
  locks_.insert_or_assign(path, life_);
  return std::unique_ptr<DiskLock>(std::make_unique<HeldLock>(*this, path));
}

void VirtualDisk::crash(std::uint64_t seed) {
  ++life_;
  std::mt19937_64 random(seed);
  // Each crash has a temper of its own, so that all or nothing being lost is as likely as a mixture.
  constexpr std::array<std::uint64_t, 4> kept_percents{0, 50, 90, 100};
  const std::uint64_t kept_percent = kept_percents[random() % kept_percents.size()];
  const auto kept = [&] { return random() % 100 < kept_percent; };

  // A name lost in this crash may still be on the durable side of another one: visit every inode once.
  std::vector<InodePtr> inodes;
  const auto visit = [&](const InodePtr& inode) {
    if (inode && std::find(inodes.begin(), inodes.end(), inode) == inodes.end()) inodes.push_back(inode);
  };
  for (const auto& [path, inode] : durable_names_) visit(inode);
  for (const Change& one : unsynced_) {
    for (const auto& [path, inode] : one.entries) visit(inode);
    if (kept()) apply(one, durable_names_);
  }
  unsynced_.clear();
  for (const std::string& directory : unsynced_directories_) {
    if (kept()) continue;
    directories_.erase(directory);
    std::erase_if(durable_names_, [&](const auto& name) { return parent_of(name.first) == directory; });
  }
  unsynced_directories_.clear();
  names_ = durable_names_;

  for (const InodePtr& inode : inodes) {
    std::set<std::uint64_t> stuck;  // sectors whose later writes cannot have reached the disk
    for (Piece& piece : inode->unsynced) {
      const std::uint64_t sector = piece.offset / sector_bytes;
      if (stuck.contains(sector)) continue;
      const bool torn = kept_percent < 100 && random() % 8 == 0;
      if (torn) piece.bytes.resize(static_cast<std::size_t>(random() % (piece.bytes.size() + 1)));
      if (torn || !kept()) stuck.insert(sector);
      if (torn || !stuck.contains(sector)) apply(piece, inode->durable);
    }
    inode->unsynced.clear();
    inode->now = inode->durable;
  }
}

void VirtualDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const auto flipped =
      static_cast<std::uint8_t>(at(path).now.at(static_cast<std::size_t>(offset)) ^ (1U << bit));
  overwrite(path, offset, BytesView(&flipped, 1));
}

void VirtualDisk::truncate(const std::string& path, std::uint64_t size) {
  Inode& inode = at(path);
  inode.now.resize(static_cast<std::size_t>(size));
  inode.durable = inode.now;
  inode.unsynced.clear();
}

void VirtualDisk::overwrite(const std::string& path, std::uint64_t offset, BytesView bytes) {
  Inode& inode = at(path);
  apply({offset, Bytes(bytes.begin(), bytes.end())}, inode.now);
  inode.durable = inode.now;
  inode.unsynced.clear();
}

void VirtualDisk::lose(const std::string& path) {
  names_.erase(path);
  durable_names_.erase(path);
  for (Change& one : unsynced_) {  // what else belongs to the change stays: a rename's old name is gone
    std::erase_if(one.entries, [&](const auto& entry) { return entry.first == path; });
  }
  std::erase_if(unsynced_, [](const Change& one) { return one.entries.empty(); });
}

const Bytes& VirtualDisk::content(const std::string& path) const { return at(path).now; }

Result<void> VirtualDisk::ask(Operation operation, const std::string& path) const {
  return hook_ ? hook_(operation, path) : Result<void>();
}

Error VirtualDisk::failure(const std::string& what, const std::string& path, const std::string& why) {
  return {ErrorCode::io, "cannot " + what + " " + path + ": " + why};
}

void VirtualDisk::apply(const Change& change, Names& names) {
  for (const auto& [path, inode] : change.entries) {
    if (inode) {
      names.insert_or_assign(path, inode);
    } else {
      names.erase(path);
    }
  }
}

void VirtualDisk::apply(const Piece& piece, Bytes& bytes) {
  const std::size_t end = static_cast<std::size_t>(piece.offset) + piece.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  std::copy(piece.bytes.begin(), piece.bytes.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(piece.offset));
}

void VirtualDisk::change(const std::string& directory,
                         std::vector<std::pair<std::string, InodePtr>> entries) {
  unsynced_.push_back({directory, std::move(entries)});
  apply(unsynced_.back(), names_);
}

std::uint64_t VirtualDisk::used() const {
  std::uint64_t sum = 0;
  for (const auto& [path, inode] : names_) sum += inode->now.size();
  return sum;
}

void VirtualDisk::write(Inode& inode, std::uint64_t offset, BytesView bytes) {
  while (!bytes.empty()) {
    const std::size_t size =
        std::min(bytes.size(), sector_bytes - static_cast<std::size_t>(offset % sector_bytes));
    const BytesView part = bytes.first(size);
    inode.unsynced.push_back({offset, Bytes(part.begin(), part.end())});
    apply(inode.unsynced.back(), inode.now);
    bytes = bytes.subspan(size);
    offset += size;
  }
}

VirtualDisk::Inode& VirtualDisk::at(const std::string& path) const {
  const auto found = names_.find(path);
  PBFT_CHECK(found != names_.end());
  return *found->second;
}

}  // namespace pbft::storage
