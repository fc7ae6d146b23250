#include "storage/disk.hpp"

#include <algorithm>

namespace pbft::storage {

Result<void> write_zeros(File& file, std::uint64_t from, std::uint64_t to) {
  constexpr std::uint64_t step = 1024 * 1024;
  const Bytes zeros(static_cast<std::size_t>(std::min(step, to > from ? to - from : 0)));
  while (from < to) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), to - from));
    if (auto written = file.write(from, BytesView(zeros).first(size)); !written) return written;
    from += size;
  }
  return {};
}

Result<std::unique_ptr<File>> create_zeroed(Disk& disk, const std::string& path, std::uint64_t bytes) {
  auto file = disk.create(path);
  if (!file) return file;
  if (auto written = write_zeros(**file, 0, bytes); !written) return written.error();
  return file;
}

std::string parent_of(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  const std::size_t slash = path.rfind('/', last);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace pbft::storage
