#include "bench/run/temporary_folder.hpp"

#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace bench {

pbft::Result<TemporaryFolder> TemporaryFolder::make(const std::filesystem::path& parent) {
  std::error_code ignored;
  const auto under = parent.empty() ? std::filesystem::temp_directory_path(ignored) : parent;
  std::string name = (under / "pbft-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) return TemporaryFolder(std::filesystem::path(name));
  return pbft::Error{pbft::ErrorCode::io,
                     name + ": cannot make a temporary folder: " + std::generic_category().message(errno)};
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace bench
