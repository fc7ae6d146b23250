// Which blocks of a checkpoint's state to ask whom for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/io.hpp"

namespace pbft::core {

/// One collection, from several donors at once. A block is the one with its digest or it is not, whoever
/// sends it: a donor can waste time only. One that sends what nobody asked it for, or nothing for too long,
/// rests for a while, longer each time, and what it owed is asked of others; if it comes all the same it is
/// welcome.
///
/// Memory: at most max_wanted digests, as many that may come late, and of blocks those that donors owe and
/// max_storing.
class StateTransfer {
 public:
  static constexpr std::size_t blocks_per_donor = 8;  ///< Asked for at once.
  static constexpr std::size_t max_wanted = 4 * FetchState::max_blocks;
  static constexpr std::size_t max_storing = 32;  ///< Taken and not yet stored: then nothing is asked for.
  static constexpr unsigned max_doublings = 4;    ///< Of a donor's patience and rest.

  /// `donors`: everybody else. A donor rests after `patience` without a block that it owes.
  StateTransfer(SeqNum seq, const Digest& state, const std::vector<ReplicaId>& donors, Duration patience);
  /// The same donors for a newer checkpoint; what they still owe may come late.
  void turn_to(SeqNum seq, const Digest& state);

  SeqNum seq() const { return seq_; }
  const Digest& state() const { return state_; }
  std::uint64_t blocks() const { return blocks_; }  ///< Taken so far.
  std::uint64_t bytes() const { return bytes_; }

  /// Blocks that are missing; known ones are not asked for twice.
  void want(const std::vector<Digest>& blocks);
  /// The first of those taken that were not yet stored is stored now.
  void on_stored();
  struct Asked {
    ReplicaId donor;
    std::vector<Digest> blocks;
  };
  /// What to ask for now.
  std::vector<Asked> ask(Instant now);
  /// False: nothing was asked of it that could still come.
  bool expects(ReplicaId from) const;
  /// taken: it was missing. late: it came from somebody else meanwhile. wrong: nobody asked for it, the donor
  /// rests.
  enum class Taken { taken, late, wrong };
  Taken take(ReplicaId from, const Digest& named, std::size_t bytes, Instant now);
  /// Donors that rest from now on, because of `now`.
  std::vector<ReplicaId> rest_silent(Instant now);

 private:
  struct Donor {
    std::set<Digest> owed;
    Instant last_sign{};  ///< Of work, while something is owed.
    std::optional<Instant> rests_until;
    unsigned doublings = 0;
  };
  void rest(Donor& donor, Instant now);
  void may_come_late(const Digest& block);
  Duration patience_with(const Donor& donor) const { return patience_ * (1 << donor.doublings); }

  SeqNum seq_;
  Digest state_;
  Duration patience_;
  std::map<ReplicaId, Donor> donors_;
  std::deque<Digest> wanted_;   ///< Not yet asked for, in the order in which they became known.
  std::deque<Digest> storing_;  ///< Taken, not yet stored.
  std::set<Digest> known_;      ///< In wanted_, owed by a donor, or in storing_.
  std::deque<Digest> late_;     ///< Were asked of a donor that rests, the last ones.
  std::uint32_t turn_ = 0;
  std::uint64_t blocks_ = 0, bytes_ = 0;
};

}  // namespace pbft::core
