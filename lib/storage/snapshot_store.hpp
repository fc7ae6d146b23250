// The snapshots of a replica, for the others that fall behind and for its own restart.
#pragma once

#include <map>
#include <memory>

#include "pbft/types.hpp"

namespace pbft::storage {

/// The whole state after one batch.
struct Snapshot {
  Bytes core_state;   ///< Client table and clock.
  Bytes application;  ///< What StateMachine::save wrote.
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// In memory. Not thread-safe: all on the executor's thread, so that no snapshot is copied on the loop.
/// Memory: the core discards below the stable checkpoint, hence at most three snapshots.
class SnapshotStore {
 public:
  void put(SeqNum seq, Snapshot snapshot);
  /// nullptr if there is none of `seq`.
  SnapshotPtr get(SeqNum seq) const;
  void discard_below(SeqNum seq);
  std::size_t size() const { return snapshots_.size(); }

 private:
  std::map<SeqNum, SnapshotPtr> snapshots_;
};

}  // namespace pbft::storage
