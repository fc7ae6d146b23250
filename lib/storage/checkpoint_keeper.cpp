// What the keeper's thread does with the checkpoints: all that waits for the disk.
#include <algorithm>
#include <utility>

#include "storage/checkpoint_files.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/collection.hpp"
#include "storage/state_reader.hpp"

namespace pbft::storage {

/// The order is what a crash relies on: blocks, then the file that names them.
Result<void> CheckpointStore::store(const StoredCheckpoint& id, const BlockWriter& writer) {
  auto durable = blocks_->sync();
  if (!durable) return durable.error();
  if (files_) {
    auto written = failure_->note(files_->write(id.seq, id.state, id.collected, *std::move(durable)));
    if (!written) return written;
  }
  insert(id, writer.names());
  return {};
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): it ends here, and what it holds with it
Result<void> CheckpointStore::commit(PendingCheckpoint pending) {
  if (auto usable = failure_->check(); !usable) return usable;
  if (find(pending.seq, pending.state)) return {};  // it was executed again
  return store({pending.seq, pending.state, false}, *pending.blocks);
}

Result<core::BlockPtr> CheckpointStore::read_block(const Digest& name) {
  if (auto usable = failure_->check(); !usable) return usable.error();
  return blocks_->read(name);
}

Result<CollectionStep> CheckpointStore::collect(SeqNum seq, const Digest& state) {
  if (auto usable = failure_->check(); !usable) return usable.error();
  if (!find(seq, state)) return step(collection_->begin(seq, state));
  if (auto ended = collection_->end(); !ended) return ended.error();
  auto core_state = read_core_state(seq, state);
  if (!core_state) return core_state.error();
  return CollectionStep{{}, *std::move(core_state)};
}

Result<CollectionStep> CheckpointStore::add_block(const core::BlockPtr& block) {
  if (auto usable = failure_->check(); !usable) return usable.error();
  if (!collection_->is_active()) return CollectionStep{};
  return step(collection_->add(*block));
}

Result<CollectionStep> CheckpointStore::step(Result<Digests> missing) {
  if (!missing) return missing.error();
  if (!missing->empty()) return CollectionStep{*std::move(missing), std::nullopt};
  const SeqNum seq = collection_->seq();
  const Digest state = collection_->state();
  const auto writer = collection_->end();
  if (!writer) return writer.error();
  if (!find(seq, state)) {  // else our own snapshot of it came first
    if (auto stored = store({seq, state, true}, **writer); !stored) return stored.error();
  }
  auto core_state = read_core_state(seq, state);
  if (!core_state) return core_state.error();
  return CollectionStep{{}, *std::move(core_state)};
}

Result<void> CheckpointStore::discard(SeqNum below, const std::vector<SeqNum>& pinned) {
  if (auto usable = failure_->check(); !usable) return usable;
  if (collection_->is_active() && collection_->seq() < below) {
    if (auto ended = collection_->end(); !ended) return ended.error();
  }
  const auto ids = checkpoints();
  return remove_if([&](const StoredCheckpoint& id) {
    return id.seq < below && std::find(pinned.begin(), pinned.end(), id.seq) == pinned.end() &&
           !(id.seq == ids.front().seq && id.state == ids.front().state);
  });
}

Result<void> CheckpointStore::supersede(SeqNum seq, const Digest& state) {
  if (auto usable = failure_->check(); !usable) return usable;
  if (!find(seq, state)) {
    return Error{ErrorCode::io, "checkpoint " + std::to_string(seq.value) + " is not stored"};
  }
  return remove_if(
      [&](const StoredCheckpoint& id) { return id.seq >= seq && !(id.seq == seq && id.state == state); });
}

/// The files first, for sure: a checkpoint that comes back must find its blocks.
Result<void> CheckpointStore::remove_if(const std::function<bool(const StoredCheckpoint&)>& unneeded) {
  bool removed_any = false;
  for (const StoredCheckpoint& id : checkpoints()) {
    if (!unneeded(id)) continue;
    removed_any = true;
    if (files_) {
      if (auto removed = failure_->note(files_->remove(id.seq, id.state)); !removed) return removed;
    }
  }
  if (removed_any && files_) {
    if (auto synced = failure_->note(files_->sync()); !synced) return synced;
  }
  std::vector<std::shared_ptr<const Digests>> live;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) {
      const bool gone = unneeded(entry.id);
      if (gone) removed_.push_back(entry.names);
      return gone;
    });
    for (const Entry& entry : entries_) live.push_back(entry.names);
    std::erase_if(removed_, [&](const auto& names) {
      auto still_read = names.lock();
      if (!still_read) return true;
      live.push_back(std::move(still_read));
      return false;
    });
  }
  return blocks_->keep_only(live);
}

std::optional<core::StateDifference> CheckpointStore::difference(SeqNum seq, const Digest& ours,
                                                                 const Digest& theirs) {
  const auto our_entry = find(seq, ours), their_entry = find(seq, theirs);
  if (!our_entry || !their_entry) return std::nullopt;
  const auto our_root = read_root(*blocks_, ours), their_root = read_root(*blocks_, theirs);
  if (!our_root || !their_root) return std::nullopt;
  PieceCursor our_pieces(*blocks_, our_root->application), their_pieces(*blocks_, their_root->application);
  for (std::uint64_t chunk = 0;; ++chunk) {
    const auto our_piece = our_pieces.next(), their_piece = their_pieces.next();
    if (!our_piece || !their_piece || (!*our_piece && !*their_piece)) return std::nullopt;
    if (*our_piece && *their_piece && (*our_piece)->block == (*their_piece)->block) continue;
    const auto& piece = *our_piece ? **our_piece : **their_piece;
    return core::StateDifference{chunk, piece.offset, piece.offset + piece.bytes};
  }
}

}  // namespace pbft::storage
