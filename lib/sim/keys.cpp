#include "sim/keys.hpp"

#include <cstring>
#include <vector>

#include "crypto/sodium.hpp"
#include "pbft/config.hpp"
#include "sim/ideal_crypto.hpp"
#include "sim/random.hpp"

namespace pbft::sim {

namespace {

using core::Identity;

SecretKey secret_of(Random& random) {
  std::array<std::uint8_t, 32> seed{};
  for (auto& byte : seed) byte = static_cast<std::uint8_t>(random.next());
  return SecretKey::from_seed(seed);
}

}  // namespace

Keys::Keys(Signatures kind, std::uint64_t seed, std::uint32_t replicas, std::uint32_t clients, Realm realm)
    : kind_(kind) {
  crypto::ensure_sodium();
  std::vector<Identity> everyone;
  for (std::uint32_t i = 0; i < replicas; ++i) everyone.emplace_back(ReplicaId{i});
  for (std::uint32_t i = 1; i <= clients; ++i) everyone.emplace_back(ClientId{i});

  if (kind == Signatures::ideal) {
    for (const Identity& who : everyone) {
      members_[who] =
          std::make_unique<IdealCrypto>(mix(seed ^ mix(realm.cluster)), realm.epoch, replicas, clients, who);
    }
    return;
  }

  Random random(seed);
  std::vector<SecretKey> secrets;
  auto ring = std::make_shared<crypto::KeyRing>();
  ring->cluster =
      crypto::hash("simulated-cluster",
                   BytesView(reinterpret_cast<const std::uint8_t*>(&realm.cluster), sizeof realm.cluster));
  ring->epoch = realm.epoch;
  for (const Identity& who : everyone) {
    secrets.push_back(secret_of(random));
    if (const auto* replica = std::get_if<ReplicaId>(&who)) {
      ring->replicas[*replica] = secrets.back().public_key();
    } else {
      ring->clients[std::get<ClientId>(who)] = secrets.back().public_key();
    }
  }
  for (std::size_t i = 0; i < everyone.size(); ++i) {
    members_[everyone[i]] = std::make_unique<crypto::SodiumCrypto>(ring, everyone[i], secrets[i]);
  }
}

}  // namespace pbft::sim
