#include "crypto/strict_verifier.hpp"

#include <sodium.h>

#include <algorithm>

#include "crypto/sodium.hpp"

namespace pbft::crypto {

namespace {

using Encoded = std::array<std::uint8_t, 32>;  // a point or a scalar, little-endian

constexpr std::uint8_t sign_bit = 0x80;  // of a point's last byte: the parity of x

/// L - 1, where L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032, 5.1).
constexpr Encoded order_minus_one = {0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                     0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                     0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// 2^255 - 20, the largest canonical coordinate.
constexpr Encoded largest_coordinate = {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

constexpr Encoded one = {1};

bool at_most(const Encoded& number, const Encoded& bound) {
  return !std::lexicographical_compare(bound.rbegin(), bound.rend(), number.rbegin(), number.rend());
}

struct Halves {
  Encoded point;   // R
  Encoded scalar;  // S
};

Halves halves_of(const core::Signature& signature) {
  Halves halves;
  std::copy_n(signature.bytes.begin(), 32, halves.point.begin());
  std::copy_n(signature.bytes.begin() + 32, 32, halves.scalar.begin());
  return halves;
}

Encoded coordinate_of(Encoded point) {
  point[31] &= static_cast<std::uint8_t>(~sign_bit);
  return point;
}

/// Of the empty message, under the key of the all-zero seed: S = 1 + ka, but R = B + T with T of order 8.
/// Only a library that multiplies by the cofactor accepts it.
constexpr core::Signature cofactor_probe = {
    {0x98, 0x51, 0x9e, 0xad, 0xf3, 0x5b, 0x99, 0x52, 0x33, 0xb5, 0x1b, 0x5c, 0xd2, 0x3e, 0x9c, 0xc5,
     0xa2, 0x8b, 0x63, 0x9b, 0x5a, 0x4a, 0xf0, 0xec, 0x90, 0x3c, 0xb9, 0x60, 0xd8, 0x1b, 0x78, 0x19,
     0xd4, 0x50, 0x02, 0x74, 0xb4, 0x4e, 0xc6, 0x29, 0xb5, 0x5e, 0x04, 0xa3, 0xea, 0xac, 0xb3, 0x51,
     0x34, 0x73, 0x91, 0xf6, 0x96, 0x92, 0x2c, 0x70, 0x4b, 0x9f, 0x3e, 0x67, 0xb8, 0x91, 0x7b, 0x03}};

}  // namespace

// crypto_core_ed25519_is_valid_point would not do: up to 1.0.20 it lets points of order 2L pass
// (CVE-2025-69277). [L-1]P = -P holds for points of order L and for the neutral element, which the
// multiplication refuses. The bytes are compared, so only the canonical encoding passes.
bool is_prime_order_point(const Encoded& encoded) {
  ensure_sodium();
  Encoded negated = encoded;
  negated[31] ^= sign_bit;
  Encoded product;
  return crypto_scalarmult_ed25519_noclamp(product.data(), order_minus_one.data(), encoded.data()) == 0 &&
         product == negated;
}

StrictVerifier::StrictVerifier(Library library) : library_(library) {
  ensure_sodium();
  const PublicKey key = SecretKey::from_seed({}).public_key();
  multiplies_by_cofactor_ = library_(cofactor_probe.bytes.data(), nullptr, 0, key.bytes.data()) == 0;
}

bool StrictVerifier::operator()(const PublicKey& key, BytesView message,
                                const core::Signature& signature) const {
  const auto [point, scalar] = halves_of(signature);
  const Encoded y = coordinate_of(point);
  // y = 1 is the neutral element, the one small-order R that SB - kA can equal.
  if (!at_most(scalar, order_minus_one) || !at_most(y, largest_coordinate) || y == one) return false;
  if (library_(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) != 0) return false;
  // Without the cofactor R equals SB - kA, which has prime order as A has. With it R may hide a part of
  // small order.
  return !multiplies_by_cofactor_ || is_prime_order_point(point);
}

}  // namespace pbft::crypto
