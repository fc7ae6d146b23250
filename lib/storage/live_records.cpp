#include "storage/live_records.hpp"

#include <utility>

namespace pbft::storage {

void LiveRecords::keep(core::Record record) {
  std::visit([this](auto& kind) { keep(std::move(kind)); }, record);
}

std::vector<core::Record> LiveRecords::all() const {
  std::vector<core::Record> records;
  if (started_) records.emplace_back(core::StartRecord{});
  if (restraint_) records.emplace_back(*restraint_);
  if (stable_) records.emplace_back(*stable_);
  if (new_view_) records.emplace_back(*new_view_);
  if (view_change_) records.emplace_back(view_change_);
  for (const auto& [seq, record] : prepared_) records.emplace_back(record);
  return records;
}

void LiveRecords::keep(core::PreparedRecord record) {
  const core::BatchHeader& header = record.certificate.header;
  if (stable_ && header.seq <= stable_->seq) return;
  auto at = prepared_.find(header.seq);
  if (at == prepared_.end()) {
    prepared_.emplace(header.seq, std::move(record));
  } else if (at->second.certificate.header.view < header.view) {
    at->second = std::move(record);
  }
}

void LiveRecords::keep(core::ViewChangePtr record) {
  if (!view_change_ || view_change_->new_view < record->new_view) view_change_ = std::move(record);
}

void LiveRecords::keep(core::NewViewRecord record) {
  if (!new_view_ || new_view_->new_view->view < record.new_view->view) new_view_ = std::move(record);
}

void LiveRecords::keep(core::CheckpointProof record) {
  if (stable_ && record.seq <= stable_->seq) return;
  prepared_.erase(prepared_.begin(), prepared_.upper_bound(record.seq));
  stable_ = std::move(record);
}

void LiveRecords::keep(core::StartRecord) { started_ = true; }

void LiveRecords::keep(core::Restraint record) { restraint_ = record; }

}  // namespace pbft::storage
