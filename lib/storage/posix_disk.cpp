#include "storage/posix_disk.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pbft::storage {

namespace {

/// `what` as in "cannot write PATH: No space left on device".
Error system_error(const std::string& what, const std::string& path, int code) {
  return {ErrorCode::io, "cannot " + what + " " + path + ": " + std::system_category().message(code)};
}

/// The call's result, asked again as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> open_descriptor(const std::string& what, const std::string& path, int flags) {
  constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
  Descriptor fd(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, owner_only); }));
  if (fd.get() < 0) return system_error(what, path, errno);
  return fd;
}

class PosixFile : public File {
 public:
  using Counter = std::shared_ptr<std::atomic<std::uint64_t>>;
  PosixFile(std::string path, Descriptor fd, Counter written)
      : path_(std::move(path)), fd_(std::move(fd)), written_(std::move(written)) {}

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = uninterrupted(
          [&] { return pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (written < 0) return system_error("write", path_, errno);
      if (written == 0) return system_error("write", path_, ENOSPC);
      *written_ += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  Result<Bytes> read(std::uint64_t offset, std::size_t size) override {
    const auto whole = this->size();
    if (!whole) return whole.error();
    Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, *whole - std::min(offset, *whole))));
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got = uninterrupted([&] {
        return pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return system_error("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (fstat(fd_.get(), &status) != 0) return system_error("read", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> sync() override {
    if (uninterrupted([&] { return fdatasync(fd_.get()); }) != 0) return system_error("sync", path_, errno);
    return {};
  }

 private:
  std::string path_;
  Descriptor fd_;
  Counter written_;
};

class PosixLock : public DiskLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;  // closing it releases the lock
};

Result<std::unique_ptr<File>> open_file(const std::string& what, const std::string& path, int flags,
                                        PosixFile::Counter written) {
  auto fd = open_descriptor(what, path, flags);
  if (!fd) return fd.error();
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, *std::move(fd), std::move(written)));
}

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::create(const std::string& path) {
  return open_file("create", path, O_RDWR | O_CREAT | O_EXCL, written_);
}

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path) {
  return open_file("open", path, O_RDWR, written_);
}

Result<bool> PosixDisk::exists(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  return system_error("look at", path, errno);
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  auto at = std::filesystem::directory_iterator(directory, failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    names.push_back(at->path().filename().string());
  }
  if (failed) return system_error("list", directory, failed.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> PosixDisk::make_directory(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return system_error("make the directory", path, errno);
  return {};
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return system_error("rename", from + " to " + to, errno);
  return {};
}

Result<void> PosixDisk::remove(const std::string& path) {
  if (unlink(path.c_str()) != 0) return system_error("remove", path, errno);
  return {};
}

Result<void> PosixDisk::sync_directory(const std::string& directory) {
  auto fd = open_descriptor("open", directory, O_RDONLY | O_DIRECTORY);
  if (!fd) return fd.error();
  if (uninterrupted([&] { return fsync(fd->get()); }) != 0) return system_error("sync", directory, errno);
  return {};
}

Result<std::unique_ptr<DiskLock>> PosixDisk::lock(const std::string& path) {
  auto fd = open_descriptor("open", path, O_RDWR | O_CREAT);
  if (!fd) return fd.error();
  if (uninterrupted([&] { return flock(fd->get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK)
      return Error{ErrorCode::io, path + " is locked: another process uses this directory"};
    return system_error("lock", path, errno);
  }
  return std::unique_ptr<DiskLock>(std::make_unique<PosixLock>(*std::move(fd)));
}

}  // namespace pbft::storage
