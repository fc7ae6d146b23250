// The checkpoints of a replica: for the others that fall behind, and for its own restart. Their bytes are
// described in docs/formats.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "pbft/state_machine.hpp"
#include "storage/blocks.hpp"
#include "storage/disk.hpp"
#include "storage/wal_format.hpp"

namespace pbft::storage {

class CheckpointFiles;
class Collection;

/// A checkpoint that is whole and durable here.
struct StoredCheckpoint {
  SeqNum seq;
  Digest state;
  bool collected = false;  ///< From other replicas: it is the agreed one.
};

/// A snapshot that is written, but not durable yet. Gone before its store.
struct PendingCheckpoint {
  SeqNum seq;
  Digest state;
  std::shared_ptr<BlockWriter> blocks;  ///< The store's.
};

/// Where a collection stands.
struct CollectionStep {
  std::vector<Digest> missing;      ///< Next wanted, at most FetchState::max_blocks, in the tree's order.
  std::optional<Bytes> core_state;  ///< Nothing is missing any more: the checkpoint is whole and durable.
};

/// States as trees of blocks; what two states have in common is kept once. Two threads use a store: the
/// executor's writes snapshots and reads states, the keeper's does all that waits for the disk; what is under
/// neither heading both may call. After a failed write or sync every call returns that same error:
/// the replica can only stop. Memory on a disk: some 150 bytes a block of every checkpoint, and a few blocks.
class CheckpointStore {
 public:
  /// What is in `directory`, which is made if need be; its parent is there and locked by this process (Wal).
  /// An error that names file and offset if a checkpoint's file or tree is damaged or another's. What a crash
  /// left unfinished is no checkpoint; its whole blocks are kept, so that they are not fetched again. `disk`
  /// and `crypto` outlive the store.
  static Result<std::unique_ptr<CheckpointStore>> open(Disk& disk, const std::string& directory,
                                                       const WalIdentity& identity,
                                                       const core::Crypto& crypto);
  /// As durable as the process.
  static std::unique_ptr<CheckpointStore> in_memory(const core::Crypto& crypto);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  /// Newest first; of one seq the collected one first.
  std::vector<StoredCheckpoint> checkpoints() const;
  /// What Restored wants; nothing if no checkpoint is here.
  Result<std::optional<core::RestoredCheckpoint>> newest();
  /// The core's bytes of a stored checkpoint.
  Result<Bytes> read_core_state(SeqNum seq, const Digest& state);
  /// First block of the application's bytes in which two stored states of `seq` differ: its range in `ours`,
  /// or in `theirs` if ours ends before. Nothing if one is not here, or they are equal, or cannot be read.
  std::optional<core::StateDifference> difference(SeqNum seq, const Digest& ours, const Digest& theirs);

  /// Null if it is not here; an error that names file and offset if it is damaged. Any thread.
  Result<core::BlockPtr> read_block(const Digest& name);

  // ---- Executor ----

  using Save = std::function<void(SnapshotWriter&)>;
  /// Calls `save` once, in this thread. Writes what is not here yet, without waiting until it is durable.
  /// Memory on a disk: some 3 MiB, and 200 bytes a block.
  Result<PendingCheckpoint> write_snapshot(SeqNum seq, BytesView core_state, const Save& save);

  using Load = std::function<Result<void>(SnapshotReader&)>;
  /// Calls `load` with the application's bytes of a stored checkpoint, which stay here meanwhile. If a block
  /// is damaged the reader ends there and the error, which names file and offset, takes the place of load's
  /// result: what `load` made of the bytes is void then.
  Result<void> read_application(SeqNum seq, const Digest& state, const Load& load);

  // ---- Keeper ----

  /// In the order of the snapshots. After it the checkpoint is durable.
  Result<void> commit(PendingCheckpoint pending);

  /// Begins to collect a checkpoint, with what of it is here, and ends what was being collected before;
  /// blocks that were added for that count for this one. An error if the agreed tree is broken.
  Result<CollectionStep> collect(SeqNum seq, const Digest& state);
  /// One that was missing; any other changes nothing. Nothing missing and no core state: nothing is being
  /// collected. Its digest is its name, so it may be anything.
  Result<CollectionStep> add_block(const core::BlockPtr& block);

  /// Removes the checkpoints older than `below`, but for `pinned` and the newest, and ends the collection of
  /// one. Then frees the blocks that nothing uses; disk use stays below about twice what lives, plus one
  /// state.
  Result<void> discard(SeqNum below, const std::vector<SeqNum>& pinned);

  /// The collected checkpoint took the place of our own history: removes all others of `seq` and above.
  Result<void> supersede(SeqNum seq, const Digest& state);

 private:
  struct Entry {
    StoredCheckpoint id;
    std::shared_ptr<const Digests> names;  ///< Of all its blocks. Who reads the checkpoint shares it.
  };

  CheckpointStore(const core::Crypto& crypto, std::unique_ptr<FirstFailure> failure,
                  std::unique_ptr<Blocks> blocks, std::unique_ptr<CheckpointFiles> files);
  Result<void> adopt(const std::vector<StoredCheckpoint>& found);
  void insert(const StoredCheckpoint& id, Digests names);
  std::optional<Entry> find(SeqNum seq, const Digest& state) const;
  Result<void> store(const StoredCheckpoint& id, const BlockWriter& writer);
  Result<void> remove_if(const std::function<bool(const StoredCheckpoint&)>& unneeded);
  Result<CollectionStep> step(Result<Digests> missing);

  const core::Crypto& crypto_;
  const std::unique_ptr<FirstFailure> failure_;
  const std::unique_ptr<Blocks> blocks_;
  const std::unique_ptr<CheckpointFiles> files_;  ///< Null in memory. The keeper's.
  const std::unique_ptr<Collection> collection_;  ///< The keeper's.

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;                         ///< Newest first.
  std::vector<std::weak_ptr<const Digests>> removed_;  ///< Which someone may still be reading.
};

}  // namespace pbft::storage
