#include "sim/ideal_crypto.hpp"

#include <cstring>

#include "crypto/sodium.hpp"
#include "sim/random.hpp"

namespace pbft::sim {

using core::Identity;
using core::Signature;
using core::Statement;

Digest IdealCrypto::hash(std::string_view domain, BytesView bytes) const {
  return crypto::hash(domain, bytes);
}

Signature IdealCrypto::sign(Statement statement, BytesView image) const {
  return signature_of(statement, self_, image);
}

bool IdealCrypto::verify(Statement statement, const Identity& signer, BytesView image,
                         const Signature& signature) const {
  return is_member(signer) && signature == signature_of(statement, signer, image);
}

bool IdealCrypto::is_member(const Identity& who) const {
  if (const auto* replica = std::get_if<ReplicaId>(&who)) return replica->value < replicas_;
  const ClientId client = std::get<ClientId>(who);
  return client.value >= 1 && client.value <= clients_;
}

Signature IdealCrypto::signature_of(Statement statement, const Identity& signer, BytesView image) const {
  const auto* replica = std::get_if<ReplicaId>(&signer);
  const std::uint64_t who = replica != nullptr ? replica->value : std::get<ClientId>(signer).value;
  const std::uint64_t role = static_cast<std::uint64_t>(statement) * 2 + (replica != nullptr ? 1 : 0);
  const std::uint64_t epoch = statement == Statement::request ? 0 : mix(epoch_.value + 1);
  std::uint64_t lane = hash64(mix(mix(seed_ ^ role) ^ who) ^ epoch, image);
  Signature signature;
  for (std::size_t at = 0; at < signature.bytes.size(); at += sizeof lane) {
    lane = mix(lane);
    std::memcpy(signature.bytes.data() + at, &lane, sizeof lane);
  }
  return signature;
}

}  // namespace pbft::sim
