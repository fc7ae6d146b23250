// Who is in the cluster, and the keys that prove it.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "pbft/export.hpp"
#include "pbft/limits.hpp"
#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft {

/// Ed25519 public key (RFC 8032), 32 bytes.
struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  constexpr auto operator<=>(const PublicKey&) const = default;
};

/// Ed25519 secret seed; wiped from memory when destroyed. One key per identity: never shared, never used
/// twice.
class PBFT_API SecretKey {
 public:
  /// A fresh key from the operating system's random source.
  static SecretKey generate();
  /// From 32 seed bytes (RFC 8032, 5.1.5).
  static SecretKey from_seed(const std::array<std::uint8_t, 32>& seed);

  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  PublicKey public_key() const;
  const std::array<std::uint8_t, 32>& seed() const { return seed_; }

 private:
  SecretKey() = default;
  std::array<std::uint8_t, 32> seed_{};
};

/// 64 hexadecimal digits.
PBFT_API std::string to_text(const PublicKey& key);
/// Error::message names what is wrong with `hex`; a key that is not canonical or of small order is refused.
PBFT_API Result<PublicKey> public_key_from_text(const std::string& hex);

struct ReplicaInfo {
  ReplicaId id;
  std::string host;  ///< IPv4 or IPv6 address, without brackets.
  std::uint16_t port = 0;
  PublicKey key;
};

struct ClientInfo {
  ClientId id;  ///< Below 2^63.
  PublicKey key;
};

/// The genesis of a cluster, equal on every replica and client.
struct PBFT_API ClusterConfig {
  std::vector<ReplicaInfo> replicas;  ///< Ids 0..n-1, any order; n from 4 to 64.
  std::vector<ClientInfo> clients;    ///< The admitted clients.
  AgreedLimits limits;

  /// What is wrong, and where: "replica[2].public_key", "client[0].id", "limits.max_batch_bytes" (the index
  /// is the place in the list). `message` names the value and the remedy.
  struct Fault {
    std::string path;
    std::string message;
  };
  /// Every fault; none if a cluster can be run by this configuration. Faults are: too few or too many
  /// replicas, ids that are out of range or listed twice, a host that is not an address, an address listed
  /// twice, a key that is not strong, a key listed twice (of replicas and clients together) or two that share
  /// one X25519 image, a limit that is out of range or too small for what it must hold.
  std::vector<Fault> faults() const;
};

/// BLAKE2b-256 over the canonical form of the configuration: which cluster this is. Unequal configurations
/// have unequal ids; the order of the lists does not matter.
PBFT_API Digest cluster_id(const ClusterConfig& config);

/// A replica's identity and its secret.
struct ReplicaKey {
  ReplicaId id;
  SecretKey key;
};

/// A client's identity and its secret.
struct ClientKey {
  ClientId id;
  SecretKey key;
};

}  // namespace pbft
