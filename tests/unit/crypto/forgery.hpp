// Ed25519 with the parts exposed: what a dishonest holder of a key can make.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "core/crypto.hpp"
#include "crypto/sodium.hpp"
#include "testing.hpp"

namespace pbft::testing {

using Point = std::array<std::uint8_t, 32>;
using Scalar = std::array<std::uint8_t, 32>;

inline constexpr Point neutral = {1};

inline Point operator+(const Point& a, const Point& b) {
  Point sum;
  if (crypto_core_ed25519_add(sum.data(), a.data(), b.data()) != 0) throw std::invalid_argument("no point");
  return sum;
}

inline Point operator-(const Point& a, const Point& b) {
  Point difference;
  if (crypto_core_ed25519_sub(difference.data(), a.data(), b.data()) != 0)
    throw std::invalid_argument("no point");
  return difference;
}

/// k * T, where T generates the 8 points of small order.
inline Point torsion(int k) {
  const auto generator =
      array_from_hex<32>("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
  Point point = neutral;
  for (int i = 0; i < k; ++i) point = point + generator;
  return point;
}

inline Scalar reduced(BytesView bytes) {
  std::array<std::uint8_t, 64> wide{};
  std::copy(bytes.begin(), bytes.end(), wide.begin());
  Scalar scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  return scalar;
}

inline Point times_base(const Scalar& scalar) {
  Point product = neutral;
  if (scalar != Scalar{}) crypto_scalarmult_ed25519_base_noclamp(product.data(), scalar.data());
  return product;
}

inline Scalar challenge(BytesView point, BytesView key, BytesView message) {
  std::array<std::uint8_t, 64> digest;
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, point.data(), point.size());
  crypto_hash_sha512_update(&state, key.data(), key.size());
  crypto_hash_sha512_update(&state, message.data(), message.size());
  crypto_hash_sha512_final(&state, digest.data());
  return reduced(digest);
}

/// A signature with the given encoding of R and S = r + ka, where k is as of `claimed` as the public key.
inline core::Signature forged_signature(const SecretKey& secret, const PublicKey& claimed, BytesView message,
                                        const Scalar& r, const Point& encoded) {
  const Scalar a = reduced(crypto::x25519_of(secret).bytes);
  const Scalar k = challenge(encoded, claimed.bytes, message);
  Scalar s;
  crypto_core_ed25519_scalar_mul(s.data(), k.data(), a.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
  core::Signature signature;
  std::copy(encoded.begin(), encoded.end(), signature.bytes.begin());
  std::copy(s.begin(), s.end(), signature.bytes.begin() + 32);
  return signature;
}

}  // namespace pbft::testing
