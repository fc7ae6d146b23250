// Statements that verified once need not be verified again.
#pragma once

#include <cstring>
#include <mutex>
#include <unordered_set>

#include "crypto/wiped.hpp"
#include "pbft/types.hpp"

namespace pbft::crypto {

/// A bounded set of signed statements, known by a hash under a random key of this object: nobody outside can
/// aim at a collision. Two generations: what was not asked for during a whole generation is forgotten.
/// Thread-safe.
class VerifiedCache {
 public:
  /// Holds the last `generation` statements at least, twice as many at most; some 60 bytes each.
  explicit VerifiedCache(std::size_t generation);

  /// Name of a statement: of its exact bytes and signature together.
  Digest name_of(BytesView signed_bytes_and_signature) const;
  bool contains(const Digest& name);
  void insert(const Digest& name);

 private:
  struct Prefix {  // a digest is its own hash
    std::size_t operator()(const Digest& name) const noexcept {
      std::size_t prefix = 0;
      std::memcpy(&prefix, name.bytes.data(), sizeof prefix);
      return prefix;
    }
  };
  using Generation = std::unordered_set<Digest, Prefix>;

  void insert_locked(const Digest& name);

  const std::size_t capacity_;  // of one generation
  Wiped<32> key_;
  std::mutex mutex_;
  Generation young_, old_;  // Invariant: young_.size() < capacity_ >= old_.size().
};

}  // namespace pbft::crypto
