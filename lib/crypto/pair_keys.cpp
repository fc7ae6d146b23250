#include "crypto/pair_keys.hpp"

#include <sodium.h>

#include <string_view>

#include "core/check.hpp"
#include "crypto/encode.hpp"

namespace pbft::crypto {

namespace {

/// Domain, cluster, client, replica: all of fixed length.
Bytes context_of(const Digest& cluster, ClientId client, ReplicaId replica) {
  constexpr std::string_view domain = "pbft-v1 request tags";
  Bytes context(domain.begin(), domain.end());
  append(context, cluster.bytes);
  append_u64(context, client.value);
  append_u64(context, replica.value);
  return context;
}

core::Tag tag_of(const Digest& request, const Wiped<32>& key) {
  core::Tag tag;
  crypto_generichash(tag.bytes.data(), tag.bytes.size(), request.bytes.data(), request.bytes.size(),
                     key.data(), key.bytes.size());
  return tag;
}

}  // namespace

PairKeys::PairKeys(const KeyRing& ring, const core::Identity& self, const SecretKey& key)
    : cluster_(ring.cluster), self_(self), secret_(x25519_of(key)) {
  if (std::holds_alternative<ReplicaId>(self)) {
    for (const auto& [id, listed] : ring.clients) pairs_.try_emplace(id.value, listed);
  } else {
    for (const auto& [id, listed] : ring.replicas) pairs_.try_emplace(id.value, listed);
  }
}

const Wiped<32>* PairKeys::key_with(std::uint64_t other) const {
  const auto found = pairs_.find(other);
  if (found == pairs_.end()) return nullptr;
  Pair& pair = found->second;
  std::call_once(pair.once, [&] {
    const std::optional<X25519Public> theirs = x25519_of(pair.other);
    Wiped<crypto_scalarmult_BYTES> shared;
    if (!theirs || crypto_scalarmult(shared.data(), secret_.data(), theirs->data()) != 0) return;
    const auto* replica = std::get_if<ReplicaId>(&self_);
    const Bytes context = replica != nullptr ? context_of(cluster_, ClientId{other}, *replica)
                                             : context_of(cluster_, std::get<ClientId>(self_),
                                                          ReplicaId{static_cast<std::uint32_t>(other)});
    pair.key.emplace();
    crypto_generichash(pair.key->data(), pair.key->bytes.size(), context.data(), context.size(),
                       shared.data(), shared.bytes.size());
  });
  return pair.key ? &*pair.key : nullptr;
}

core::Tag PairKeys::tag(ReplicaId replica, const Digest& request) const {
  PBFT_CHECK(std::holds_alternative<ClientId>(self_));
  const Wiped<32>* key = key_with(replica.value);
  PBFT_CHECK(key != nullptr);
  return tag_of(request, *key);
}

bool PairKeys::holds(const core::Tag& tag, ClientId client, const Digest& request) const {
  if (!std::holds_alternative<ReplicaId>(self_)) return false;
  const Wiped<32>* key = key_with(client.value);
  if (key == nullptr) return false;
  const core::Tag right = tag_of(request, *key);
  return sodium_memcmp(right.bytes.data(), tag.bytes.data(), right.bytes.size()) == 0;
}

}  // namespace pbft::crypto
