#include "crypto/cipher_state.hpp"

#include <sodium.h>

#include <utility>

#include "core/check.hpp"

namespace pbft::crypto {

namespace {

using Nonce = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

/// Noise revision 34, 12.3: 32 bits of zeros, then the counter, little-endian.
Nonce nonce_of(std::uint64_t records) {
  Nonce nonce{};
  for (std::size_t at = 4; at < nonce.size(); ++at, records >>= 8) {
    nonce[at] = static_cast<std::uint8_t>(records);
  }
  return nonce;
}

}  // namespace

CipherState::CipherState(CipherState&& other) noexcept
    : key_(other.key_), records_(std::exchange(other.records_, max_records)) {
  wipe(other.key_.data(), other.key_.bytes.size());
}

CipherState& CipherState::operator=(CipherState&& other) noexcept {
  if (this == &other) return *this;
  key_ = other.key_;
  records_ = std::exchange(other.records_, max_records);
  wipe(other.key_.data(), other.key_.bytes.size());
  return *this;
}

void CipherState::seal(BytesView plaintext, Bytes& out, BytesView associated) {
  PBFT_CHECK(!is_exhausted());
  const std::size_t start = out.size();
  out.resize(start + plaintext.size() + tag_bytes);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data() + start, nullptr, plaintext.data(), plaintext.size(),
                                            associated.data(), associated.size(), nullptr,
                                            nonce_of(records_).data(), key_.data());
  ++records_;
}

bool CipherState::open(BytesView ciphertext, Bytes& out, BytesView associated) {
  if (is_exhausted() || ciphertext.size() < tag_bytes) return false;
  const std::size_t start = out.size();
  out.resize(start + ciphertext.size() - tag_bytes);
  const int failed = crypto_aead_chacha20poly1305_ietf_decrypt(
      out.data() + start, nullptr, nullptr, ciphertext.data(), ciphertext.size(), associated.data(),
      associated.size(), nonce_of(records_).data(), key_.data());
  if (failed != 0) {
    out.resize(start);
    return false;
  }
  ++records_;
  return true;
}

}  // namespace pbft::crypto
