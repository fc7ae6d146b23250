// Signatures and digests good enough to tell right from wrong in a unit test, and for nothing else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/crypto.hpp"

namespace pbft::test {

/// Members: replicas 0..3 and clients 1..3.
class ToyCrypto : public core::Crypto {
 public:
  explicit ToyCrypto(core::Identity self = ReplicaId{0}) : self_(self) {}

  Digest hash(std::string_view domain, BytesView bytes) const override {
    Digest digest;
    fill(digest.bytes, mix(mix(domain.size(), domain), bytes));
    return digest;
  }
  core::Signature sign(core::Statement statement, BytesView image) const override {
    return signature_of(self_, statement, image);
  }
  bool verify(core::Statement statement, const core::Identity& signer, BytesView image,
              const core::Signature& signature) const override {
    const auto* replica = std::get_if<ReplicaId>(&signer);
    const bool member = replica != nullptr ? replica->value < 4 : std::get<ClientId>(signer).value - 1 < 3;
    return member && signature == signature_of(signer, statement, image);
  }
  core::Tag tag(ReplicaId replica, const Digest& request) const override {
    return tag_of(std::get<ClientId>(self_), replica, request);
  }
  const core::Tag* ours(const std::vector<core::Tag>& tags) const override {
    const auto* self = std::get_if<ReplicaId>(&self_);
    return self != nullptr && self->value < tags.size() ? &tags[self->value] : nullptr;
  }
  bool holds(const core::Tag& tag, ClientId client, const Digest& request) const override {
    const auto* self = std::get_if<ReplicaId>(&self_);
    return self != nullptr && client.value - 1 < 3 && tag == tag_of(client, *self, request);
  }
  static core::Tag tag_of(ClientId client, ReplicaId replica, const Digest& request) {
    core::Tag tag;
    fill(tag.bytes, mix(client.value * 64 + replica.value, request.bytes));
    return tag;
  }
  static core::Signature signature_of(const core::Identity& signer, core::Statement statement,
                                      BytesView image) {
    const auto* replica = std::get_if<ReplicaId>(&signer);
    const std::uint64_t who = replica != nullptr ? replica->value : ~std::get<ClientId>(signer).value;
    core::Signature signature;
    fill(signature.bytes, mix(who * 31 + static_cast<std::uint64_t>(statement), image));
    return signature;
  }

 private:
  template <class Bytes>
  static std::uint64_t mix(std::uint64_t state, const Bytes& bytes) {
    for (const auto byte : bytes) state = (state ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3 + 1;
    return state;
  }
  template <std::size_t size>
  static void fill(std::array<std::uint8_t, size>& to, std::uint64_t state) {
    for (std::uint8_t& byte : to) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::uint8_t>(state >> 56);
    }
  }

  core::Identity self_;
};

}  // namespace pbft::test
