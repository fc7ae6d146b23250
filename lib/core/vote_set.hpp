// Votes of one kind for one sequence number.
#pragma once

#include <cstdint>
#include <vector>

#include "core/messages.hpp"

namespace pbft::core {

/// Keeps at most `views_per_sender` votes of each replica, of different views; when a sender has more, those
/// of the lowest views give way. So a replica that lies about far views wastes its own room only. Invariant:
/// sorted by (sender, view), one vote each.
class VoteSet {
 public:
  static constexpr std::size_t views_per_sender = 3;

  enum class Added { added, known, conflicting, dropped };
  /// conflicting: this sender voted for another digest in the same view; the first vote stays.
  Added add(const Vote& vote);
  const Vote* find(ReplicaId sender, View view) const;
  /// The sender's vote of the highest view, or null.
  const Vote* newest(ReplicaId sender) const;
  /// Votes for exactly this header.
  std::vector<const Vote*> matching(const BatchHeader& header) const;
  std::uint32_t count(const BatchHeader& header) const;
  /// Bit r: replica r has voted in `view`.
  std::uint64_t mask(View view) const;
  const std::vector<Vote>& all() const { return votes_; }
  void drop_below(View view);

 private:
  std::vector<Vote> votes_;
};

}  // namespace pbft::core
