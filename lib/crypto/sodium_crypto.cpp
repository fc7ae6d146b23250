// Signing and verifying what the core states.
#include <sodium.h>

#include <atomic>
#include <unordered_map>

#include "crypto/encode.hpp"
#include "crypto/pair_keys.hpp"
#include "crypto/sodium.hpp"
#include "crypto/strict_verifier.hpp"
#include "crypto/verified_cache.hpp"
#include "crypto/wiped.hpp"

namespace pbft::crypto {

namespace {

using core::Identity;
using core::Signature;
using core::Statement;

/// What is signed; integers are little-endian:
///
///     "pbft-v1"   7 bytes
///     cluster id  32
///     epoch       1 byte 1 and 8 bytes; of a request: 1 byte 0
///     statement   1
///     signer      1 byte role (0 replica, 1 client) and 8 bytes id
///     image       the rest
///
/// Each part's length follows from what stands before it, so equal bytes have equal parts. Leaves room for a
/// signature.
Bytes signed_bytes(const KeyRing& ring, Statement statement, const Identity& signer, BytesView image) {
  constexpr std::string_view protocol = "pbft-v1";
  constexpr std::size_t header_bytes = protocol.size() + 32 + 9 + 1 + 9;
  Bytes out;
  out.reserve(header_bytes + image.size() + sizeof(Signature::bytes));
  out.assign(protocol.begin(), protocol.end());
  append(out, ring.cluster.bytes);
  const bool has_epoch = statement != Statement::request;
  out.push_back(has_epoch);
  if (has_epoch) append_u64(out, ring.epoch.value);
  out.push_back(static_cast<std::uint8_t>(statement));
  const auto* replica = std::get_if<ReplicaId>(&signer);
  out.push_back(replica == nullptr);
  append_u64(out, replica != nullptr ? replica->value : std::get<ClientId>(signer).value);
  append(out, image);
  return out;
}

// Room for two windows of votes of a large cluster, and apart from it for requests: however many of those
// clients send, the votes that certificates will repeat stay known.
constexpr std::size_t vote_generation = 1 << 16;
constexpr std::size_t request_generation = 1 << 14;

/// A listed key. Its strength is looked into when it is first needed: a ring of thousands is ready at once.
class ListedKey {
 public:
  explicit ListedKey(const PublicKey& key) : key_(key) {}
  const PublicKey& key() const { return key_; }
  bool is_strong() {  // threads that ask at the same time come to the same answer
    Strength strength = strength_.load(std::memory_order_relaxed);
    if (strength == Strength::unknown) {
      strength = crypto::is_strong(key_) ? Strength::strong : Strength::weak;
      strength_.store(strength, std::memory_order_relaxed);
    }
    return strength == Strength::strong;
  }

 private:
  enum class Strength : std::uint8_t { unknown, weak, strong };
  const PublicKey key_;
  std::atomic<Strength> strength_ = Strength::unknown;
};

struct IdentityHash {
  std::size_t operator()(const Identity& who) const noexcept {
    if (const auto* replica = std::get_if<ReplicaId>(&who)) return ~std::size_t{replica->value};
    return std::get_if<ClientId>(&who)->value;
  }
};

}  // namespace

KeyRing key_ring(const ClusterConfig& config) {
  KeyRing ring;
  ring.cluster = cluster_id(config);
  for (const ReplicaInfo& replica : config.replicas) ring.replicas.emplace(replica.id, replica.key);
  for (const ClientInfo& client : config.clients) ring.clients.emplace(client.id, client.key);
  return ring;
}

struct SodiumCrypto::Impl {
  Impl(std::shared_ptr<const KeyRing> members, const Identity& me, const SecretKey& key)
      : ring(std::move(members)), self(me), pairs(*ring, me, key) {}

  const std::shared_ptr<const KeyRing> ring;
  const Identity self;
  const PairKeys pairs;
  Wiped<crypto_sign_SECRETKEYBYTES> secret;
  bool signs_as_listed = false;  // The ring's key of `self` is ours: what we sign verifies.
  std::unordered_map<Identity, ListedKey, IdentityHash> keys;
  StrictVerifier verifier{crypto_sign_verify_detached};
  VerifiedCache votes{vote_generation};
  VerifiedCache requests{request_generation};

  ListedKey* listed(const Identity& who) {
    const auto found = keys.find(who);
    return found != keys.end() ? &found->second : nullptr;
  }
  VerifiedCache& cache(Statement statement) { return statement == Statement::request ? requests : votes; }
};

SodiumCrypto::SodiumCrypto(std::shared_ptr<const KeyRing> ring, Identity self, const SecretKey& key)
    : impl_(std::make_unique<Impl>(std::move(ring), self, key)) {
  PublicKey own;
  crypto_sign_seed_keypair(own.bytes.data(), impl_->secret.data(), key.seed().data());
  for (const auto& [id, replica] : impl_->ring->replicas) impl_->keys.emplace(id, replica);
  for (const auto& [id, client] : impl_->ring->clients) impl_->keys.emplace(id, client);
  const ListedKey* listed = impl_->listed(self);
  impl_->signs_as_listed = listed != nullptr && listed->key() == own;
}

SodiumCrypto::~SodiumCrypto() = default;

Digest SodiumCrypto::hash(std::string_view domain, BytesView bytes) const {
  return crypto::hash(domain, bytes);
}

Signature SodiumCrypto::sign(Statement statement, BytesView image) const {
  Bytes bytes = signed_bytes(*impl_->ring, statement, impl_->self, image);
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, bytes.data(), bytes.size(), impl_->secret.data());
  if (impl_->signs_as_listed) {
    append(bytes, signature.bytes);
    VerifiedCache& cache = impl_->cache(statement);
    cache.insert(cache.name_of(bytes));
  }
  return signature;
}

bool SodiumCrypto::verify(Statement statement, const Identity& signer, BytesView image,
                          const Signature& signature) const {
  ListedKey* listed = impl_->listed(signer);
  if (listed == nullptr || !listed->is_strong()) return false;
  Bytes bytes = signed_bytes(*impl_->ring, statement, signer, image);
  const std::size_t signed_size = bytes.size();
  append(bytes, signature.bytes);
  VerifiedCache& cache = impl_->cache(statement);
  const Digest name = cache.name_of(bytes);
  if (cache.contains(name)) return true;
  if (!impl_->verifier(listed->key(), BytesView(bytes).first(signed_size), signature)) return false;
  cache.insert(name);
  return true;
}

core::Tag SodiumCrypto::tag(ReplicaId replica, const Digest& request) const {
  return impl_->pairs.tag(replica, request);
}

const core::Tag* SodiumCrypto::ours(const std::vector<core::Tag>& tags) const {
  const auto* self = std::get_if<ReplicaId>(&impl_->self);
  return self != nullptr && self->value < tags.size() ? &tags[self->value] : nullptr;
}

bool SodiumCrypto::holds(const core::Tag& tag, ClientId client, const Digest& request) const {
  return impl_->pairs.holds(tag, client, request);
}

}  // namespace pbft::crypto
