// One verdict on every Ed25519 signature, whichever libsodium is installed.
#pragma once

#include "core/crypto.hpp"
#include "pbft/config.hpp"

namespace pbft::crypto {

/// Canonical encoding of a curve point of the prime order, L: not of small order, and with no part of small
/// order. Takes as long as a few signatures.
bool is_prime_order_point(const std::array<std::uint8_t, 32>& encoded);

/// Replicas must judge signatures alike although their libsodium may not. Releases compare R with SB - kA;
/// the main branch only compares after multiplying by the cofactor 8; builds with ED25519_COMPAT also admit
/// small-order points and some S above L. These readings agree (RFC 8032, 5.1.7, allows both equations) once
/// A and R have prime order, R is canonical and S < L: the ring vouches for A, this class sees to R and S.
class StrictVerifier {
 public:
  /// Same contract as crypto_sign_verify_detached: (signature, message, size, public key), 0 if it accepts.
  using Library = int (*)(const unsigned char*, const unsigned char*, unsigned long long,
                          const unsigned char*);

  explicit StrictVerifier(Library library);
  /// REQUIRES: `key` has prime order (is_strong).
  bool operator()(const PublicKey& key, BytesView message, const core::Signature& signature) const;

 private:
  Library library_;
  bool multiplies_by_cofactor_;
};

}  // namespace pbft::crypto
