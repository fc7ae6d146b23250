// The keys of all members of a simulated cluster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/crypto.hpp"

namespace pbft::sim {

enum class Signatures : std::uint8_t {
  ideal,    ///< Nobody but the holder can make one, and a microsecond is more than it costs.
  ed25519,  ///< As in production.
};

/// Which cluster, and which of its memberships: statements of one mean nothing in another.
struct Realm {
  std::uint64_t cluster = 0;
  Epoch epoch = {};
};

/// One core::Crypto per member. Digests are BLAKE2b-256 in both kinds.
class Keys {
 public:
  /// Members: replicas 0..replicas-1 and clients 1..clients.
  Keys(Signatures kind, std::uint64_t seed, std::uint32_t replicas, std::uint32_t clients, Realm realm = {});
  Signatures kind() const { return kind_; }
  /// Signs as `member`; lives as long as this object.
  const core::Crypto& of(const core::Identity& member) const { return *members_.at(member); }

 private:
  Signatures kind_;
  std::map<core::Identity, std::unique_ptr<core::Crypto>> members_;
};

}  // namespace pbft::sim
