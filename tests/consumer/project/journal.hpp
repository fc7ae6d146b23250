// A service to replicate: a journal that clients append to.
#pragma once

#include <pbft/state_machine.hpp>

/// An operation is text to append; its result is the journal's length.
class Journal : public pbft::StateMachine {
 public:
  pbft::Bytes execute(const pbft::Operation& operation, const pbft::Agreed&) override {
    text_ += pbft::to_text(operation.body);
    return pbft::to_bytes(std::to_string(text_.size()));
  }
  std::optional<pbft::Bytes> query(pbft::ClientId, pbft::BytesView) const override {
    return pbft::to_bytes(text_);
  }
  void save(pbft::SnapshotWriter& writer) const override { writer.write(pbft::view_of(text_)); }
  pbft::Result<void> load(pbft::SnapshotReader& reader) override {
    std::string text;
    std::array<std::uint8_t, 4096> piece;
    while (const std::size_t size = reader.read(piece)) text.append(piece.begin(), piece.begin() + size);
    text_ = std::move(text);
    return {};
  }

 private:
  std::string text_;
};
