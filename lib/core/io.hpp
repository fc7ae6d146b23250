// Inputs and outputs of the core: all it hears and all it says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/messages.hpp"
#include "core/rejection.hpp"
#include "pbft/limits.hpp"
#include "pbft/types.hpp"

namespace pbft::core {

using Instant = Duration;  ///< Monotonic time since an arbitrary start, the same start for all inputs.

struct Now {
  Instant monotonic{};
  Timestamp wall;
};

enum class Timer : std::uint8_t { request = 0, new_view = 1, status = 2 };
inline constexpr std::size_t timer_count = 3;

// ---- Inputs ---------------------------------------------------------------------------------------------

struct FromReplica {
  ReplicaId link;  ///< The peer at the other end; a forwarded message is signed by someone else.
  AuthenticMessage message;
};
struct FromClient {
  ClientId link;
  AuthenticMessage message;
};
struct LinkUp {  ///< A link to a replica was (re-)established.
  ReplicaId peer;
};
struct TimerFired {
  Timer timer;
};
struct Executed {  ///< Answer to Execute: one result per operation, in order.
  SeqNum seq;
  std::vector<Bytes> results;
};
struct Persisted {  ///< Answer to Persist; in the order of the Persists.
  std::uint64_t token;
};
struct SnapshotReady {  ///< Answer to TakeSnapshot: taken and durable.
  SeqNum seq;
  Digest application;  ///< Digest of the bytes that StateMachine::save wrote.
};
using Event = std::variant<FromReplica, FromClient, LinkUp, TimerFired, Executed, Persisted, SnapshotReady>;

struct Input {
  Now now;
  Event event;
};

// ---- Outputs --------------------------------------------------------------------------------------------

struct Send {
  ReplicaId to;
  MessagePtr message;
};
struct Broadcast {  ///< To all other replicas.
  MessagePtr message;
};
struct SendReply {
  ClientId to;
  MessagePtr message;  ///< Holds a Reply.
};

/// A prepared certificate and its body (protocol.md, durability 4).
struct PreparedRecord {
  PreparedCertificate certificate;
  BodyPtr body;
};
using Record = std::variant<PreparedRecord, ViewChangePtr, NewViewPtr, CheckpointProof>;
struct Persist {  ///< Make durable, then answer Persisted{token}. What follows from it is not sent before.
  std::uint64_t token;
  Record record;
};

struct Execute {
  struct Item {
    RequestPtr request;  ///< Keeps `body` alive.
    RequestNumber number;
    BytesView body;
    bool read_only = false;
    std::uint64_t random = 0;
  };
  SeqNum seq;
  Timestamp time;
  std::vector<Item> items;  ///< Without what is void or was executed before; may be empty.
};
struct TakeSnapshot {  ///< Of the state after `seq`; queued behind Execute(seq), before any later one.
  SeqNum seq;
  Bytes core_state;  ///< Client table and clock, to be kept with the application's bytes.
};
struct DiscardSnapshots {  ///< Older than `below` are no longer needed.
  SeqNum below;
};
struct SetTimer {
  Timer timer;
  Instant at;  ///< Replaces an earlier setting.
};
struct CancelTimer {
  Timer timer;
};

// What an operator may want to know. Nothing in the protocol follows from a report.
struct Rejected {
  Identity from;
  Rejection reason;
};
struct ViewEntered {
  View view;
};
struct ViewChangeStarted {
  View view;
  std::string why;
};
struct CheckpointStable {
  SeqNum seq;
  Digest state;
};
/// Two signed statements that no correct replica makes; verifiable offline with the cluster file.
struct Evidence {
  Statement statement;
  ReplicaId culprit;
  Bytes first_image, second_image;
  Signature first_signature, second_signature;
};
struct Diverged {  ///< Our state differs from the one q replicas vouch for: answering has stopped.
  SeqNum seq;
  Digest ours, theirs;
};
struct StateNeeded {  ///< Others have discarded batches that we have not executed.
  SeqNum executed, stable;
};
using Report =
    std::variant<Rejected, ViewEntered, ViewChangeStarted, CheckpointStable, Evidence, Diverged, StateNeeded>;

using Output = std::variant<Send, Broadcast, SendReply, Persist, Execute, TakeSnapshot, DiscardSnapshots,
                            SetTimer, CancelTimer, Report>;
using Outputs = std::vector<Output>;

}  // namespace pbft::core
