// A replica of the real library, in a real process, that misbehaves when it is told to. For tests and
// benchmarks; never part of what is installed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pbft/replica.hpp"

namespace pbft::faulty {

/// Move-only handle. Thread-safe.
class FaultyReplica {
 public:
  /// As Replica::start(). Honest until behave(). `seed` decides what behaviours choose.
  static Result<FaultyReplica> start(const ClusterConfig& config, const ReplicaKey& key,
                                     StateMachine& machine, const ReplicaOptions& options = {},
                                     std::uint64_t seed = 1);
  FaultyReplica(FaultyReplica&&) noexcept;
  FaultyReplica& operator=(FaultyReplica&&) noexcept;
  ~FaultyReplica();  ///< stop()

  /// From the loop's next turn on it behaves so: "slow(10ms)", "drop(20%)+no-reply", "honest"
  /// (adversary/behaviour.hpp). What the behaviour before held back is lost. On error nothing changes.
  Result<void> behave(const std::string& spec);

  ReplicaStatus status() const;
  void stop();  ///< As Replica::stop().

 private:
  class Tampering;
  FaultyReplica(std::shared_ptr<Tampering> tampering, Replica replica);
  std::shared_ptr<Tampering> tampering_;
  Replica replica_;
};

}  // namespace pbft::faulty
