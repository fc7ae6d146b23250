// Signatures that are unforgeable by construction: a keyed hash whose key no simulated party can read.
#pragma once

#include <cstdint>

#include "core/crypto.hpp"

namespace pbft::sim {

/// Membership is the caller's: replicas 0..replicas-1 and clients 1..clients exist.
class IdealCrypto : public core::Crypto {
 public:
  IdealCrypto(std::uint64_t seed, Epoch epoch, std::uint32_t replicas, std::uint32_t clients,
              core::Identity self)
      : seed_(seed), epoch_(epoch), replicas_(replicas), clients_(clients), self_(self) {}

  Digest hash(std::string_view domain, BytesView bytes) const override;
  core::Signature sign(core::Statement statement, BytesView image) const override;
  bool verify(core::Statement statement, const core::Identity& signer, BytesView image,
              const core::Signature& signature) const override;
  core::Tag tag(ReplicaId replica, const Digest& request) const override;
  const core::Tag* ours(const std::vector<core::Tag>& tags) const override;
  bool holds(const core::Tag& tag, ClientId client, const Digest& request) const override;

 private:
  bool is_member(const core::Identity& who) const;
  core::Signature signature_of(core::Statement statement, const core::Identity& signer,
                               BytesView image) const;
  core::Tag tag_of(ClientId client, ReplicaId replica, const Digest& request) const;

  std::uint64_t seed_;
  Epoch epoch_;  // under every statement but requests
  std::uint32_t replicas_, clients_;
  core::Identity self_;
};

}  // namespace pbft::sim
