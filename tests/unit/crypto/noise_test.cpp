#include "crypto/noise.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "crypto/sodium.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;

namespace {

const Bytes prologue = to_bytes("a prologue");

X25519Public public_of(const X25519Secret& secret) {
  X25519Public image;
  crypto_scalarmult_base(image.data(), secret.data());
  return image;
}

Wiped<32> shared(const X25519Secret& own, const X25519Secret& other) {
  Wiped<32> secret;
  REQUIRE(crypto_scalarmult(secret.data(), own.data(), public_of(other).data()) == 0);
  return secret;
}

/// A side that follows the pattern step by step, so that it can lie in each.
struct ByHand {
  SymmetricState symmetric{"Noise_IK_25519_ChaChaPoly_BLAKE2b"};
  Bytes message;

  void begin(const X25519Public& ephemeral) {
    message.assign(ephemeral.begin(), ephemeral.end());
    symmetric.mix_hash(message);
  }
  void seal(BytesView content) { symmetric.encrypt_and_hash(content, message); }
};

const X25519Secret ephemeral = x25519_of(secret_key(3));

/// Two parties that are about to shake hands.
struct Pair {
  X25519Secret caller = x25519_of(secret_key(1));
  X25519Secret callee = x25519_of(secret_key(2));
  NoiseIK initiator = NoiseIK::initiator(prologue, caller, public_of(callee));
  NoiseIK responder = NoiseIK::responder(prologue, callee);

  /// Message 1 from claims, sealed with what is said to come of them.
  ByHand first_by_hand(const X25519Public& e, const Wiped<32>& es, const X25519Public& s, const Wiped<32>& ss,
                       BytesView payload = {}) const {
    ByHand side;
    side.symmetric.mix_hash(prologue);
    side.symmetric.mix_hash(public_of(callee));
    side.begin(e);
    side.symmetric.mix_key(es);
    side.seal(s);
    side.symmetric.mix_key(ss);
    side.seal(payload);
    return side;
  }
};

Bytes sealed(CipherState& cipher, BytesView plaintext) {
  Bytes out;
  cipher.seal(plaintext, out);
  return out;
}

std::optional<Bytes> opened(CipherState& cipher, BytesView ciphertext) {
  Bytes out;
  if (!cipher.open(ciphertext, out)) return std::nullopt;
  return out;
}

/// Points of order 1, 2, 4 and 8, canonical and not, and with the bit set that X25519 ignores.
std::vector<X25519Public> points_of_small_order() {
  std::vector<X25519Public> points;
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    points.push_back(array_from_hex<32>(hex));
    points.push_back(points.back());
    points.back()[31] |= 0x80;
  }
  return points;
}

}  // namespace

TEST_CASE("noise: both sides reproduce the published handshake, its hash and its transport messages") {
  int vectors = 0;
  const auto file = read_json("noise_ik_blake2b.json");
  for (const auto& vector : file.at("vectors")) {
    if (vector.at("protocol_name") != "Noise_IK_25519_ChaChaPoly_BLAKE2b") continue;
    ++vectors;
    const auto secret = [&](const char* name) { return X25519Secret(array_from_hex<32>(vector.at(name))); };
    const auto remote = array_from_hex<32>(vector.at("init_remote_static"));
    CHECK(public_of(secret("resp_static")) == remote);
    NoiseIK initiator =
        NoiseIK::initiator(from_hex(vector.at("init_prologue")), secret("init_static"), remote);
    NoiseIK responder = NoiseIK::responder(from_hex(vector.at("resp_prologue")), secret("resp_static"));
    initiator.fix_ephemeral(secret("init_ephemeral"));
    responder.fix_ephemeral(secret("resp_ephemeral"));

    const auto& messages = vector.at("messages");
    const auto payload = [&](std::size_t i) { return from_hex(messages.at(i).at("payload")); };
    const auto ciphertext = [&](std::size_t i) { return from_hex(messages.at(i).at("ciphertext")); };
    CHECK(initiator.write_first(payload(0)) == ciphertext(0));
    CHECK(responder.read_first(ciphertext(0)) == payload(0));
    CHECK(responder.remote_static() == public_of(secret("init_static")));
    CHECK(responder.write_second(payload(1)) == ciphertext(1));
    CHECK(initiator.read_second(ciphertext(1)) == payload(1));

    NoiseKeys caller = initiator.split();
    NoiseKeys callee = responder.split();
    CHECK(to_hex(caller.handshake_hash) == vector.at("handshake_hash").get<std::string>());
    CHECK(callee.handshake_hash == caller.handshake_hash);
    REQUIRE(messages.size() == 6);
    for (std::size_t i = 2; i < messages.size(); ++i) {  // the two sides take turns
      CHECK(sealed(i % 2 == 0 ? caller.send : callee.send, payload(i)) == ciphertext(i));
      CHECK(opened(i % 2 == 0 ? callee.receive : caller.receive, ciphertext(i)) == payload(i));
    }
  }
  CHECK(vectors == 1);
}

TEST_CASE("noise: members shake hands by the images of their Ed25519 keys") {
  const SecretKey caller = secret_key(1), callee = secret_key(2);
  NoiseIK initiator = NoiseIK::initiator(prologue, x25519_of(caller), x25519_of(callee.public_key()).value());
  NoiseIK responder = NoiseIK::responder(prologue, x25519_of(callee));
  REQUIRE(responder.read_first(initiator.write_first(to_bytes("hello"))) == to_bytes("hello"));
  CHECK(responder.remote_static() == x25519_of(caller.public_key()));
  REQUIRE(initiator.read_second(responder.write_second(to_bytes("welcome"))) == to_bytes("welcome"));
  NoiseKeys here = initiator.split(), there = responder.split();
  CHECK(opened(there.receive, sealed(here.send, to_bytes("up"))) == to_bytes("up"));
  CHECK(opened(here.receive, sealed(there.send, to_bytes("down"))) == to_bytes("down"));
}

TEST_CASE("noise: messages are longer than their payloads by the documented numbers") {
  for (const std::size_t size : {0u, 1u, 1000u}) {
    Pair pair;
    const Bytes first = pair.initiator.write_first(Bytes(size));
    CHECK(first.size() == size + NoiseIK::first_overhead);
    REQUIRE(pair.responder.read_first(first));
    CHECK(pair.responder.write_second(Bytes(size)).size() == size + NoiseIK::second_overhead);
  }
}

TEST_CASE("noise: no two handshakes share an ephemeral key or a hash") {
  Pair one, other;
  const Bytes first = one.initiator.write_first({});
  CHECK(other.initiator.write_first({}) != first);
  REQUIRE(one.responder.read_first(first));
  REQUIRE(other.responder.read_first(first));  // message 1 can be replayed
  one.responder.write_second({});
  other.responder.write_second({});
  CHECK(one.responder.split().handshake_hash != other.responder.split().handshake_hash);
}

TEST_CASE("noise: message 1 with any single bit flipped is refused") {
  Pair pair;
  const Bytes genuine = pair.initiator.write_first(to_bytes("payload"));
  for (std::size_t at = 0; at < genuine.size(); ++at) {
    for (int bit = 0; bit < 8; bit += at == 31 ? 1 : 7) {  // byte 31 holds the bit that X25519 ignores
      Bytes spoilt = genuine;
      spoilt[at] = static_cast<std::uint8_t>(spoilt[at] ^ (1 << bit));
      NoiseIK responder = NoiseIK::responder(prologue, pair.callee);
      CAPTURE(at);
      CHECK_FALSE(responder.read_first(spoilt));
      CHECK(responder.remote_static() == X25519Public{});
    }
  }
}

TEST_CASE("noise: message 2 with any single bit flipped is refused") {
  const auto begin = [&](Pair& pair) {
    pair.initiator.fix_ephemeral(ephemeral);
    return pair.initiator.write_first({});
  };
  Pair pair;
  REQUIRE(pair.responder.read_first(begin(pair)));
  const Bytes genuine = pair.responder.write_second(to_bytes("payload"));
  for (std::size_t at = 0; at < genuine.size(); ++at) {
    for (int bit = 0; bit < 8; bit += at == 31 ? 1 : 7) {
      Bytes spoilt = genuine;
      spoilt[at] = static_cast<std::uint8_t>(spoilt[at] ^ (1 << bit));
      Pair again;
      begin(again);
      CAPTURE(at);
      CHECK_FALSE(again.initiator.read_second(spoilt));
    }
  }
  CHECK(pair.initiator.read_second(genuine) == to_bytes("payload"));
}

TEST_CASE("noise: a message cut short, run long or empty is refused") {
  Pair pair;
  const Bytes first = pair.initiator.write_first(to_bytes("payload"));
  for (std::size_t size = 0; size < first.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(NoiseIK::responder(prologue, pair.callee).read_first(BytesView(first).first(size)));
  }
  Bytes longer = first;
  longer.push_back(0);
  CHECK_FALSE(NoiseIK::responder(prologue, pair.callee).read_first(longer));

  REQUIRE(pair.responder.read_first(first));
  const Bytes second = pair.responder.write_second(to_bytes("payload"));
  for (std::size_t size = 0; size < second.size(); ++size) {
    CAPTURE(size);
    Pair other;
    other.initiator.write_first({});
    CHECK_FALSE(other.initiator.read_second(BytesView(second).first(size)));
  }
}

TEST_CASE("noise: the longest message passes") {
  Pair pair;
  const Bytes payload(NoiseIK::max_message_bytes - NoiseIK::first_overhead, 7);
  CHECK(pair.responder.read_first(pair.initiator.write_first(payload)) == payload);
}

TEST_CASE("noise: a failed read is final, even if the genuine message follows") {
  Pair pair;
  const Bytes first = pair.initiator.write_first({});
  Bytes spoilt = first;
  spoilt.back() ^= 1;
  CHECK_FALSE(pair.responder.read_first(spoilt));
  CHECK_FALSE(pair.responder.read_first(first));
  CHECK_FALSE(pair.responder.read_first(first));

  NoiseIK responder = NoiseIK::responder(prologue, pair.callee);
  REQUIRE(responder.read_first(first));
  const Bytes second = responder.write_second({});
  CHECK_FALSE(pair.initiator.read_second({}));
  CHECK_FALSE(pair.initiator.read_second(second));
}

TEST_CASE("noise: who follows the pattern by hand, honestly, is understood") {
  Pair pair;
  const ByHand first = pair.first_by_hand(public_of(ephemeral), shared(ephemeral, pair.callee),
                                          public_of(pair.caller), shared(pair.caller, pair.callee));
  CHECK(pair.responder.read_first(first.message) == Bytes{});
  pair.initiator.fix_ephemeral(ephemeral);
  CHECK(pair.initiator.write_first({}) == first.message);
}

// Whoever names a point of small order knows what comes of it, zero, whatever the other side's secret: each
// message here is sealed with the right key.

TEST_CASE("noise: a caller whose ephemeral key has small order is refused") {
  for (const X25519Public& point : points_of_small_order()) {
    CAPTURE(to_hex(point));
    Pair pair;
    const ByHand first =
        pair.first_by_hand(point, Wiped<32>(), public_of(pair.caller), shared(pair.caller, pair.callee));
    CHECK_FALSE(pair.responder.read_first(first.message));
  }
}

TEST_CASE("noise: a caller whose static key has small order is refused") {
  for (const X25519Public& point : points_of_small_order()) {
    CAPTURE(to_hex(point));
    Pair pair;
    const ByHand first =
        pair.first_by_hand(public_of(ephemeral), shared(ephemeral, pair.callee), point, Wiped<32>());
    CHECK_FALSE(pair.responder.read_first(first.message));
  }
}

TEST_CASE("noise: an answer whose ephemeral key has small order is refused") {
  for (const X25519Public& point : points_of_small_order()) {
    CAPTURE(to_hex(point));
    Pair pair;
    pair.initiator.fix_ephemeral(ephemeral);
    pair.initiator.write_first({});
    ByHand answer = pair.first_by_hand(public_of(ephemeral), shared(ephemeral, pair.callee),
                                       public_of(pair.caller), shared(pair.caller, pair.callee));
    answer.begin(point);
    answer.symmetric.mix_key(Wiped<32>());  // ee
    answer.symmetric.mix_key(Wiped<32>());  // se
    answer.seal({});
    CHECK_FALSE(pair.initiator.read_second(answer.message));
  }
}

TEST_CASE("noise: a message longer than Noise allows is refused, although it is genuine") {
  for (const std::size_t excess : {0u, 1u}) {
    Pair pair;
    const ByHand first =
        pair.first_by_hand(public_of(ephemeral), shared(ephemeral, pair.callee), public_of(pair.caller),
                           shared(pair.caller, pair.callee),
                           Bytes(NoiseIK::max_message_bytes - NoiseIK::first_overhead + excess));
    CHECK(pair.responder.read_first(first.message).has_value() == (excess == 0));
  }
}

TEST_CASE("noise: sides with different prologues do not understand each other") {
  Pair pair;
  NoiseIK elsewhere = NoiseIK::responder(to_bytes("another prologue"), pair.callee);
  CHECK_FALSE(elsewhere.read_first(pair.initiator.write_first({})));
}

TEST_CASE("noise: nobody but the holder of the called key reads message 1, or answers it") {
  Pair pair;
  const Bytes first = pair.initiator.write_first({});
  NoiseIK impostor = NoiseIK::responder(prologue, x25519_of(secret_key(9)));
  CHECK_FALSE(impostor.read_first(first));

  NoiseIK called_instead = NoiseIK::initiator(prologue, pair.caller, public_of(x25519_of(secret_key(9))));
  NoiseIK other = NoiseIK::responder(prologue, x25519_of(secret_key(9)));
  REQUIRE(other.read_first(called_instead.write_first({})));
  CHECK_FALSE(pair.initiator.read_second(other.write_second({})));
}

TEST_CASE("noise: an answer to one call does not answer another") {
  Pair pair;
  REQUIRE(pair.responder.read_first(pair.initiator.write_first({})));
  const Bytes answer = pair.responder.write_second({});
  Pair later;
  later.initiator.write_first({});
  CHECK_FALSE(later.initiator.read_second(answer));
}

TEST_CASE("noise: who replays message 1 cannot go on") {
  Pair pair;
  const Bytes first = pair.initiator.write_first({});
  REQUIRE(pair.responder.read_first(first));
  REQUIRE(pair.initiator.read_second(pair.responder.write_second({})));
  NoiseKeys caller = pair.initiator.split();

  NoiseIK replayed = NoiseIK::responder(prologue, pair.callee);
  REQUIRE(replayed.read_first(first));
  replayed.write_second({});
  NoiseKeys callee = replayed.split();
  CHECK_FALSE(opened(callee.receive, sealed(caller.send, to_bytes("a record of the first link"))));
}

TEST_CASE("noise: calls out of order are a broken invariant") {
  CHECK(breaks_an_invariant([] { Pair().initiator.read_first({}); }));
  CHECK(breaks_an_invariant([] { Pair().initiator.read_second({}); }));
  CHECK(breaks_an_invariant([] { Pair().initiator.write_second({}); }));
  CHECK(breaks_an_invariant([] { Pair().initiator.split(); }));
  CHECK(breaks_an_invariant([] { Pair().responder.write_first({}); }));
  CHECK(breaks_an_invariant([] { Pair().responder.write_second({}); }));
  CHECK(breaks_an_invariant([] {
    Pair pair;
    pair.initiator.write_first({});
    pair.initiator.write_first({});
  }));
  CHECK(breaks_an_invariant([] {
    Pair pair;
    pair.responder.read_first({});
    pair.responder.write_second({});
  }));
  CHECK(breaks_an_invariant([] {
    Pair pair;
    pair.responder.read_first(pair.initiator.write_first({}));
    pair.responder.write_second({});
    pair.responder.split();
    pair.responder.split();
  }));
  CHECK_FALSE(breaks_an_invariant([] { Pair().initiator.write_first({}); }));
}

TEST_CASE("noise: a payload that makes a message too long is a broken invariant") {
  CHECK(breaks_an_invariant(
      [] { Pair().initiator.write_first(Bytes(NoiseIK::max_message_bytes - NoiseIK::first_overhead + 1)); }));
}
