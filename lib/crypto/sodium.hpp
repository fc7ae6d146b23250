// Ed25519 and BLAKE2b from libsodium behind core::Crypto, and the keys of a cluster's members.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/crypto.hpp"
#include "crypto/noise.hpp"
#include "pbft/config.hpp"

namespace pbft::crypto {

/// Starts libsodium once per process; terminates if the system has no random source.
void ensure_sodium();

/// BLAKE2b-256 of domain || 0x00 || bytes.
Digest hash(std::string_view domain, BytesView bytes);

/// Canonical encoding of a curve point of prime order: not of small order, and with no part of small order.
/// libsodium's verdicts differ between versions on all others: keys of that kind never enter a cluster.
bool is_strong(const PublicKey& key);

X25519Secret x25519_of(const SecretKey& key);
/// nullopt if the key is not strong.
std::optional<X25519Public> x25519_of(const PublicKey& key);

/// The public keys of all members of one cluster.
struct KeyRing {
  Digest cluster;
  Epoch epoch;
  std::map<ReplicaId, PublicKey> replicas;
  std::map<ClientId, PublicKey> clients;
};
/// REQUIRES: config.faults() is empty. The epoch is that of genesis.
KeyRing key_ring(const ClusterConfig& config);

/// Thread-safe. Remembers statements that verified, its own included, keyed by exact bytes and signature; the
/// memory is bounded and changes no verdict. A signer whose listed key is not strong verifies nothing.
class SodiumCrypto : public core::Crypto {
 public:
  SodiumCrypto(std::shared_ptr<const KeyRing> ring, core::Identity self, const SecretKey& key);
  ~SodiumCrypto() override;
  Digest hash(std::string_view domain, BytesView bytes) const override;
  core::Signature sign(core::Statement statement, BytesView image) const override;
  bool verify(core::Statement statement, const core::Identity& signer, BytesView image,
              const core::Signature& signature) const override;
  core::Tag tag(ReplicaId replica, const Digest& request) const override;
  const core::Tag* ours(const std::vector<core::Tag>& tags) const override;
  bool holds(const core::Tag& tag, ClientId client, const Digest& request) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::crypto
