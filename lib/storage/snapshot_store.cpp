#include "storage/snapshot_store.hpp"

#include <utility>

namespace pbft::storage {

void SnapshotStore::put(SeqNum seq, Snapshot snapshot) {
  snapshots_.insert_or_assign(seq, std::make_shared<const Snapshot>(std::move(snapshot)));
}

SnapshotPtr SnapshotStore::get(SeqNum seq) const {
  const auto at = snapshots_.find(seq);
  return at == snapshots_.end() ? nullptr : at->second;
}

void SnapshotStore::discard_below(SeqNum seq) {
  snapshots_.erase(snapshots_.begin(), snapshots_.lower_bound(seq));
}

}  // namespace pbft::storage
