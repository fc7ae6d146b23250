// A folder for one run.
#pragma once

#include <filesystem>
#include <utility>

#include "pbft/result.hpp"

namespace bench {

/// Removed with all that is in it. Move-only.
class TemporaryFolder {
 public:
  /// Under `parent`; empty: the system's place for such. Errors: io.
  static pbft::Result<TemporaryFolder> make(const std::filesystem::path& parent);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace bench
