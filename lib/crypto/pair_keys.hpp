// The keys that clients and replicas share two by two, for tags on requests.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/crypto.hpp"
#include "crypto/sodium.hpp"
#include "crypto/wiped.hpp"

namespace pbft::crypto {

/// As one member: a client's keys with all replicas, or a replica's with all clients. Each is the X25519
/// secret of the two identities, hashed with the cluster and with who is who; it is made when it is first
/// needed, which takes as long as a signature, and kept. A tag is keyed BLAKE2b-128. Thread-safe.
class PairKeys {
 public:
  PairKeys(const KeyRing& ring, const core::Identity& self, const SecretKey& key);

  /// REQUIRES: this is a client's; a replica of the ring.
  core::Tag tag(ReplicaId replica, const Digest& request) const;
  /// False also for a client that is not in the ring, and where this is not a replica's.
  bool holds(const core::Tag& tag, ClientId client, const Digest& request) const;

 private:
  struct Pair {
    explicit Pair(const PublicKey& listed) : other(listed) {}
    const PublicKey other;
    std::once_flag once;
    std::optional<Wiped<32>> key;  ///< Nothing if the other's key is not strong.
  };
  /// Null for who shares none with us.
  const Wiped<32>* key_with(std::uint64_t other) const;

  const Digest cluster_;
  const core::Identity self_;
  const X25519Secret secret_;
  mutable std::unordered_map<std::uint64_t, Pair> pairs_;  ///< By the other's id.
};

}  // namespace pbft::crypto
