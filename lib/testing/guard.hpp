// A user's state machine in a simulated replica: holds it to its contract.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "pbft/testing/workload.hpp"

namespace pbft::testing {

/// What the machines of one run have in common.
struct Common {
  std::set<std::uint64_t> snapshots;  ///< Hashes of what any of them saved.
  std::string breach;                 ///< What a machine did that none may; not empty once one has.
};

/// Notes a breach, and throws Violation, for what the machine throws, for a load() that refuses what a save()
/// wrote, and for one after which save() writes something else. Hands out snapshots to load in pieces of
/// changing sizes.
class Guard : public StateMachine {
 public:
  Guard(std::unique_ptr<StateMachine> machine, Common& common);
  Bytes execute(const Operation& operation, const Agreed& agreed) override;
  std::optional<Bytes> query(ClientId client, BytesView body) const override;
  bool valid(ClientId client, BytesView body) const override;
  void save(SnapshotWriter& writer) const override;
  Result<void> load(SnapshotReader& reader) override;

 private:
  std::unique_ptr<StateMachine> machine_;
  Common& common_;
  unsigned loads_ = 0;
};

}  // namespace pbft::testing
