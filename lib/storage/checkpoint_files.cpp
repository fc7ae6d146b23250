#include "storage/checkpoint_files.hpp"

#include <utility>

#include "storage/wal_recovery.hpp"

namespace pbft::storage {

Result<std::vector<pack::CheckpointFile>> CheckpointFiles::read(const std::vector<std::string>& names) {
  std::vector<pack::CheckpointFile> files;
  for (const std::string& name : names) {
    if (name.ends_with(pack::scrap_suffix)) {
      if (auto removed = disk_.remove(directory_ + "/" + name); !removed) return removed.error();
    } else if (pack::is_checkpoint_name(name)) {
      auto file = read_file(name);
      if (!file) return file.error();
      files.push_back(*std::move(file));
    }
  }
  return files;
}

Result<pack::CheckpointFile> CheckpointFiles::read_file(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  const auto file = disk_.open(path);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const auto bytes = (*file)->read(0, static_cast<std::size_t>(*size));
  if (!bytes) return bytes.error();
  auto found = pack::decode_checkpoint(*bytes);
  const auto* unreadable = std::get_if<pack::Unreadable>(&found);
  if (unreadable != nullptr && *unreadable == pack::Unreadable::other_version) {
    return Error{ErrorCode::io, path + ": its format is not version " + std::to_string(pack::format_version) +
                                    ": start the version of pbft that wrote it"};
  }
  if (unreadable == nullptr && std::get<pack::CheckpointFile>(found).identity != identity_) {
    return wal::foreign(path, std::get<pack::CheckpointFile>(found).identity);
  }
  if (unreadable != nullptr || pack::checkpoint_name(std::get<pack::CheckpointFile>(found).seq,
                                                     std::get<pack::CheckpointFile>(found).state) != name) {
    return Error{ErrorCode::io, path + ": damaged at offset 0: its content does not match its " +
                                    (unreadable != nullptr ? "checksum" : "name") +
                                    "; this replica must not start from here"};
  }
  return std::get<pack::CheckpointFile>(std::move(found));
}

Result<void> CheckpointFiles::write(SeqNum seq, const Digest& state, bool collected,
                                    std::vector<DurablePack> packs) {
  const std::string path = path_of(seq, state);
  const std::string unfinished = path + pack::scrap_suffix;
  const auto file = disk_.create(unfinished);
  if (!file) return file.error();
  const Bytes bytes = pack::encode_checkpoint({identity_, seq, state, collected, std::move(packs)});
  if (auto written = (*file)->write(0, bytes); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto named = disk_.rename(unfinished, path); !named) return named;
  return sync();
}

Result<void> CheckpointFiles::remove(SeqNum seq, const Digest& state) {
  return disk_.remove(path_of(seq, state));
}

}  // namespace pbft::storage
