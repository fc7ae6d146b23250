#include "crypto/noise_symmetric.hpp"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "core/check.hpp"

namespace pbft::crypto {

namespace {

using Secret = Wiped<SymmetricState::hash_bytes>;

constexpr std::size_t block_bytes = 128;  // of BLAKE2b
using Block = Wiped<block_bytes>;

BytesView view_of(const Secret& secret) { return secret.bytes; }

void blake2b(std::initializer_list<BytesView> parts, std::uint8_t* out) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, SymmetricState::hash_bytes);
  for (const BytesView part : parts) crypto_generichash_update(&state, part.data(), part.size());
  crypto_generichash_final(&state, out, SymmetricState::hash_bytes);
  wipe(&state, sizeof state);
}

Block padded(const Secret& key, std::uint8_t pad) {
  Block block;
  std::copy(key.bytes.begin(), key.bytes.end(), block.bytes.begin());
  for (std::uint8_t& byte : block.bytes) byte ^= pad;
  return block;
}

/// RFC 2104 over plain BLAKE2b: what Noise asks for, not BLAKE2b's own keyed mode.
Secret hmac(const Secret& key, std::initializer_list<BytesView> parts) {
  const Block inner_pad = padded(key, 0x36);
  const Block outer_pad = padded(key, 0x5c);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, SymmetricState::hash_bytes);
  crypto_generichash_update(&state, inner_pad.data(), block_bytes);
  for (const BytesView part : parts) crypto_generichash_update(&state, part.data(), part.size());
  Secret inner;
  crypto_generichash_final(&state, inner.data(), inner.bytes.size());
  wipe(&state, sizeof state);
  Secret outer;
  blake2b({outer_pad.bytes, inner.bytes}, outer.data());
  return outer;
}

/// Noise revision 34, 4.3, with two outputs.
std::pair<Secret, Secret> hkdf(const Secret& chaining_key, BytesView input) {
  constexpr std::uint8_t first_label[] = {1};
  constexpr std::uint8_t second_label[] = {2};
  const Secret temporary = hmac(chaining_key, {input});
  const Secret first = hmac(temporary, {first_label});
  return {first, hmac(temporary, {view_of(first), second_label})};
}

CipherState cipher_from(const Secret& secret) {
  Wiped<32> key;
  std::copy_n(secret.bytes.begin(), key.bytes.size(), key.bytes.begin());  // HASHLEN is 64: truncated
  return CipherState(key.bytes);
}

}  // namespace

SymmetricState::SymmetricState(std::string_view protocol_name) {
  PBFT_CHECK(protocol_name.size() <= hash_bytes);
  std::copy(protocol_name.begin(), protocol_name.end(), hash_.begin());
  chaining_key_.bytes = hash_;
}

void SymmetricState::mix_hash(BytesView data) { blake2b({hash_, data}, hash_.data()); }

void SymmetricState::mix_key(const Wiped<32>& shared_secret) {
  const auto [chaining_key, key] = hkdf(chaining_key_, shared_secret.bytes);
  chaining_key_ = chaining_key;
  cipher_ = cipher_from(key);
}

void SymmetricState::encrypt_and_hash(BytesView plaintext, Bytes& out) {
  const std::size_t start = out.size();
  cipher_.seal(plaintext, out, hash_);
  mix_hash(BytesView(out).subspan(start));
}

bool SymmetricState::decrypt_and_hash(BytesView ciphertext, Bytes& out) {
  if (!cipher_.open(ciphertext, out, hash_)) return false;
  mix_hash(ciphertext);
  return true;
}

std::pair<CipherState, CipherState> SymmetricState::split() {
  const auto [first, second] = hkdf(chaining_key_, {});
  wipe(chaining_key_.data(), chaining_key_.bytes.size());
  return {cipher_from(first), cipher_from(second)};
}

}  // namespace pbft::crypto
