// Records under one key: sealed here, opened there, each once and in order.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/wiped.hpp"
#include "pbft/types.hpp"

namespace pbft::crypto {

/// ChaCha20-Poly1305 (RFC 8439) whose nonce counts the records
/// under one key (Noise revision 34, 5.1). Move-only: two copies would use one nonce twice. One made by
/// default or moved from opens nothing and may not seal. Any thread, one at a time.
class CipherState {
 public:
  static constexpr std::size_t tag_bytes = 16;
  /// Noise keeps the last nonce for rekeying: this many records a direction, then it is over.
  static constexpr std::uint64_t max_records = ~std::uint64_t{0};

  CipherState() = default;
  /// `records`: sealed or opened before.
  explicit CipherState(const std::array<std::uint8_t, 32>& key, std::uint64_t records = 0)
      : key_(key), records_(records) {}
  CipherState(CipherState&& other) noexcept;
  CipherState& operator=(CipherState&& other) noexcept;
  CipherState(const CipherState&) = delete;
  CipherState& operator=(const CipherState&) = delete;

  bool is_exhausted() const { return records_ == max_records; }
  /// Appends plaintext.size() + tag_bytes to `out`. `plaintext` may not lie in `out`. `associated` is covered
  /// by the tag only. REQUIRES: not exhausted.
  void seal(BytesView plaintext, Bytes& out, BytesView associated = {});
  /// Appends ciphertext.size() - tag_bytes to `out`; false, with `out` as it was, if it is not genuine, not
  /// the next in order, or this is exhausted. `ciphertext` may not lie in `out`.
  bool open(BytesView ciphertext, Bytes& out, BytesView associated = {});

 private:
  Wiped<32> key_;
  std::uint64_t records_ = max_records;
};

}  // namespace pbft::crypto
