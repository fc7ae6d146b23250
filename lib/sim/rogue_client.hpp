// A faulty client on virtual time: a stream of requests that no correct client sends.
#pragma once

#include <memory>
#include <string_view>

#include "adversary/client_behaviour.hpp"
#include "sim/replica_process.hpp"

namespace pbft::sim {

class RogueClient {
 public:
  /// REQUIRES: there is such a behaviour of clients.
  RogueClient(const World& world, ClientId id, const core::Crypto& crypto, std::string_view behaviour,
              std::uint64_t seed);
  RogueClient(const RogueClient&) = delete;
  RogueClient& operator=(const RogueClient&) = delete;

 private:
  void on_time();
  void wake();

  const World world_;
  const ClientId id_;
  std::unique_ptr<adversary::ClientBehaviour> behaviour_;
};

}  // namespace pbft::sim
