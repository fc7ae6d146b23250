// Noise_IK_25519_ChaChaPoly_BLAKE2b (noiseprotocol.org, revision 34), from libsodium calls.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "crypto/cipher_state.hpp"
#include "crypto/noise_symmetric.hpp"
#include "crypto/wiped.hpp"
#include "pbft/types.hpp"

namespace pbft::crypto {

inline constexpr std::size_t x25519_bytes = 32;
using X25519Public = std::array<std::uint8_t, x25519_bytes>;

/// Secret; wiped when destroyed.
struct X25519Secret : Wiped<x25519_bytes> {
  using Wiped::Wiped;
};

struct NoiseKeys {
  CipherState send;
  CipherState receive;
  std::array<std::uint8_t, 64> handshake_hash{};  ///< Equal on both sides, and in no other handshake.
};

/// The two-message IK handshake, one side of it. Message 1: e, es, s, ss, payload. Message 2: e, ee, se,
/// payload. Calls out of order are a broken invariant. After a failed read every later read fails as well,
/// and nothing else may be called. Message 1 can be replayed, and its payload has no forward secrecy: only
/// the first record of the initiator proves that it is there.
class NoiseIK {
 public:
  static constexpr std::size_t max_message_bytes = 65535;
  static constexpr std::size_t first_overhead = 32 + 48 + 16;  ///< Bytes of message 1 beyond its payload.
  static constexpr std::size_t second_overhead = 32 + 16;      ///< The same of message 2.

  /// REQUIRES: `remote_static` is the image of a strong key (x25519_of).
  static NoiseIK initiator(BytesView prologue, const X25519Secret& own_static,
                           const X25519Public& remote_static);
  static NoiseIK responder(BytesView prologue, const X25519Secret& own_static);
  NoiseIK(NoiseIK&&) = default;
  NoiseIK& operator=(NoiseIK&&) = default;

  /// For the published vectors: uses this ephemeral secret instead of a random one.
  void fix_ephemeral(const X25519Secret& ephemeral) { ephemeral_ = ephemeral; }

  // Initiator: write_first, then read_second. Responder: read_first, then write_second. A written message may
  // not exceed max_message_bytes; a longer one that arrives is not genuine.
  Bytes write_first(BytesView payload);
  std::optional<Bytes> read_first(BytesView message);  ///< Payload; nullopt if not genuine.
  Bytes write_second(BytesView payload);
  std::optional<Bytes> read_second(BytesView message);  ///< Payload; nullopt if not genuine.

  /// Initiator: whom it calls. Responder, after read_first returned a payload: who called, to be compared
  /// with the admitted keys; zero before.
  const X25519Public& remote_static() const { return remote_static_; }
  /// The keys of both directions, once, after the second message.
  NoiseKeys split();

 private:
  enum class Step : std::uint8_t { write_first, read_first, write_second, read_second, split, over, failed };

  NoiseIK(Step step, BytesView prologue, const X25519Secret& own_static,
          const X25519Public& responder_static);
  bool mix_shared(const X25519Secret& own, const X25519Public& remote);
  Bytes write_ephemeral(std::size_t overhead, BytesView payload);
  bool begin_read(BytesView message, Step expected, std::size_t overhead);

  Step step_;
  bool is_initiator_;
  SymmetricState symmetric_;
  X25519Secret own_static_;
  std::optional<X25519Secret> ephemeral_;
  X25519Public own_static_public_{};
  X25519Public remote_static_{};
  X25519Public remote_ephemeral_{};
};

}  // namespace pbft::crypto
