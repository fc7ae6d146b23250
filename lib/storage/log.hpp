// Where a replica writes what it must not forget before it says it (docs/protocol.md, durability).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/io.hpp"

namespace pbft::storage {

/// Called once per append, in the order of the appends, in the thread that appends: from within append(), or
/// posted there when the record is written. One write may make many records durable at once. Never for a
/// record that could not be written, nor for any after it.
using Durable = std::function<void(std::uint64_t token)>;

/// Not thread-safe.
class Log {
 public:
  virtual ~Log() = default;
  /// Never blocks. A record makes those obsolete that a restart no longer needs: a stable checkpoint the
  /// prepared batches at and below it, a later ViewChange, NewView or checkpoint floor the earlier ones.
  virtual void append(std::uint64_t token, core::Record record) = 0;
  /// What a restart needs: start, checkpoint floor, stable checkpoint, NewView, ViewChange, then prepared
  /// batches in ascending order.
  virtual std::vector<core::Record> records() const = 0;
  /// How often the disk was told to make records durable; 0 in memory.
  virtual std::uint64_t syncs() const { return 0; }
};

}  // namespace pbft::storage
