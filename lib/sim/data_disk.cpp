#include "sim/data_disk.hpp"

#include "core/check.hpp"

namespace pbft::sim {

namespace {
bool changes_something(DataDisk::Operation operation) {
  switch (operation) {
    case DataDisk::Operation::create:
    case DataDisk::Operation::write:
    case DataDisk::Operation::sync:
    case DataDisk::Operation::rename:
    case DataDisk::Operation::remove:
    case DataDisk::Operation::make_directory:
    case DataDisk::Operation::sync_directory:
      return true;
    case DataDisk::Operation::open:
    case DataDisk::Operation::read:
    case DataDisk::Operation::list:
    case DataDisk::Operation::lock:
      return false;
  }
  return false;
}

bool makes_durable(DataDisk::Operation operation) {
  return operation == DataDisk::Operation::sync || operation == DataDisk::Operation::sync_directory;
}

Error no_power(const std::string& path) { return {ErrorCode::io, "the power fails at " + path}; }
}  // namespace

DataDisk::DataDisk() { erase(); }

void DataDisk::erase() {
  files_ = std::make_unique<storage::VirtualDisk>();
  dead_ = dying_ = false;
  doom_.reset();
  watch();
}

void DataDisk::watch() {
  files_->set_hook([this](Operation operation, const std::string& path) -> Result<void> {
    if (!dying_ && changes_something(operation)) pass_point();
    if (dead_ || (dying_ && makes_durable(operation))) return no_power(path);
    return fault ? fault(operation, path) : Result<void>();
  });
}

bool DataDisk::pass_point() {
  if (++points_ == doom_) dead_ = true;
  return dead_;
}

void DataDisk::begin_dying() {
  dead_ = false;
  dying_ = true;
}

void DataDisk::crash(std::uint64_t seed) {
  files_->crash(seed);
  dead_ = dying_ = false;
  doom_.reset();
}

std::vector<std::string> DataDisk::paths(const std::string& in, const std::string& beginning) const {
  files_->set_hook(nullptr);
  std::vector<std::string> found;
  if (auto names = files_->list(in)) {
    for (const std::string& name : *names) {
      if (name.starts_with(beginning)) found.push_back(in + "/" + name);
    }
  }
  const_cast<DataDisk*>(this)->watch();
  return found;
}

DataDisk::Copy DataDisk::copy() const {
  Copy copy;
  for (const char* in : {directory, checkpoints}) {
    for (const std::string& path : paths(in)) copy[path] = files_->content(path);
  }
  return copy;
}

void DataDisk::put_back(const Copy& copy) {
  erase();
  files_->set_hook(nullptr);
  auto must = [](const auto& result) { PBFT_CHECK(result.has_value()); };
  must(files_->make_directory(directory));
  must(files_->sync_directory(storage::parent_of(directory)));
  must(files_->make_directory(checkpoints));
  for (const auto& [path, bytes] : copy) {
    auto file = files_->create(path);
    must(file);
    must((*file)->write(0, bytes));
    must((*file)->sync());
  }
  must(files_->sync_directory(directory));
  must(files_->sync_directory(checkpoints));
  watch();
}

}  // namespace pbft::sim
