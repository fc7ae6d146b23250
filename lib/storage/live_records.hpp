// Which records a restart still needs.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/io.hpp"

namespace pbft::storage {

/// Memory: one batch per sequence number above the stable checkpoint, hence at most a window of them, shared
/// with the core, which holds them too.
class LiveRecords {
 public:
  /// A record makes those obsolete that a restart no longer needs: a stable checkpoint the prepared batches
  /// at and below it, a later ViewChange or NewView the earlier ones, a batch's certificate those of lower
  /// views, a restraint the earlier ones.
  void keep(core::Record record);
  /// Start, restraint, stable checkpoint, NewView, ViewChange, then prepared batches in ascending
  /// order.
  std::vector<core::Record> all() const;

 private:
  void keep(core::PreparedRecord record);
  void keep(core::ViewChangePtr record);
  void keep(core::NewViewRecord record);
  void keep(core::CheckpointProof record);
  void keep(core::StartRecord record);
  void keep(core::Restraint record);

  bool started_ = false;
  std::optional<core::Restraint> restraint_;
  std::optional<core::CheckpointProof> stable_;
  core::ViewChangePtr view_change_;
  std::optional<core::NewViewRecord> new_view_;
  std::map<SeqNum, core::PreparedRecord> prepared_;  ///< Above stable_; of the highest view for each.
};

}  // namespace pbft::storage
