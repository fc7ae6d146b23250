// Damage to the files of a virtual disk, as the input says.
#pragma once

#include <algorithm>
#include <string>

#include "fuzz/input.hpp"
#include "storage/virtual_disk.hpp"

namespace pbft::fuzz {

/// A file in `directory` with this content, durable, whatever was there.
inline void put_file(storage::VirtualDisk& disk, const std::string& path, BytesView content) {
  if (const auto there = disk.exists(path); there && *there) disk.lose(path);
  auto file = disk.create(path);
  if (!file || !(*file)->write(0, content) || !(*file)->sync()) return;
  (void)disk.sync_directory(storage::parent_of(path)).has_value();
}

/// One way to spoil one file of the directory.
inline void spoil(storage::VirtualDisk& disk, const std::string& directory, Input& input) {
  const auto names = disk.list(directory);
  if (!names || names->empty()) return;
  const std::string path = directory + "/" + (*names)[input.below(names->size())];
  // A directory within it has no content.
  const auto file = disk.open(path);
  if (!file) return;
  const auto size = static_cast<std::size_t>(*(*file)->size());
  const std::size_t at = size == 0 ? 0 : input.number() % size;
  switch (input.octet() % 5) {
    case 0:
      if (size > 0) disk.flip_bit(path, at, static_cast<unsigned>(input.below(8)));
      return;
    case 1:
      return disk.truncate(path, at);
    case 2:
      return disk.overwrite(path, at, input.piece());
    case 3:
      return disk.lose(path);
    default: {  // the name of one, the content of another
      const Bytes content = disk.content(path);
      return put_file(disk, directory + "/" + (*names)[input.below(names->size())], content);
    }
  }
}

}  // namespace pbft::fuzz
