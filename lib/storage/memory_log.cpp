#include "storage/memory_log.hpp"

#include <utility>

namespace pbft::storage {

void MemoryLog::append(std::uint64_t token, core::Record record) {
  std::visit([this](auto& kind) { keep(std::move(kind)); }, record);
  durable_(token);
}

std::vector<core::Record> MemoryLog::records() const {
  std::vector<core::Record> all;
  if (stable_) all.emplace_back(*stable_);
  if (new_view_) all.emplace_back(new_view_);
  if (view_change_) all.emplace_back(view_change_);
  for (const auto& [seq, record] : prepared_) all.emplace_back(record);
  return all;
}

void MemoryLog::keep(core::PreparedRecord record) {
  const core::BatchHeader& header = record.certificate.header;
  if (stable_ && header.seq <= stable_->seq) return;
  auto at = prepared_.find(header.seq);
  if (at == prepared_.end()) {
    prepared_.emplace(header.seq, std::move(record));
  } else if (at->second.certificate.header.view < header.view) {
    at->second = std::move(record);
  }
}

void MemoryLog::keep(core::ViewChangePtr record) {
  if (!view_change_ || view_change_->new_view < record->new_view) view_change_ = std::move(record);
}

void MemoryLog::keep(core::NewViewPtr record) {
  if (!new_view_ || new_view_->view < record->view) new_view_ = std::move(record);
}

void MemoryLog::keep(core::CheckpointProof record) {
  if (stable_ && record.seq <= stable_->seq) return;
  prepared_.erase(prepared_.begin(), prepared_.upper_bound(record.seq));
  stable_ = std::move(record);
}

}  // namespace pbft::storage
