// A replica: runs a StateMachine in step with the others.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "pbft/config.hpp"
#include "pbft/export.hpp"
#include "pbft/options.hpp"
#include "pbft/result.hpp"
#include "pbft/state_machine.hpp"

namespace pbft {

namespace runtime {
struct Seam;
}
/// How long batches took in one stage of their way through a replica, since it was started.
struct StageLatency {
  std::uint64_t count = 0;  ///< Batches.
  Duration mean{};
  Duration p50{}, p99{};  ///< Within an eighth.
};

/// One moment of a replica, consistent in itself.
struct ReplicaStatus {
  ReplicaId id;
  View view;                   ///< Last view entered.
  bool changing_view = false;  ///< It votes for another view and orders nothing itself.
  bool is_primary = false;
  SeqNum stable;                 ///< Stable checkpoint: the low watermark.
  SeqNum executed;               ///< Last batch executed.
  SeqNum checkpoint;             ///< Last checkpoint taken here, and its state digest:
  Digest checkpoint_state;       ///< equal on all correct replicas at equal `checkpoint`.
  std::uint64_t operations = 0;  ///< Executed by this process.
  std::uint64_t batches = 0;     ///< The same; some may be empty.
  std::uint64_t fsyncs = 0;  ///< fdatasync calls of the log: each makes all durable that queued meanwhile.
  std::uint64_t bytes_written = 0;                   ///< By this process to its data directory; 0 in memory.
  std::uint64_t bytes_received = 0, bytes_sent = 0;  ///< By this process over its links, sealed.
  /// Where a batch's time goes here, by stage; each begins where the one before ended:
  /// "admission" (primary: its oldest request is here, to the proposal), "pre_prepare" (primary: to the first
  /// Prepare; backup: from first word of the batch to acceptance), "prepare" (to the prepared certificate),
  /// "persist" (until that is durable), "commit" (to a quorum of Commits), "execute" (its turn comes, and its
  /// results are back from the state machine), "reply" (until the replies are on their way).
  std::map<std::string, StageLatency> stages;
  std::uint64_t view_changes = 0;
  std::size_t waiting_requests = 0;
  /// For how long the loop was busy at most in one go, hence network and timers had to wait; 0 on a caller's
  /// loop.
  Duration longest_turn{};
  std::uint32_t connected_replicas = 0;  ///< Links that are up, without itself.
  std::uint32_t connected_clients = 0;
  bool answering = true;    ///< Clients get answers: false while it observes, and while its state is not the
                            ///< agreed one.
  bool observing = false;   ///< It has lost its data: it follows, and votes again after its Rejoin.
  bool collecting = false;  ///< It collects a checkpoint's state from the others.
  bool durable = false;     ///< Its data is on disk, in ReplicaOptions::data_directory.
  /// Not empty: why it stopped by itself, for instance a full disk. It stays stopped.
  std::string failed;
  std::map<std::string, std::uint64_t> rejections;  ///< By reason.
};

/// Move-only handle of a running replica. Thread-safe. A handle that was moved from can only be destroyed or
/// assigned to.
class PBFT_API Replica {
 public:
  /// Reads what is in options.data_directory, has `machine` load the newest checkpoint, binds, starts its
  /// threads and returns; the links come up behind it. `machine` is in its initial state, the same on every
  /// replica. It must outlive the handle, and is called from one thread of the replica's.
  /// Errors: invalid_argument (configuration, a key that is not this replica's, another replica's data
  /// directory), io (address in use; data directory in use, unreadable, or damaged: the message names file
  /// and offset). What the disk refuses later stops the replica: ReplicaStatus::failed.
  static Result<Replica> start(const ClusterConfig& config, const ReplicaKey& key, StateMachine& machine,
                               const ReplicaOptions& options = {});
  Replica(Replica&&) noexcept;
  Replica& operator=(Replica&&) noexcept;
  ~Replica();  ///< stop()

  ReplicaStatus status() const;  ///< After stop(): how it ended.
  /// Returns when every thread has ended and the port is free; the state machine is not called again. Waits
  /// for the call of the state machine that is running: not to be called from there. Idempotent. In the
  /// loop's thread the port is free only after the loop's next turns (ReplicaOptions::loop).
  void stop();

 private:
  friend struct runtime::Seam;
  class PBFT_LOCAL Impl;
  explicit Replica(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  ///< Shared with the loop until it has closed all handles.
};

}  // namespace pbft
