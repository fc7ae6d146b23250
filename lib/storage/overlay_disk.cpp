#include "storage/overlay_disk.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace pbft::storage {

namespace {

class NoLock : public DiskLock {};

Error missing(const std::string& what, const std::string& path) {
  return {ErrorCode::io, "cannot " + what + " " + path + ": No such file or directory"};
}

}  // namespace

class OverlayDisk::OpenFile : public File {
 public:
  explicit OpenFile(std::shared_ptr<Node> node) : node_(std::move(node)) {}

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    if (auto copied = copy(); !copied) return copied;
    const auto at = static_cast<std::size_t>(offset);
    if (node_->own->size() < at + bytes.size()) node_->own->resize(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), node_->own->begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }

  Result<Bytes> read(std::uint64_t offset, std::size_t size) override {
    if (!node_->own) return node_->below->read(offset, size);
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, node_->own->size()));
    const BytesView part = BytesView(*node_->own).subspan(from);
    const BytesView wanted = part.first(std::min(size, part.size()));
    return Bytes(wanted.begin(), wanted.end());
  }

  Result<std::uint64_t> size() override {
    if (!node_->own) return node_->below->size();
    return static_cast<std::uint64_t>(node_->own->size());
  }

  Result<void> sync() override { return {}; }

 private:
  Result<void> copy() {
    if (node_->own) return {};
    const auto bytes = node_->below->size();
    if (!bytes) return bytes.error();
    auto content = node_->below->read(0, static_cast<std::size_t>(*bytes));
    if (!content) return content.error();
    node_->own = *std::move(content);
    return {};
  }

  std::shared_ptr<Node> node_;
};

Result<std::shared_ptr<OverlayDisk::Node>> OverlayDisk::find(const std::string& path) {
  const auto at = nodes_.find(path);
  if (at != nodes_.end()) {
    if (!at->second) return missing("open", path);
    return at->second;
  }
  auto file = below_.open(path);
  if (!file) return file.error();
  auto node = std::make_shared<Node>(Node{*std::move(file), std::nullopt});
  nodes_.emplace(path, node);
  return node;
}

Result<std::unique_ptr<File>> OverlayDisk::create(const std::string& path) {
  const auto there = exists(path);
  if (!there) return there.error();
  if (*there) return Error{ErrorCode::io, "cannot create " + path + ": File exists"};
  auto node = std::make_shared<Node>(Node{nullptr, Bytes{}});
  nodes_[path] = node;
  return std::unique_ptr<File>(std::make_unique<OpenFile>(std::move(node)));
}

Result<std::unique_ptr<File>> OverlayDisk::open(const std::string& path) {
  auto node = find(path);
  if (!node) return node.error();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*std::move(node)));
}

Result<bool> OverlayDisk::exists(const std::string& path) {
  const auto at = nodes_.find(path);
  if (at != nodes_.end()) return at->second != nullptr;
  if (directories_.contains(path)) return true;
  return below_.exists(path);
}

Result<std::vector<std::string>> OverlayDisk::list(const std::string& directory) {
  std::set<std::string> names;
  if (!directories_.contains(directory)) {
    auto below = below_.list(directory);
    if (!below) return below;
    names.insert(below->begin(), below->end());
  }
  for (const auto& [path, node] : nodes_) {
    if (parent_of(path) != directory) continue;
    const std::string name = path.substr(path.rfind('/') + 1);
    if (node) {
      names.insert(name);
    } else {
      names.erase(name);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> OverlayDisk::make_directory(const std::string& path) {
  const auto there = below_.exists(path);
  if (!there) return there.error();
  if (!*there) directories_.insert(path);
  return {};
}

Result<void> OverlayDisk::rename(const std::string& from, const std::string& to) {
  auto node = find(from);
  if (!node) return node.error();
  nodes_[to] = *std::move(node);
  nodes_[from] = nullptr;
  return {};
}

Result<void> OverlayDisk::remove(const std::string& path) {
  const auto there = exists(path);
  if (!there) return there.error();
  if (!*there) return missing("remove", path);
  nodes_[path] = nullptr;
  return {};
}

Result<void> OverlayDisk::sync_directory(const std::string&) { return {}; }

Result<std::unique_ptr<DiskLock>> OverlayDisk::lock(const std::string& path) {
  const auto there = below_.exists(path);
  if (!there) return there.error();
  if (*there) return below_.lock(path);
  return std::unique_ptr<DiskLock>(std::make_unique<NoLock>());
}

}  // namespace pbft::storage
