// Libraries judge Ed25519 signatures by different equations. These tests put the strict verifier on top of
// each, and hold that its verdict is always the same.
#include "crypto/strict_verifier.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <cstring>
#include <optional>

#include "crypto/sodium.hpp"
#include "forgery.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;

namespace {

const SecretKey secret = secret_key(1);
const PublicKey key = secret.public_key();
const Bytes message = to_bytes("message");

/// What the holder of `secret` can make of R = rB, whatever encoding it gives for R.
core::Signature forged(const Scalar& r, const Point& encoded) {
  return forged_signature(secret, key, message, r, encoded);
}

core::Signature forged(const Scalar& r, int torsion_part) {
  return forged(r, times_base(r) + torsion(torsion_part));
}

core::Signature genuine() {
  core::Signature signature;
  const auto seed = secret.seed();
  std::array<std::uint8_t, 64> expanded;
  Point unused;
  crypto_sign_seed_keypair(unused.data(), expanded.data(), seed.data());
  crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(), expanded.data());
  return signature;
}

/// S + L: the same number to whoever reduces it.
core::Signature with_larger_scalar(core::Signature signature) {
  const auto order = array_from_hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += signature.bytes[32 + i] + unsigned{order[i]};
    signature.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return signature;
}

// ---- Libraries as lenient as may be ---------------------------------------------------------------------

/// SB - kA, with any S.
Point expected_point(const unsigned char* signature, BytesView text, const unsigned char* public_key) {
  Point product;
  const Scalar k = challenge({signature, 32}, {public_key, 32}, text);
  REQUIRE(crypto_scalarmult_ed25519_noclamp(product.data(), k.data(), public_key) == 0);
  return times_base(reduced({signature + 32, 32})) - product;
}

std::optional<Point> error_of(const unsigned char* signature, BytesView text,
                              const unsigned char* public_key) {
  Point point, checked;
  std::copy_n(signature, 32, point.begin());
  if (crypto_core_ed25519_add(checked.data(), point.data(), neutral.data()) != 0) return std::nullopt;
  return expected_point(signature, text, public_key) - point;
}

int compares_bytes(const unsigned char* signature, const unsigned char* text, unsigned long long size,
                   const unsigned char* public_key) {
  const Point expected = expected_point(signature, {text, size}, public_key);
  return std::memcmp(expected.data(), signature, expected.size()) == 0 ? 0 : -1;
}

int compares_points(const unsigned char* signature, const unsigned char* text, unsigned long long size,
                    const unsigned char* public_key) {
  const auto error = error_of(signature, {text, size}, public_key);
  return error && *error == neutral ? 0 : -1;
}

int multiplies_by_cofactor(const unsigned char* signature, const unsigned char* text, unsigned long long size,
                           const unsigned char* public_key) {
  const auto error = error_of(signature, {text, size}, public_key);
  if (!error) return -1;
  const Point doubled = *error + *error;
  const Point fourfold = doubled + doubled;
  return fourfold + fourfold == neutral ? 0 : -1;
}

constexpr std::array<StrictVerifier::Library, 4> libraries = {crypto_sign_verify_detached, compares_bytes,
                                                              compares_points, multiplies_by_cofactor};

bool accepts(StrictVerifier::Library library, const core::Signature& signature) {
  return library(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

/// The strict verdict, which must not depend on the library.
bool verdict(const core::Signature& signature) {
  const bool first = StrictVerifier(libraries[0])(key, message, signature);
  for (const auto library : libraries) CHECK(StrictVerifier(library)(key, message, signature) == first);
  return first;
}

constexpr Scalar two = {2};

}  // namespace

TEST_CASE("verdict: a genuine signature is good with every library") {
  CHECK(verdict(genuine()));
  CHECK(verdict(forged(two, 0)));  // any r will do: that it be secret is the signer's care
}

TEST_CASE("verdict: a genuine signature with any byte changed is bad with every library") {
  for (std::size_t at = 0; at < 64; at += 9) {
    core::Signature signature = genuine();
    signature.bytes[at] ^= 1;
    CHECK_FALSE(verdict(signature));
  }
}

TEST_CASE("verdict: R with a part of small order is bad, also where the cofactor hides that part") {
  for (int part = 1; part < 8; ++part) {
    CAPTURE(part);
    CHECK(accepts(multiplies_by_cofactor, forged(two, part)));
    CHECK_FALSE(accepts(compares_bytes, forged(two, part)));
    CHECK_FALSE(verdict(forged(two, part)));
  }
}

TEST_CASE("verdict: R of small order is bad, also where libraries let it pass") {
  CHECK(accepts(compares_bytes, forged(Scalar{}, 0)));
  for (int part = 0; part < 8; ++part) {
    CAPTURE(part);
    CHECK(accepts(multiplies_by_cofactor, forged(Scalar{}, part)));
    CHECK_FALSE(verdict(forged(Scalar{}, part)));
  }
}

TEST_CASE("verdict: R not in its canonical encoding is bad, also where libraries compare points") {
  CHECK(accepts(compares_points, forged({}, array_from_hex<32>("eeffffffffffffffffffffffffffffff"
                                                               "ffffffffffffffffffffffffffffff7f"))));
  for (const char* encoded : {"0100000000000000000000000000000000000000000000000000000000000080",
                              "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    CAPTURE(encoded);
    CHECK_FALSE(verdict(forged({}, array_from_hex<32>(encoded))));
  }
}

TEST_CASE("verdict: S not below L is bad, also where libraries reduce it") {
  CHECK(accepts(compares_bytes, with_larger_scalar(genuine())));
  CHECK_FALSE(verdict(with_larger_scalar(genuine())));
  CHECK_FALSE(verdict(with_larger_scalar(with_larger_scalar(genuine()))));
}

TEST_CASE(
    "scenario 38: verdict: each published edge case is bad, by its key, its R or its S, with every library") {
  const auto file = read_json("ed25519_speccheck.json");
  CHECK(file.at("cases").size() == 13);
  int refused_by_signature = 0;
  for (const auto& edge : file.at("cases")) {
    const PublicKey suspect{array_from_hex<32>(edge.at("pub_key"))};
    const core::Signature signature{array_from_hex<64>(edge.at("signature"))};
    const Bytes text = from_hex(edge.at("message"));
    CAPTURE(edge.dump());
    if (!is_strong(suspect)) continue;
    ++refused_by_signature;
    for (const auto library : libraries) CHECK_FALSE(StrictVerifier(library)(suspect, text, signature));
  }
  CHECK(refused_by_signature == 2);  // the others by their key
}

TEST_CASE("scenario 38: verdict: the installed library judges the published edge cases as was measured") {
  if (std::string(sodium_version_string()) != "1.0.18") return;
  const auto file = read_json("ed25519_speccheck.json");
  for (const auto& edge : file.at("cases")) {
    const Bytes weak = from_hex(edge.at("pub_key")), signature = from_hex(edge.at("signature")),
                text = from_hex(edge.at("message"));
    CAPTURE(edge.dump());
    CHECK((crypto_sign_verify_detached(signature.data(), text.data(), text.size(), weak.data()) == 0) ==
          edge.at("libsodium_1_0_18_accepts").get<bool>());
  }
}

TEST_CASE("keys: one with a part of small order is not strong") {
  CHECK(is_strong(key));
  for (int part = 1; part < 8; ++part) {  // part 4, of order 2, passes libsodium's own check up to 1.0.20
    CAPTURE(part);
    CHECK_FALSE(is_strong({key.bytes + torsion(part)}));
  }
}

TEST_CASE("keys: one of small order, not canonical or off the curve is not strong") {
  for (int part = 0; part < 8; ++part) CHECK_FALSE(is_strong({torsion(part)}));
  for (int y = 0; y < 19; ++y) {  // 2^255 - 19 + y
    Point encoded;
    encoded.fill(0xff);
    encoded[0] = static_cast<std::uint8_t>(0xed + y);
    CHECK_FALSE(is_strong({encoded}));
    encoded[31] = 0x7f;
    CHECK_FALSE(is_strong({encoded}));
  }
  int off_the_curve = 0;
  for (std::uint8_t y = 2; y < 32; ++y) {
    Point encoded = {y}, sum;
    if (crypto_core_ed25519_add(sum.data(), encoded.data(), neutral.data()) == 0) continue;
    ++off_the_curve;
    CHECK_FALSE(is_strong({encoded}));
  }
  CHECK(off_the_curve > 0);
}
