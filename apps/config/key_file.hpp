// Secret keys on disk: one file per identity, readable by its owner alone.
#pragma once

#include <filesystem>
#include <string>

#include "pbft/config.hpp"

namespace app {

/// Creates `path` with mode 0600: a comment that names `owner`, and the seed as 64 hexadecimal digits.
/// Never overwrites. Errors: io, with the path and the reason.
pbft::Result<void> write_key_file(const std::filesystem::path& path, const pbft::SecretKey& key,
                                  const std::string& owner);

/// Reads what write_key_file wrote. Refuses a file that anybody but its owner can read or write. Messages
/// never quote the content.
pbft::Result<pbft::SecretKey> read_key_file(const std::filesystem::path& path);

}  // namespace app
