// The log of a replica that keeps its data in memory: as durable as the process, no more.
#pragma once

#include <map>
#include <optional>

#include "storage/log.hpp"

namespace pbft::storage {

/// Memory: one batch per sequence number above the stable checkpoint, hence at most a window of them, shared
/// with the core, which holds them too.
class MemoryLog : public Log {
 public:
  explicit MemoryLog(Durable durable) : durable_(std::move(durable)) {}
  void append(std::uint64_t token, core::Record record) override;
  std::vector<core::Record> records() const override;

 private:
  void keep(core::PreparedRecord record);
  void keep(core::ViewChangePtr record);
  void keep(core::NewViewPtr record);
  void keep(core::CheckpointProof record);

  Durable durable_;
  std::optional<core::CheckpointProof> stable_;
  core::ViewChangePtr view_change_;
  core::NewViewPtr new_view_;
  std::map<SeqNum, core::PreparedRecord> prepared_;  ///< Above stable_; of the highest view for each.
};

}  // namespace pbft::storage
