// Faulty clients: streams of requests that no correct client sends. As with behaviours of replicas, whoever
// applies them carries the frames and keeps the time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "adversary/behaviour.hpp"

namespace pbft::adversary {

class ClientBehaviour {
 public:
  virtual ~ClientBehaviour() = default;
  /// Appends what is due to leave. A call too early appends nothing.
  virtual void on_time(Instant now, std::vector<Letter>& out) = 0;
  /// When on_time() is to be called next.
  virtual Instant next() const = 0;
};

struct FaultyClientSelf {
  ClientId id;
  const core::Crypto& crypto;  ///< Signs as `id`; outlives the behaviour.
  wire::DecodeLimits limits;
  std::uint64_t seed = 1;
  /// Its operations are numbered from here on: higher than all that an earlier process with this key has
  /// used.
  RequestNumber first{1};
  /// The body of its i-th operation; any two differ.
  std::function<Bytes(std::uint64_t)> operation;
};

/// "idle", "conflict(100/s)", "jump(100/s)", "storm(1000/s)", "subset(2)", "bad-tags(100/s)",
/// "garbage(100/s)", joined with "+".
/// Errors as make_behaviour().
Result<std::unique_ptr<ClientBehaviour>> make_client_behaviour(std::string_view spec,
                                                               const FaultyClientSelf& self);
std::vector<Kind> client_behaviours();

}  // namespace pbft::adversary
