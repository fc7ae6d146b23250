// Files for what is read by its path.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/check.hpp"
#include "pbft/types.hpp"

namespace pbft::fuzz {

/// A folder of this process; gone with it, unless it crashes.
class Folder {
 public:
  Folder() {
    std::string made = (std::filesystem::temp_directory_path() / "pbft-fuzz-XXXXXX").string();
    PBFT_CHECK(::mkdtemp(made.data()) != nullptr);
    path_ = made;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path path(const std::string& name) const { return path_ / name; }
  /// Readable by its owner alone, as a key file is.
  std::filesystem::path write(const std::string& name, BytesView content) const {
    const auto to = path(name);
    std::ofstream file(to, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    file.close();
    PBFT_CHECK(file.good() && ::chmod(to.c_str(), 0600) == 0);
    return to;
  }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    return write(name, view_of(content));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace pbft::fuzz
