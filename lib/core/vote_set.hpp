// Votes of one kind for one sequence number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/messages.hpp"

namespace pbft::core {

/// Keeps at most `votes_per_sender` votes of each replica; when a sender has more, those of the lowest views
/// give way. So a replica that lies about far views wastes its own room only.
///
/// A sender that votes for two batches in one view is counted for each: two quorums share a correct replica,
/// so never both are complete. Were only its first vote counted, it could show one to a victim and another to
/// everybody else, and no repair would ever complete the agreed batch's quorum there. Its first and its
/// latest vote are kept, or the one that keep() names and its latest. A vote whose signature has proved false
/// gives way to the same one, truly signed.
/// Invariant: sorted by (sender, view); at most two of each, for different batches.
class VoteSet {
 public:
  static constexpr std::size_t votes_per_sender = 8;

  /// add() would say so.
  bool knows(const Vote& vote) const;
  enum class Added { added, known, conflicting, dropped };
  /// conflicting: kept, and this sender voted for another batch in the same view before.
  Added add(const Vote& vote);
  /// The sender's first vote in this view, or null.
  const Vote* find(ReplicaId sender, View view) const;
  /// The sender's vote of the highest view, or null.
  const Vote* newest(ReplicaId sender) const;
  /// Votes for exactly this header.
  std::vector<const Vote*> matching(const BatchHeader& header) const;
  std::uint32_t count(const BatchHeader& header) const;
  /// Bit r: replica r has voted in `view`.
  std::uint64_t mask(View view) const;
  const std::vector<Vote>& all() const { return votes_; }
  /// What became of the signature of one of all().
  void note(const Vote& vote, Vote::Signed is_signed);
  void drop_below(View view);
  /// From now on a vote for this header gives way to none: it proves what is committed.
  void keep(const BatchHeader& header) { kept_ = header; }
  const std::optional<BatchHeader>& kept() const { return kept_; }

 private:
  std::vector<Vote> votes_;
  std::optional<BatchHeader> kept_;
};

}  // namespace pbft::core
