// Snapshots in memory, written and read as a replica would.
#pragma once

#include <algorithm>
#include <cstring>

#include "pbft/state_machine.hpp"

namespace pbft::testing {

/// What save() writes.
inline Bytes saved(const StateMachine& machine) {
  class Collector : public SnapshotWriter {
   public:
    void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
    Bytes bytes;
  };
  Collector collector;
  machine.save(collector);
  return std::move(collector.bytes);
}

/// Gives `bytes` in pieces of 1, 2, 3 ... 7, 1 ... bytes, or as much at once as there is room for.
class BytesReader : public SnapshotReader {
 public:
  BytesReader(BytesView bytes, bool in_pieces) : left_(bytes), in_pieces_(in_pieces) {}
  std::size_t read(std::span<std::uint8_t> to) override {
    std::size_t size = std::min(to.size(), left_.size());
    if (in_pieces_) size = std::min(size, 1 + pieces_++ % 7);
    if (size > 0) std::memcpy(to.data(), left_.data(), size);
    left_ = left_.subspan(size);
    return size;
  }

 private:
  BytesView left_;
  bool in_pieces_;
  std::size_t pieces_ = 0;
};

}  // namespace pbft::testing
