// What the replicas have answered about one operation (OSDI'99 4.1: f+1 equal replies).
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/crypto.hpp"
#include "core/messages.hpp"

namespace pbft::core {

/// How many bytes of unproven results each replica may make us keep: a lying one sends a different large
/// result for every operation.
class ResultBudget {
 public:
  ResultBudget(std::uint32_t replicas, std::size_t bytes_per_replica)
      : held_(replicas, 0), bytes_per_replica_(bytes_per_replica) {}
  /// False if it would exceed the replica's share: nothing is taken then.
  bool take(ReplicaId replica, std::size_t bytes);
  void give_back(ReplicaId replica, std::size_t bytes);
  std::size_t held() const;

 private:
  std::vector<std::size_t> held_;
  std::size_t bytes_per_replica_;
};

/// Decides with `needed` equal votes: f+1 for what was ordered, a quorum for a read that was not.
///
/// One vote per replica, the latest; except that result_gone takes back no `executed`, which stays true.
class ReplyTally {
 public:
  explicit ReplyTally(std::uint32_t needed) : needed_(needed) {}

  struct Vote {
    ReplicaId replica;  ///< Authenticated by the link.
    Epoch epoch;
    Outcome outcome;
    std::variant<Bytes, Digest> result;
  };
  /// REQUIRES: vote.replica < n.
  void add(Vote vote, const Crypto& crypto, ResultBudget& budget);

  struct Decision {
    Outcome outcome;
    Bytes result;
  };
  /// What `needed` replicas say alike; with Outcome::executed only once the whole
  /// result is here. Outcome::overloaded decides nothing: who refuses now may accept later.
  std::optional<Decision> decide();
  /// They agree on a result whose bytes nobody has sent.
  bool lacks_bytes() const;
  /// Whether the replicas that have not voted yet could complete what some have said: `replicas` in all.
  bool can_decide(std::uint32_t replicas) const;
  std::uint32_t count(Outcome outcome) const;

  /// Takes back every vote for `outcome`.
  void forget(Outcome outcome, ResultBudget& budget);
  /// To be called before the tally goes away.
  void release(ResultBudget& budget);

 private:
  /// Replies that are equal in (epoch, outcome, result). Invariant: has voters; has a digest or the bytes.
  struct Candidate {
    Epoch epoch;
    Outcome outcome = Outcome::executed;
    std::uint64_t voters = 0;  ///< Bit r: replica r.
    std::optional<Bytes> whole;
    std::optional<Digest> digest;
    ReplicaId holder;  ///< Whose share of the budget `whole` is charged to.
    std::size_t charged = 0;
  };
  Candidate& find_or_make(const Vote& vote, const Crypto& crypto);
  void withdraw(ReplicaId replica, const Candidate* except, ResultBudget& budget);

  std::uint32_t needed_;
  std::vector<Candidate> candidates_;  ///< At most one per replica.
  std::uint64_t gone_ = 0;             ///< Bit r: replica r has executed it and evicted the result.
};

}  // namespace pbft::core
