// What both sides of a Noise handshake hash and mix in step (revision 34, 5.2), with BLAKE2b.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "crypto/cipher_state.hpp"
#include "crypto/wiped.hpp"
#include "pbft/types.hpp"

namespace pbft::crypto {

class SymmetricState {
 public:
  static constexpr std::size_t hash_bytes = 64;
  using Hash = std::array<std::uint8_t, hash_bytes>;

  /// REQUIRES: protocol_name.size() <= hash_bytes.
  explicit SymmetricState(std::string_view protocol_name);
  void mix_hash(BytesView data);
  void mix_key(const Wiped<32>& shared_secret);
  /// Appends to `out`. REQUIRES, as of the next: mix_key came before.
  void encrypt_and_hash(BytesView plaintext, Bytes& out);
  /// Appends to `out`; false, with `out` as it was, if the ciphertext is not genuine.
  bool decrypt_and_hash(BytesView ciphertext, Bytes& out);
  /// The initiator's sending direction first. REQUIRES: called once.
  std::pair<CipherState, CipherState> split();
  /// Covers all that was mixed and sent so far.
  const Hash& handshake_hash() const { return hash_; }

 private:
  Wiped<hash_bytes> chaining_key_;
  Hash hash_{};
  CipherState cipher_;
};

}  // namespace pbft::crypto
