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
  const std::uint64_t root = hash64(mix(mix(seed_ ^ role) ^ who) ^ epoch, image);
  Signature signature;
  for (std::size_t at = 0; at < signature.bytes.size(); at += sizeof root) {
    const std::uint64_t lane = mix(root + at);
    std::memcpy(signature.bytes.data() + at, &lane, sizeof lane);
  }
  return signature;
}

core::Tag IdealCrypto::tag(ReplicaId replica, const Digest& request) const {
  return tag_of(std::get<ClientId>(self_), replica, request);
}

const core::Tag* IdealCrypto::ours(const std::vector<core::Tag>& tags) const {
  const auto* self = std::get_if<ReplicaId>(&self_);
  return self != nullptr && self->value < tags.size() ? &tags[self->value] : nullptr;
}

bool IdealCrypto::holds(const core::Tag& tag, ClientId client, const Digest& request) const {
  const auto* self = std::get_if<ReplicaId>(&self_);
  return self != nullptr && is_member(client) && tag == tag_of(client, *self, request);
}

core::Tag IdealCrypto::tag_of(ClientId client, ReplicaId replica, const Digest& request) const {
  const std::uint64_t pair = mix(mix(seed_ ^ client.value) ^ replica.value);
  std::uint64_t lane = hash64(mix(pair + 1), request.bytes);
  core::Tag tag;
  for (std::size_t at = 0; at < tag.bytes.size(); at += sizeof lane) {
    lane = mix(lane);
    std::memcpy(tag.bytes.data() + at, &lane, sizeof lane);
  }
  return tag;
}

}  // namespace pbft::sim
