// A state machine with a state of many blocks.
#pragma once

#include <cstddef>

#include "sim/append_log.hpp"

namespace pbft::sim {

/// As AppendLog, with so many bytes beside it; each operation changes a few, somewhere in the first quarter.
class BigState : public StateMachine {
 public:
  explicit BigState(std::size_t bytes);
  Bytes execute(const Operation& operation, const Agreed& agreed) override;
  std::optional<Bytes> query(ClientId client, BytesView body) const override {
    return log_.query(client, body);
  }
  void save(SnapshotWriter& writer) const override;
  Result<void> load(SnapshotReader& reader) override;
  /// As a bad memory module does.
  void flip_bit(std::size_t at) { data_.at(at) ^= 1; }

 private:
  AppendLog log_;
  Bytes data_;
};

}  // namespace pbft::sim
