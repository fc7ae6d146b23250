// The small files that say which checkpoints are whole.
#pragma once

#include <string>
#include <vector>

#include "storage/disk.hpp"
#include "storage/pack_format.hpp"

namespace pbft::storage {

class CheckpointFiles {
 public:
  CheckpointFiles(Disk& disk, std::string directory, const WalIdentity& identity)
      : disk_(disk), directory_(std::move(directory)), identity_(identity) {}

  /// Of those among `names`; removes the unfinished ones. An error that names file and offset if one is
  /// damaged, or another replica's.
  Result<std::vector<pack::CheckpointFile>> read(const std::vector<std::string>& names);
  /// Returns when it is durable. REQUIRES: `packs` and their names are, and hold the checkpoint's blocks.
  Result<void> write(SeqNum seq, const Digest& state, bool collected, std::vector<DurablePack> packs);
  /// Not gone for sure before sync().
  Result<void> remove(SeqNum seq, const Digest& state);
  Result<void> sync() { return disk_.sync_directory(directory_); }

  std::string path_of(SeqNum seq, const Digest& state) const {
    return directory_ + "/" + pack::checkpoint_name(seq, state);
  }

 private:
  Result<pack::CheckpointFile> read_file(const std::string& name);

  Disk& disk_;
  const std::string directory_;
  const WalIdentity identity_;
};

}  // namespace pbft::storage
