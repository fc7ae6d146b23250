// What the correct replicas executed, held against each other and against what the clients saw.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/client.hpp"
#include "core/io.hpp"
#include "sim/client_calls.hpp"
#include "sim/promises.hpp"

namespace pbft::sim {

/// The always-on checks of agreement, exactly-once execution and linearizability. Every member throws
/// Violation as soon as a check fails.
class History {
 public:
  /// What the result of a read shows.
  enum class Reads : std::uint8_t {
    counted,   ///< "@P": P operations have changed the state, as AppendLog says. Judged at once.
    recorded,  ///< Anything: reads() has what a replay needs to judge it.
  };
  /// Of a cluster of so many replicas; of 0: what they have certified is not asked.
  explicit History(Reads reads = Reads::counted, std::uint32_t replicas = 0)
      : judge_(reads),
        replicas_(replicas),
        quorum_(replicas == 0 ? 0 : (replicas + (replicas - 1) / 3 + 2) / 2) {}

  struct Operation {
    ClientId client;
    RequestNumber number;
    Bytes body;
    std::uint64_t random = 0;
    Bytes result;
    bool read_only = false;
    bool operator==(const Operation&) const = default;
  };
  struct Batch {
    Timestamp time;
    std::vector<Operation> operations;
    bool operator==(const Batch&) const = default;
  };
  using Ticket = std::uint64_t;
  /// A read that a correct client got a result for. It shows the state after some number of operations, from
  /// `after` to `before`, and no earlier one than any of the first `known` reads() shows.
  struct Read {
    ClientId client;
    Bytes body, result;
    std::uint64_t after = 0, before = 0;
    std::size_t known = 0;
  };

  // ---- What a correct replica did -------------------------------------------------------------------------
  /// I1: the next batch of this replica, equal to what any other executed there. I3: no operation twice, none
  /// that its correct client did not ask for.
  /// A batch that is executed for the first time is certified on the disks of a quorum, as far as it is
  /// correct.
  void on_executed(ReplicaId replica, const core::Execute& todo, const std::vector<Bytes>& results);
  /// Its next process begins there: what it executed above, it executes again, with the same outcome.
  void on_restarted(ReplicaId replica, SeqNum executed) { executed_[replica] = executed; }
  /// It has the state after `seq` from others.
  void on_installed(ReplicaId replica, SeqNum seq);
  /// A replica, and where it can be asked what it has said. `said` lives as long as anything happens.
  void on_member(ReplicaId replica, const Promises& said) { said_[replica] = &said; }
  /// This batch's certificate is durable there. `binding`: no view-change for a later view has been signed,
  /// so that each to come will tell of it.
  void on_certificate(ReplicaId replica, const core::BatchHeader& header, bool binding);
  /// It is none of the correct, or not any more: what it knew is not counted on.
  void doubt(ReplicaId replica);
  /// It votes again, and every ViewChange of an earlier incarnation is void to who has a state of `from` or
  /// later.
  void on_rejoined(ReplicaId replica, std::uint64_t incarnation, SeqNum from);
  /// It is about to enter this view: nothing in what the view rests on is put into the mouth of a correct
  /// replica, and it proposes again whatever one in each quorum has prepared. `state` is the last checkpoint
  /// of its own.
  void on_entering(ReplicaId replica, const core::NewViewRecord& record, SeqNum state);
  /// I1: equal states at equal checkpoints.
  void on_checkpoint(ReplicaId replica, SeqNum seq, const Digest& state);

  // ---- What a correct client did --------------------------------------------------------------------------
  /// A member whose operations need not have come from a client process: its key is in the adversary's hands.
  void distrust(ClientId client) { distrusted_.insert(client); }
  void on_submitted(ClientId client, Ticket ticket, const Bytes& body, bool read_only = false);
  /// I3: with `ok`, the operation is in the history with this result. I2: and after everything that was
  /// answered before it was submitted. A read shows all that was answered, or shown by another read, before
  /// it was submitted, and no more than what a correct replica has executed when it completes.
  void on_completed(ClientId client, Ticket ticket, core::Completion completion, const Bytes& result);
  /// I2 once more, of the whole run and from what the clients saw alone. False if that could not be decided
  /// at a bearable cost.
  bool judge_clients() const;

  // ---- Questions ------------------------------------------------------------------------------------------
  SeqNum last() const { return SeqNum{batches_.size()}; }
  SeqNum executed_by(ReplicaId replica) const;
  /// REQUIRES: 1 <= seq <= last().
  const Batch& batch(SeqNum seq) const { return batches_[seq.value - 1]; }
  std::uint64_t operations() const { return operations_; }
  /// In the order of their completion; none with Reads::counted.
  const std::vector<Read>& reads() const { return reads_; }
  /// How often `client` had `body` executed.
  std::size_t executions(ClientId client, const std::string& body) const;

 private:
  struct Submitted {
    ClientId client;
    Bytes body;
    std::uint64_t after = 0;  // operations known to be in the history when it was submitted,
    std::uint64_t seen = 0;   // and how many of those changed the state
    bool read_only = false;
    std::size_t known_reads = 0;
  };
  struct Execution {
    std::uint64_t position, changes;  // with it
    const Bytes* result;
    bool claimed = false;  // by the answer to one submission
  };
  using Key = std::pair<ClientId, Bytes>;

  void add(Batch batch);
  bool is_counted_read(const Bytes& result) const;
  void check_certified(SeqNum seq) const;
  const Promises* words_of(ReplicaId replica) const;
  void check_source(const std::string& who, const core::ViewChange& source) const;
  void check_kept(const std::string& who, const core::NewView& entered) const;
  void check_read(const Submitted& read, const Bytes& result);
  void claim(const Submitted& operation, const Bytes& result);

  Reads judge_;
  std::deque<Batch> batches_;  // addresses of results stay
  std::map<ReplicaId, SeqNum> executed_;
  std::map<SeqNum, std::pair<Digest, ReplicaId>> checkpoints_;
  std::map<std::pair<ClientId, RequestNumber>, SeqNum> numbers_;
  std::map<Key, std::vector<Execution>> executions_;
  std::map<Key, std::size_t> submissions_;
  std::map<std::pair<ClientId, Ticket>, Submitted> submitted_;
  std::set<ClientId> distrusted_;
  std::vector<Read> reads_;
  ClientCalls calls_;
  std::uint32_t replicas_, quorum_;
  std::map<SeqNum, std::map<Digest, std::set<ReplicaId>>> certified_;
  struct Prepared {
    Digest batch;
    std::set<ReplicaId> holders;  ///< Of a binding certificate of that view.
  };
  std::map<SeqNum, std::map<View, Prepared>> prepared_;
  std::map<View, core::NewViewPtr> entered_;
  std::map<ReplicaId, const Promises*> said_;
  std::set<ReplicaId> doubted_;
  struct Rejoin {
    std::uint64_t incarnation = 0;
    SeqNum from;
  };
  std::map<ReplicaId, Rejoin> rejoined_;
  std::uint64_t operations_ = 0;
  std::uint64_t changes_ = 0;           // operations that are no reads
  std::uint64_t answered_through_ = 0;  // highest position that a client has an answer from,
  std::uint64_t seen_through_ = 0;      // and highest number of changes that one has seen
};

}  // namespace pbft::sim
