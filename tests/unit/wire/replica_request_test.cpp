// Requests of replicas: sealed, sent and authenticated with the cryptography that really signs.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "core/authenticator.hpp"
#include "crypto/sodium.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

SecretKey key(std::uint8_t byte) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(byte);
  return SecretKey::from_seed(seed);
}

constexpr ReplicaId replica{2};
constexpr ClientId client{7};

/// Replicas 0..3 with the keys 1..4, and client 7 with the key 7.
crypto::KeyRing small_ring() {
  crypto::KeyRing ring;
  for (std::uint32_t r = 0; r < 4; ++r)
    ring.replicas[ReplicaId{r}] = key(static_cast<std::uint8_t>(r + 1)).public_key();
  ring.clients[client] = key(7).public_key();
  return ring;
}

crypto::SodiumCrypto member(Identity self, std::uint8_t own_key, const crypto::KeyRing& ring = small_ring()) {
  return crypto::SodiumCrypto(std::make_shared<crypto::KeyRing>(ring), self, key(own_key));
}

/// An open in the name of `who`, signed by `signer`.
RequestPtr open_of(ClientId who, const Crypto& signer) {
  RequestPtr request =
      wire::Sealer(signer, {}).seal({who, RequestKind::open, RequestNumber{1}, RequestNumber{17}, {}});
  REQUIRE(request);
  return request;
}

/// What replica 1 makes of a request that was sent to it.
std::string verdict_on(const RequestPtr& request, const crypto::KeyRing& ring = small_ring()) {
  const crypto::SodiumCrypto own = member(ReplicaId{1}, 2, ring);
  auto decoded = wire::decode(wire::encode(RequestMessage{request, 0}), {}, own);
  REQUIRE(std::holds_alternative<Message>(decoded));
  const auto verdict = Authenticator(own, Quorums(4)).authenticate(std::get<Message>(std::move(decoded)));
  const auto* refused = std::get_if<Rejection>(&verdict);
  return refused != nullptr ? name_of(*refused) : "authentic";
}

}  // namespace

TEST_CASE("replica's request: what the replica signs is authentic, directly and in a body") {
  const RequestPtr request = open_of(client_of(replica), member(replica, 3));
  CHECK(verdict_on(request) == "authentic");

  const crypto::SodiumCrypto own = member(ReplicaId{1}, 2);
  auto verdict = Authenticator(own, Quorums(4)).authenticate(BodyMessage{SeqNum{1}, some_body({request})});
  const Message message = std::get<AuthenticMessage>(std::move(verdict)).take();
  CHECK(std::get<BodyMessage>(message).body->requests_authentic);
}

TEST_CASE("replica's request: no client and no other replica can sign it, listed however they are") {
  crypto::KeyRing ring = small_ring();
  ring.clients[client_of(replica)] = key(7).public_key();  // no configuration may say so
  const crypto::SodiumCrypto as_listed = member(client_of(replica), 7, ring);
  CHECK(verdict_on(open_of(client_of(replica), member(client, 7))) == "bad_signature");
  CHECK(verdict_on(open_of(client_of(replica), as_listed), ring) == "bad_signature");
  CHECK(verdict_on(open_of(client_of(replica), member(replica, 7))) == "bad_signature");
  CHECK(verdict_on(open_of(client_of(replica), member(ReplicaId{3}, 4))) == "bad_signature");
}

TEST_CASE("replica's request: a replica signs for itself only") {
  const crypto::SodiumCrypto signer = member(replica, 3);
  CHECK(verdict_on(open_of(client, signer)) == "bad_signature");
  CHECK(verdict_on(open_of(ClientId{replica.value}, signer)) == "bad_signature");
  CHECK(verdict_on(open_of(client_of(ReplicaId{3}), signer)) == "bad_signature");
  CHECK(verdict_on(open_of(client_of(ReplicaId{4}), member(ReplicaId{4}, 3))) == "bad_signature");
  // No id wraps into that of a replica.
  for (const std::uint64_t above : {std::uint64_t{1} << 32, std::uint64_t{1} << 62}) {
    CHECK(verdict_on(open_of(ClientId{client_of(replica).value + above}, signer)) == "bad_signature");
  }
}

}  // namespace pbft::test
