// Quorum arithmetic, in one place. OSDI'99 section 3, generalised to n that is not 3f+1.
#pragma once

#include <cstdint>

#include "core/mutants.hpp"
#include "pbft/types.hpp"

namespace pbft::core {

inline constexpr std::uint32_t max_replicas = 64;  ///< Vote sets travel as 64-bit masks.

/// Invariant: n >= 3f+1. Two quorums share at least f+1 replicas, so at least one correct one;
/// n - f >= quorum, so f silent replicas cannot block.
class Quorums {
 public:
  explicit constexpr Quorums(std::uint32_t replicas) : n_(replicas), f_((replicas - 1) / 3) {}
  constexpr std::uint32_t n() const { return n_; }
  constexpr std::uint32_t f() const { return f_; }
  /// ceil((n+f+1)/2)
  std::uint32_t quorum() const { return (n_ + f_ + 2) / 2 - (mutated(Mutant::quorum_too_small) ? 1 : 0); }
  constexpr std::uint32_t weak() const { return f_ + 1; }  ///< At least one correct.
  constexpr ReplicaId primary(View v) const { return ReplicaId{static_cast<std::uint32_t>(v.value % n_)}; }

 private:
  std::uint32_t n_;
  std::uint32_t f_;
};

}  // namespace pbft::core
