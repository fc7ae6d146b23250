#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

#include "crypto/sodium.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;
using core::Identity;
using core::Tag;

namespace {

/// Replicas 0..3 with the keys 1..4, clients 7 and 8 with the keys 7 and 8.
KeyRing test_ring(std::uint8_t cluster = 0xc1) {
  KeyRing ring;
  ring.cluster.bytes.fill(cluster);
  for (std::uint32_t i = 0; i < 4; ++i) {
    ring.replicas[ReplicaId{i}] = secret_key(static_cast<std::uint8_t>(i + 1)).public_key();
  }
  for (std::uint8_t i = 7; i <= 8; ++i) ring.clients[ClientId{i}] = secret_key(i).public_key();
  return ring;
}

SodiumCrypto replica(std::uint32_t id, const KeyRing& ring = test_ring()) {
  return {std::make_shared<KeyRing>(ring), ReplicaId{id}, secret_key(static_cast<std::uint8_t>(id + 1))};
}
SodiumCrypto client(std::uint8_t id, const KeyRing& ring = test_ring()) {
  return {std::make_shared<KeyRing>(ring), ClientId{id}, secret_key(id)};
}

Digest counted() {
  Digest digest;
  for (std::uint8_t i = 0; i < 32; ++i) digest.bytes[i] = i;
  return digest;
}
const Digest request = counted();

}  // namespace

TEST_CASE("tags: as another implementation makes them") {
  // BLAKE2b-128 of the digest under BLAKE2b-256(key = X25519 secret, "pbft-v1 request tags" || cluster || 7
  // || 2).
  CHECK(to_hex(client(7).tag(ReplicaId{2}, request).bytes) == "687532e35bdfee97f6f8bfe3dda328f7");
}

TEST_CASE("tags: what a client makes for a replica holds there, again and again, and nowhere else") {
  const SodiumCrypto sender = client(7);
  for (std::uint32_t to = 0; to < 4; ++to) {
    const Tag tag = sender.tag(ReplicaId{to}, request);
    CHECK(sender.tag(ReplicaId{to}, request) == tag);
    for (std::uint32_t at = 0; at < 4; ++at) {
      const SodiumCrypto receiver = replica(at);
      for (int i = 0; i < 2; ++i) CHECK(receiver.holds(tag, ClientId{7}, request) == (at == to));
    }
  }
}

TEST_CASE("tags: not of another client, for another request, in another cluster, or with a bit changed") {
  const Tag tag = client(7).tag(ReplicaId{1}, request);
  const SodiumCrypto receiver = replica(1);
  CHECK_FALSE(receiver.holds(tag, ClientId{8}, request));
  CHECK_FALSE(receiver.holds(tag, ClientId{9}, request));  // not in the ring
  CHECK_FALSE(receiver.holds(tag, ClientId{1}, request));  // a replica's id
  CHECK_FALSE(replica(1, test_ring(0xc2)).holds(tag, ClientId{7}, request));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Digest other = request;
    other.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK_FALSE(receiver.holds(tag, ClientId{7}, other));
    if (bit >= 128) continue;
    Tag spoilt = tag;
    spoilt.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK_FALSE(receiver.holds(spoilt, ClientId{7}, request));
  }
}

TEST_CASE("tags: two clients share no key, whatever their ids") {
  KeyRing ring = test_ring();
  ring.clients[ClientId{7 + (std::uint64_t{1} << 32)}] = secret_key(9).public_key();
  const SodiumCrypto other(std::make_shared<KeyRing>(ring), ClientId{7 + (std::uint64_t{1} << 32)},
                           secret_key(9));
  const Tag tag = other.tag(ReplicaId{0}, request);
  CHECK_FALSE(replica(0, ring).holds(tag, ClientId{7}, request));
  CHECK(replica(0, ring).holds(tag, ClientId{7 + (std::uint64_t{1} << 32)}, request));
}

TEST_CASE("tags: a client whose listed key is not strong has none that hold, and clients check none") {
  KeyRing ring = test_ring();
  ring.clients[ClientId{7}] = PublicKey{};
  CHECK_FALSE(replica(1, ring).holds(client(7).tag(ReplicaId{1}, request), ClientId{7}, request));
  CHECK_FALSE(client(7).holds(client(7).tag(ReplicaId{1}, request), ClientId{7}, request));
}

TEST_CASE("tags: of all replicas' tags each takes its own, or none") {
  const std::vector<Tag> tags(3);
  CHECK(replica(2).ours(tags) == &tags[2]);
  CHECK(replica(3).ours(tags) == nullptr);
  CHECK(client(7).ours(tags) == nullptr);
}

TEST_CASE("tags: threads that need a key at the same time get the same one") {
  const Tag tag = client(7).tag(ReplicaId{1}, request);
  const SodiumCrypto receiver = replica(1);
  std::vector<int> held(4);
  std::vector<std::thread> threads;
  for (int& each : held) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) each += receiver.holds(tag, ClientId{7}, request) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int each : held) CHECK(each == 100);
}
