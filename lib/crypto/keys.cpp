// Identities: Ed25519 keys, their text form and their X25519 images.
#include <sodium.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "crypto/sodium.hpp"
#include "crypto/strict_verifier.hpp"
#include "crypto/wiped.hpp"

namespace pbft {

namespace {

using ExpandedKey = crypto::Wiped<crypto_sign_SECRETKEYBYTES>;

std::optional<std::uint8_t> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::uint8_t>(digit - 'A' + 10);
  return std::nullopt;
}

Error bad_key(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

}  // namespace

SecretKey SecretKey::generate() {
  crypto::ensure_sodium();
  SecretKey key;
  randombytes_buf(key.seed_.data(), key.seed_.size());
  return key;
}

SecretKey SecretKey::from_seed(const std::array<std::uint8_t, 32>& seed) {
  SecretKey key;
  key.seed_ = seed;
  return key;
}

SecretKey::~SecretKey() { crypto::wipe(seed_.data(), seed_.size()); }

PublicKey SecretKey::public_key() const {
  crypto::ensure_sodium();
  PublicKey key;
  ExpandedKey expanded;
  crypto_sign_seed_keypair(key.bytes.data(), expanded.data(), seed_.data());
  return key;
}

std::string to_text(const PublicKey& key) { return to_hex(key.bytes); }

Result<PublicKey> public_key_from_text(const std::string& hex) {
  PublicKey key;
  const std::size_t digits = 2 * key.bytes.size();
  if (hex.size() != digits) {
    return bad_key("a public key is " + std::to_string(digits) + " hexadecimal digits, not " +
                   std::to_string(hex.size()) + " characters");
  }
  for (std::size_t at = 0; at < digits; ++at) {
    const auto value = hex_value(hex[at]);
    if (!value) return bad_key("character " + std::to_string(at + 1) + " is not a hexadecimal digit");
    std::uint8_t& byte = key.bytes[at / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | *value);
  }
  if (!crypto::is_strong(key)) return bad_key("not a sound Ed25519 public key: make one with `pbft keygen`");
  return key;
}

namespace crypto {

// A process with a thousand clients looks at the same thousand keys for each of them.
bool is_strong(const PublicKey& key) {
  constexpr std::size_t most_remembered = 1 << 14;
  static std::mutex mutex;
  static std::set<PublicKey> strong;  // of those asked for lately
  {
    const std::lock_guard lock(mutex);
    if (strong.contains(key)) return true;
  }
  if (!is_prime_order_point(key.bytes)) return false;
  const std::lock_guard lock(mutex);
  if (strong.size() >= most_remembered) strong.clear();
  strong.insert(key);
  return true;
}

X25519Secret x25519_of(const SecretKey& key) {
  ensure_sodium();
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> unused;
  ExpandedKey expanded;
  crypto_sign_seed_keypair(unused.data(), expanded.data(), key.seed().data());
  X25519Secret secret;
  crypto_sign_ed25519_sk_to_curve25519(secret.bytes.data(), expanded.data());
  return secret;
}

std::optional<X25519Public> x25519_of(const PublicKey& key) {
  X25519Public image;
  if (!is_strong(key) || crypto_sign_ed25519_pk_to_curve25519(image.data(), key.bytes.data()) != 0) {
    return std::nullopt;
  }
  return image;
}

}  // namespace crypto
}  // namespace pbft
