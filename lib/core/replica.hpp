// core::Replica: the protocol, as a function from inputs to outputs. No clock, socket, file, thread or
// random source; the same inputs give the same outputs on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "core/quorum.hpp"
#include "core/request_sealer.hpp"
#include "core/stages.hpp"
#include "pbft/limits.hpp"
#include "pbft/result.hpp"

namespace pbft::core {

struct ReplicaConfig {
  ReplicaId id;
  std::uint32_t replicas = 4;  ///< n, at least 4, at most max_replicas.
  std::set<ClientId> clients;  ///< Admitted.
  AgreedLimits agreed;
  ReplicaLimits limits;
  Digest genesis;  ///< State digest before the first batch: root of the state tree over genesis_core_state()
                   ///< and what StateMachine::save writes in the initial state.
  /// 0 for who has its data since genesis; else this replica has lost it and asks to vote again under this
  /// number, higher than every earlier one (microseconds of wall-clock time).
  std::uint64_t incarnation = 0;
  /// StateMachine::valid over all operations of a request; pure. Empty: everything is valid.
  std::function<bool(const Request&)> valid;
};

/// A consistent picture of one moment.
struct ReplicaState {
  View view;      ///< Last view entered.
  View pending;   ///< Equal to view, or the view it wants.
  SeqNum stable;  ///< Low watermark h.
  SeqNum executed;
  SeqNum checkpoint;             ///< Last own checkpoint.
  Digest checkpoint_state;       ///< Its state digest.
  std::uint64_t operations = 0;  ///< Executed since genesis, by this process.
  std::uint64_t batches = 0;     ///< The same.
  std::uint64_t view_changes = 0;
  std::size_t waiting_requests = 0;
  std::size_t waiting_bytes = 0;
  std::size_t slots = 0;    ///< Sequence numbers of which anything is held.
  bool answering = true;    ///< False after divergence and while observing.
  bool observing = false;   ///< It has lost its data and does not vote yet.
  bool collecting = false;  ///< State transfer is under way.
  std::size_t held_reads = 0;
};

/// The core's part of the state before the first batch.
Bytes genesis_core_state();

class Replica {
 public:
  /// `crypto` signs as config.id; both outlive the replica.
  Replica(ReplicaConfig config, const Crypto& crypto, const RequestSealer& sealer);
  ~Replica();
  Replica(Replica&&) noexcept;
  Replica& operator=(Replica&&) noexcept;

  /// Before start(), for a replica that has a past. An error if the checkpoint's bytes are not a state of
  /// this cluster.
  Result<void> restore(Restored past);
  /// To be called once, before any step: first timers and the first Status.
  void start(Now now, Outputs& out);
  /// Handles one input completely; appends to `out` in the order in which it is to be done.
  void step(Input input, Outputs& out);

  /// What step() would do with nothing but this rejection (empty: without a word), whether or not the
  /// signatures in it hold: so that they need not be checked. Looks at the message only, and changes nothing.
  struct Needless {
    std::optional<Rejection> reason;
  };
  std::optional<Needless> foresee(const Identity& link, const Message& message) const;

  ReplicaState state() const;
  const StageTimes& stage_times() const;  ///< Of all batches since start(); `reply` is empty.
  /// Stops the process if a rule about our own state is broken. Runs after every step in debug builds,
  /// tests and simulation.
  void invariants() const;

  // For tests: what this replica knows about one slot.
  bool has_prepared(SeqNum seq) const;
  bool has_committed(SeqNum seq) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::core
