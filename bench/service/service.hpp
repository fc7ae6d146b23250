// The benchmark's state machine: it numbers the writes, and remembers which of them came from whom.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "bench/service/operation.hpp"
#include "pbft/state_machine.hpp"

namespace bench {

/// A counter that is read and incremented: every answer says where its operation stands in the order, so a
/// client can tell an answer that no linearizable service gives (check/named_order.hpp).
class Service : public pbft::StateMachine {
 public:
  /// Results of writes and reads are `reply_bytes` long, at least min_result_bytes. Part of the initial
  /// state: replicas that differ in it refuse each other.
  explicit Service(std::uint32_t reply_bytes) : reply_bytes_(reply_bytes) {}

  pbft::Bytes execute(const pbft::Operation& operation, const pbft::Agreed& agreed) override;
  std::optional<pbft::Bytes> query(pbft::ClientId client, pbft::BytesView body) const override;
  void save(pbft::SnapshotWriter& writer) const override;
  pbft::Result<void> load(pbft::SnapshotReader& reader) override;

 private:
  std::uint32_t reply_bytes_;
  std::uint64_t writes_ = 0;
  std::map<std::uint64_t, Audit> clients_;
};

}  // namespace bench
