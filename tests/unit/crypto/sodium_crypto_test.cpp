#include <doctest/doctest.h>
#include <sodium.h>

#include <thread>
#include <vector>

#include "core/messages.hpp"
#include "crypto/sodium.hpp"
#include "forgery.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;
using core::Identity;
using core::Signature;
using core::Statement;

namespace {

const Bytes image = to_bytes("image");

/// Replicas 0..3 with the keys 1..4 and client 7 with the key 7.
KeyRing test_ring() {
  KeyRing ring;
  ring.cluster.bytes.fill(0xc1);
  ring.epoch = Epoch{5};
  for (std::uint32_t i = 0; i < 4; ++i) {
    ring.replicas[ReplicaId{i}] = secret_key(static_cast<std::uint8_t>(i + 1)).public_key();
  }
  ring.clients[ClientId{7}] = secret_key(7).public_key();
  return ring;
}

SodiumCrypto member(Identity self, std::uint8_t key, const KeyRing& ring = test_ring()) {
  return SodiumCrypto(std::make_shared<KeyRing>(ring), self, secret_key(key));
}

}  // namespace

TEST_CASE("signatures: the signed layout is the documented one, as another implementation signs it") {
  // Ed25519 over "pbft-v1" || cluster || 01 || epoch 5 || 04 (commit) || 00 (replica) || 2 || "image"
  KeyRing ring = test_ring();
  ring.replicas[ReplicaId{2}] = secret_key(1).public_key();
  CHECK(to_hex(member(ReplicaId{2}, 1, ring).sign(Statement::commit, image).bytes) ==
        "6132514d55b2361fe5b8e72a32bbcb88b9a98ae86c85d0e4602b5c52a397462e"
        "575c8fd821ff7d4c23f57986b9c8039011c667bee891ca0768b822b2000d6b0e");
  // ... over "pbft-v1" || cluster || 00 || 01 (request) || 01 (client) || 7 || "image"
  CHECK(to_hex(member(ClientId{7}, 1).sign(Statement::request, image).bytes) ==
        "cfc28a95b32496146ec7855cb13249d8f1447bc18f17f62a01996fac8b6310ee"
        "409fbc2ca33f314f497b58b4b79ac480e18c35682fc07b43740925302ccd2e0b");
}

TEST_CASE("signatures: what a member signs, the others and itself verify, again and again") {
  const SodiumCrypto replica = member(ReplicaId{0}, 1), other = member(ReplicaId{1}, 2),
                     client = member(ClientId{7}, 7);
  const Signature vote = replica.sign(Statement::prepare, image);
  const Signature request = client.sign(Statement::request, image);
  CHECK(replica.sign(Statement::prepare, image) == vote);
  for (const SodiumCrypto* verifier : {&replica, &other, &client}) {
    for (int i = 0; i < 2; ++i) {
      CHECK(verifier->verify(Statement::prepare, ReplicaId{0}, image, vote));
      CHECK(verifier->verify(Statement::request, ClientId{7}, image, request));
    }
  }
}

TEST_CASE("signatures: a statement passes for no other, by no other, also when it is known") {
  const SodiumCrypto signer = member(ReplicaId{0}, 1);
  for (const bool already_known : {false, true}) {
    const SodiumCrypto verifier = member(ReplicaId{1}, 2);
    const Signature vote = signer.sign(Statement::prepare, image);
    if (already_known) CHECK(verifier.verify(Statement::prepare, ReplicaId{0}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::commit, ReplicaId{0}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::request, ReplicaId{0}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{1}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{4}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ClientId{7}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ClientId{0}, image, vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, to_bytes("Image"), vote));
    CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, {}, vote));
    for (std::size_t at = 0; at < vote.bytes.size(); ++at) {
      Signature spoilt = vote;
      spoilt.bytes[at] ^= 1;
      CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, image, spoilt));
    }
  }
}

TEST_CASE("signatures: a known statement under another signature is judged anew") {
  const SodiumCrypto signer = member(ReplicaId{0}, 1), verifier = member(ReplicaId{1}, 2);
  const Signature vote = signer.sign(Statement::prepare, image);
  REQUIRE(verifier.verify(Statement::prepare, ReplicaId{0}, image, vote));
  CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, image, Signature{}));
  CHECK(verifier.verify(Statement::prepare, ReplicaId{0}, image, vote));
}

TEST_CASE("signatures: an image that ends like a signature is not taken apart wrongly") {
  const SodiumCrypto signer = member(ReplicaId{0}, 1), verifier = member(ReplicaId{1}, 2);
  const Signature vote = signer.sign(Statement::prepare, image);
  Bytes longer = image;
  longer.insert(longer.end(), vote.bytes.begin(), vote.bytes.end());
  const Signature of_longer = signer.sign(Statement::prepare, longer);
  REQUIRE(verifier.verify(Statement::prepare, ReplicaId{0}, longer, of_longer));
  CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, image, of_longer));
  CHECK_FALSE(verifier.verify(Statement::prepare, ReplicaId{0}, longer, vote));
}

TEST_CASE("signatures: votes belong to one cluster and epoch, requests to one cluster in any epoch") {
  KeyRing next = test_ring();
  next.epoch = Epoch{6};
  KeyRing elsewhere = test_ring();
  elsewhere.cluster.bytes[0] = 0;
  const Signature vote = member(ReplicaId{0}, 1).sign(Statement::prepare, image);
  const Signature request = member(ClientId{7}, 7).sign(Statement::request, image);
  CHECK_FALSE(member(ReplicaId{1}, 2, next).verify(Statement::prepare, ReplicaId{0}, image, vote));
  CHECK_FALSE(member(ReplicaId{1}, 2, elsewhere).verify(Statement::prepare, ReplicaId{0}, image, vote));
  CHECK(member(ReplicaId{1}, 2, next).verify(Statement::request, ClientId{7}, image, request));
  CHECK_FALSE(member(ReplicaId{1}, 2, elsewhere).verify(Statement::request, ClientId{7}, image, request));
}

TEST_CASE("signatures: a replica signs requests of its own, which every member verifies in any epoch") {
  KeyRing next = test_ring();
  next.epoch = Epoch{6};
  KeyRing elsewhere = test_ring();
  elsewhere.cluster.bytes[0] = 0;
  const SodiumCrypto replica = member(ReplicaId{2}, 3);
  const Signature request = replica.sign(Statement::request, image);
  CHECK(replica.verify(Statement::request, ReplicaId{2}, image, request));
  for (const KeyRing& ring : {test_ring(), next}) {
    const SodiumCrypto other = member(ReplicaId{1}, 2, ring);
    for (int i = 0; i < 2; ++i) CHECK(other.verify(Statement::request, ReplicaId{2}, image, request));
  }
  CHECK_FALSE(member(ReplicaId{1}, 2, elsewhere).verify(Statement::request, ReplicaId{2}, image, request));
}

TEST_CASE(
    "signatures: a replica's request passes for nothing else and no one else's, also when it is known") {
  KeyRing ring = test_ring();
  ring.clients[ClientId{2}] = secret_key(3).public_key();  // even under the very key
  ring.clients[core::client_of(ReplicaId{2})] = secret_key(3).public_key();
  const Signature request = member(ReplicaId{2}, 3, ring).sign(Statement::request, image);
  for (const bool already_known : {false, true}) {
    const SodiumCrypto verifier = member(ReplicaId{1}, 2, ring);
    if (already_known) CHECK(verifier.verify(Statement::request, ReplicaId{2}, image, request));
    for (const Statement other : {Statement::pre_prepare, Statement::prepare, Statement::commit,
                                  Statement::checkpoint, Statement::view_change, Statement::new_view}) {
      CHECK_FALSE(verifier.verify(other, ReplicaId{2}, image, request));
    }
    const std::vector<Identity> others{ReplicaId{1}, ClientId{2}, core::client_of(ReplicaId{2})};
    for (const Identity& other : others) {
      CHECK_FALSE(verifier.verify(Statement::request, other, image, request));
    }
  }
}

TEST_CASE(
    "signatures: whoever signs with a key that is not listed for it verifies nowhere, itself included") {
  const SodiumCrypto impostor = member(ReplicaId{0}, 99), stranger = member(ReplicaId{4}, 99);
  CHECK_FALSE(
      impostor.verify(Statement::prepare, ReplicaId{0}, image, impostor.sign(Statement::prepare, image)));
  CHECK_FALSE(
      stranger.verify(Statement::prepare, ReplicaId{4}, image, stranger.sign(Statement::prepare, image)));
}

TEST_CASE("signatures: a weak key in the ring verifies nothing, although the library is content") {
  // A + T, with T of order 8, behaves as A does whenever 8 divides k: every eighth signature is accepted by
  // some libraries for one reason, by others for another.
  const PublicKey weak{secret_key(3).public_key().bytes + torsion(1)};
  KeyRing ring = test_ring();
  ring.replicas[ReplicaId{2}] = weak;
  Bytes message = to_bytes("pbft-v1");
  message.insert(message.end(), ring.cluster.bytes.begin(), ring.cluster.bytes.end());
  const Bytes epoch_5_prepare_replica_2 = {1, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0};
  message.insert(message.end(), epoch_5_prepare_replica_2.begin(), epoch_5_prepare_replica_2.end());
  message.insert(message.end(), image.begin(), image.end());

  Scalar r = {1};
  while (challenge(times_base(r), weak.bytes, message)[0] % 8 != 0) ++r[0];
  const Signature forged = forged_signature(secret_key(3), weak, message, r, times_base(r));
  CHECK(crypto_sign_verify_detached(forged.bytes.data(), message.data(), message.size(), weak.bytes.data()) ==
        0);
  CHECK_FALSE(member(ReplicaId{1}, 2, ring).verify(Statement::prepare, ReplicaId{2}, image, forged));

  const Signature vote = member(ReplicaId{3}, 4, ring).sign(Statement::prepare, image);
  CHECK(member(ReplicaId{1}, 2, ring).verify(Statement::prepare, ReplicaId{3}, image, vote));
}

TEST_CASE("signatures: threads may sign and verify by one object") {
  const SodiumCrypto shared = member(ReplicaId{0}, 1);
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&shared, &good, t] {
      for (std::uint8_t i = 0; i < 50; ++i) {
        const Bytes content = {static_cast<std::uint8_t>(i % 10)};
        const Signature vote = shared.sign(Statement::commit, content);
        if (shared.verify(Statement::commit, ReplicaId{0}, content, vote)) ++good[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == std::vector<int>(4, 50));
}

TEST_CASE("key ring: holds every member's key, and the cluster's id") {
  ClusterConfig config;
  for (std::uint32_t i = 0; i < 4; ++i) {
    config.replicas.push_back(
        {ReplicaId{i}, "::1", 1, secret_key(static_cast<std::uint8_t>(i)).public_key()});
  }
  config.clients.push_back({ClientId{7}, secret_key(7).public_key()});
  const KeyRing ring = key_ring(config);
  CHECK(ring.cluster == cluster_id(config));
  CHECK(ring.epoch == Epoch{0});
  CHECK(ring.replicas.size() == 4);
  CHECK(ring.replicas.at(ReplicaId{3}) == secret_key(3).public_key());
  CHECK(ring.clients.at(ClientId{7}) == secret_key(7).public_key());
}
