// Blocks in pack files. A pack is written by one writer and then never changed; what it holds dies block by
// block, and when nothing in it lives the file goes. So that dead blocks do not pile up, the next snapshot
// writes again what lives in a pack that is mostly dead.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/crypto.hpp"
#include "storage/blocks.hpp"
#include "storage/disk.hpp"
#include "storage/pack_file.hpp"

namespace pbft::storage {

class PackedBlocks : public Blocks {
 public:
  /// Of more packs than this the smaller half is written again: each costs an open file.
  static constexpr std::size_t max_packs = 128;

  /// `names`: what is in the directory. `durable`: what the checkpoint files there say; the blocks of other
  /// packs were perhaps never synced, so those that are whole move into a new one. All else outlives the
  /// blocks.
  static Result<std::unique_ptr<PackedBlocks>> open(Disk& disk, const std::string& directory,
                                                    const WalIdentity& identity, const core::Crypto& crypto,
                                                    FirstFailure& failure,
                                                    const std::vector<std::string>& names,
                                                    const std::map<std::uint64_t, std::uint64_t>& durable);

  std::unique_ptr<BlockWriter> write() override;
  std::optional<std::size_t> size_of(const Digest& name) const override;
  Result<core::BlockPtr> read(const Digest& name) override;
  Result<std::vector<DurablePack>> sync() override;
  Result<void> keep_only(const std::vector<std::shared_ptr<const Digests>>& live) override;
  std::string damage() const override { return damage_; }

 private:
  class Writer;
  struct Location {
    std::uint64_t pack = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t round = 0;  ///< Of keep_only, when it was last alive.
  };
  struct Pack {
    std::shared_ptr<pack::PackFile> file;
    std::uint64_t bytes = 0;
    bool durable = false;
    bool leaving = false;  ///< Its blocks are to be written again.
    /// Blocks that lie in another pack too. Until this one is durable the other copy counts.
    std::vector<pack::Entry> moved;
  };

  PackedBlocks(Disk& disk, std::string directory, const WalIdentity& identity, const core::Crypto& crypto,
               FirstFailure& failure)
      : disk_(disk),
        directory_(std::move(directory)),
        identity_(identity),
        crypto_(crypto),
        failure_(failure) {}
  Result<std::shared_ptr<pack::PackFile>> open_pack(std::uint64_t number);
  Result<void> load(std::uint64_t number, std::uint64_t bytes);
  Result<void> salvage(const std::vector<std::uint64_t>& numbers);
  void publish(const pack::PackBuilder& builder);
  void mark_leaving(const std::map<std::uint64_t, std::uint64_t>& live_bytes);

  Disk& disk_;
  const std::string directory_;
  const WalIdentity identity_;
  const core::Crypto& crypto_;
  FirstFailure& failure_;
  std::string damage_;

  mutable std::mutex mutex_;
  std::unordered_map<Digest, Location, DigestHash> index_;
  std::map<std::uint64_t, Pack> packs_;  ///< By number; whole.
  std::set<Writer*> writers_;
  std::uint64_t next_number_ = 1;  ///< Higher than any that a checkpoint file calls durable.
  std::uint32_t round_ = 0;
};

}  // namespace pbft::storage
