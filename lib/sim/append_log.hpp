// The state machine of simulations: its state and its results tell every difference in order or content.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pbft/state_machine.hpp"

namespace pbft::sim {

/// Every operation is appended. Its result is "P:BODY", P being its position, counted from 1; for a body that
/// begins with "big" padded to 1000 bytes. A read's result is "@P", P being the number of operations so far,
/// padded alike; one whose body begins with "ordered" is not answered but by execution. The state covers
/// bodies, clients, agreed times and random values.
class AppendLog : public StateMachine {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override;
  std::optional<Bytes> query(ClientId client, BytesView body) const override;
  void save(SnapshotWriter& writer) const override;
  Result<void> load(SnapshotReader& reader) override;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace pbft::sim
