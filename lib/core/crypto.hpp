// What the core needs of cryptography: pure functions, injected. Same arguments, same answer.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "pbft/types.hpp"

namespace pbft::core {

struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  constexpr auto operator<=>(const Signature&) const = default;  ///< For caches; never an identity.
};

/// What a client shows one replica that it made a request: a hash under the key that the two share. Proves
/// nothing to anybody else.
struct Tag {
  std::array<std::uint8_t, 16> bytes{};
  constexpr auto operator<=>(const Tag&) const = default;
};

/// The message type under a signature: signed with it, so that no statement can pass for another.
enum class Statement : std::uint8_t {
  request = 1,
  pre_prepare = 2,
  prepare = 3,
  commit = 4,
  checkpoint = 5,
  view_change = 6,
  new_view = 7,
  complaint = 8,
};

using Identity = std::variant<ReplicaId, ClientId>;

/// Signed bytes are "pbft-v1" || cluster id || epoch || statement || signer || image; requests carry no
/// epoch. An image is an injective encoding of the statement's content (core/images.hpp).
/// Implementations: crypto::SodiumCrypto (Ed25519, BLAKE2b) and the simulator's ideal stand-in.
class Crypto {
 public:
  virtual ~Crypto() = default;
  /// Domain-separated: equal only for equal (domain, bytes).
  virtual Digest hash(std::string_view domain, BytesView bytes) const = 0;
  /// As the identity this object was made for. Deterministic (RFC 8032).
  virtual Signature sign(Statement statement, BytesView image) const = 0;
  /// False also for an unknown identity. A function of bytes, signature and keys alone.
  virtual bool verify(Statement statement, const Identity& signer, BytesView image,
                      const Signature& signature) const = 0;

  // Tags; without keys for them nothing holds.
  /// By the client that this object was made for, to `replica`, over a request's digest. Deterministic.
  virtual Tag tag([[maybe_unused]] ReplicaId replica, [[maybe_unused]] const Digest& request) const {
    return {};
  }
  /// Of all replicas' tags the one for the replica that this object was made for, or null.
  virtual const Tag* ours([[maybe_unused]] const std::vector<Tag>& tags) const { return nullptr; }
  /// Whether `client` made this tag for the replica that this object was made for.
  virtual bool holds([[maybe_unused]] const Tag& tag, [[maybe_unused]] ClientId client,
                     [[maybe_unused]] const Digest& request) const {
    return false;
  }
};

}  // namespace pbft::core
