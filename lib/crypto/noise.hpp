// Noise_IK_25519_ChaChaPoly_BLAKE2b (noiseprotocol.org, revision 34), from libsodium calls.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "pbft/types.hpp"

namespace pbft::crypto {

inline constexpr std::size_t x25519_bytes = 32;
using X25519Public = std::array<std::uint8_t, x25519_bytes>;

/// Secret; wiped when destroyed.
struct X25519Secret {
  std::array<std::uint8_t, x25519_bytes> bytes{};
  X25519Secret() = default;
  X25519Secret(const X25519Secret&) = default;
  X25519Secret& operator=(const X25519Secret&) = default;
  ~X25519Secret();
};

/// One direction of a finished handshake: ChaCha20-Poly1305 (RFC 8439), nonce counted from 0.
class CipherState {
 public:
  CipherState() = default;
  explicit CipherState(const std::array<std::uint8_t, 32>& key) : key_(key) {}
  ~CipherState();
  CipherState(const CipherState&) = default;
  CipherState& operator=(const CipherState&) = default;
  static constexpr std::size_t tag_bytes = 16;

  /// Appends plaintext.size() + tag_bytes to `out`.
  void seal(BytesView plaintext, Bytes& out);
  /// Appends ciphertext.size() - tag_bytes to `out`; false, with `out` as it was, if it is not genuine.
  bool open(BytesView ciphertext, Bytes& out);

 private:
  std::array<std::uint8_t, 32> key_{};
  std::uint64_t nonce_ = 0;
};

struct NoiseKeys {
  CipherState send;
  CipherState receive;
  std::array<std::uint8_t, 64> handshake_hash{};
};

/// The two-message IK handshake, one side of it. Message 1: e, es, s, ss, payload. Message 2: e, ee, se, payload.
class NoiseIK {
 public:
  static NoiseIK initiator(BytesView prologue, const X25519Secret& own_static, const X25519Public& remote_static);
  static NoiseIK responder(BytesView prologue, const X25519Secret& own_static);
  /// For the published vectors: uses this ephemeral secret instead of a random one.
  void fix_ephemeral(const X25519Secret& ephemeral);

  // Initiator: write_first, then read_second. Responder: read_first, then write_second.
  Bytes write_first(BytesView payload);
  std::optional<Bytes> read_first(BytesView message);   ///< Payload; nullopt if not genuine.
  Bytes write_second(BytesView payload);
  std::optional<Bytes> read_second(BytesView message);
  /// Responder, after read_first: who called. Compare with the admitted keys.
  const X25519Public& remote_static() const { return remote_static_; }
  NoiseKeys split() const;  ///< After the second message.

  static constexpr std::size_t first_overhead = 32 + 48 + 16;  ///< Bytes of message 1 beyond its payload.
  static constexpr std::size_t second_overhead = 32 + 16;

 private:
  // Owner of this file: the private part is yours.
  X25519Public remote_static_{};
};

}  // namespace pbft::crypto
