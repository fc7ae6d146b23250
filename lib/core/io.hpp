// Inputs and outputs of the core: all it hears and all it says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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
struct LinkDown {  ///< It has ended. One that is not up yet, or breaks silently, is not reported.
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
  Digest state;  ///< Root of the state tree over the core's and the application's bytes.
};
struct BlockRead {  ///< Answer to ReadBlock.
  ReplicaId to;
  BlockPtr block;  ///< Null if it is not here.
};
/// Answer to CollectState and to each KeepBlock, while something is missing.
struct StateWanted {
  SeqNum seq;
  Digest state;
  std::vector<Digest> blocks;  ///< The next that are missing, at most FetchState::max_blocks; at least one.
};
struct StateCollected {  ///< The last answer to CollectState: every block is here, durable and in its place.
  SeqNum seq;
  Digest state;
  Bytes core_state;
};
/// Where our own state at a checkpoint differs from the agreed one.
struct StateDifference {
  std::uint64_t chunk = 0;         ///< Index of the first data block of the application's bytes that differs.
  std::uint64_t from = 0, to = 0;  ///< Range of bytes that it covers in what StateMachine::save wrote.
};
struct StateInstalled {  ///< Answer to InstallState: the state machine has loaded it.
  SeqNum seq;
  Digest state;
  std::optional<StateDifference> difference;  ///< From our own snapshot of `seq`, if we had another one.
};
struct QueriesAnswered {  ///< Answer to AnswerQueries.
  struct Item {
    QueryNumber number;
    std::optional<Bytes> result;  ///< None: the state machine wants it ordered.
  };
  ClientId client;
  std::vector<Item> items;  ///< In the order of the queries.
};
using Event = std::variant<FromReplica, FromClient, LinkUp, TimerFired, Executed, Persisted, SnapshotReady,
                           BlockRead, StateWanted, StateCollected, StateInstalled, QueriesAnswered, LinkDown>;

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
  MessagePtr message;  ///< Holds a Reply or a QueryReply.
};

/// A prepared certificate and its body (protocol.md, durability 4).
struct PreparedRecord {
  PreparedCertificate certificate;
  BodyPtr body;
};
/// A NewView that was accepted, and what proves it.
struct NewViewRecord {
  NewViewPtr new_view;
  std::vector<ViewChangePtr> sources;  ///< In the order of new_view->sources.
};
/// The first record of all: from here on something may have been signed that no other record shows.
struct StartRecord {};
/// What this replica refrains from, whatever else the log says; the last one counts.
struct Restraint {
  SeqNum checkpoint_floor;  ///< No Checkpoint at or below is signed: a diverged replica did so once.
  bool diverged = false;    ///< Its state is not the agreed one.
  bool stale_copy = false;  ///< The log is an old copy: nothing is signed any more.
};
using Record =
    std::variant<PreparedRecord, ViewChangePtr, NewViewRecord, CheckpointProof, StartRecord, Restraint>;
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
/// Reads of one client, from the state after every Execute before it: queued behind them, as TakeSnapshot is.
struct AnswerQueries {
  ClientId client;
  std::vector<Query::Item> items;
};
struct TakeSnapshot {  ///< Of the state after `seq`; queued behind Execute(seq), before any later one.
  SeqNum seq;
  Bytes core_state;  ///< Client table and clock, to be kept with the application's bytes.
};
struct DiscardSnapshots {  ///< Older than `below` are no longer needed, but for `pinned`.
  SeqNum below;
  std::vector<SeqNum> pinned;  ///< Ascending: peers are fetching them.
};
struct ReadBlock {  ///< Of any snapshot that is kept; answered by BlockRead.
  ReplicaId to;
  Digest block;
};
/// Collect this checkpoint's state, beginning with what of it is here; answered by StateWanted or
/// StateCollected. Replaces an earlier one; blocks that were kept for that count for this one.
struct CollectState {
  SeqNum seq;
  Digest state;
};
struct KeepBlock {  ///< Was checked against a digest in StateWanted; answered as CollectState.
  BlockPtr block;
};
struct InstallState {  ///< What was collected. Nothing is executing. Answered by StateInstalled.
  SeqNum seq;
  Digest state;
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
struct Repaired {  ///< The agreed state is in the place of the diverged one.
  SeqNum seq;
  std::optional<StateDifference> difference;
};
struct NoAgreement {  ///< So many replicas differ at this checkpoint that no state can become stable.
  SeqNum seq;
};
struct StateNeeded {  ///< State transfer begins: we are behind what the others still have batches for.
  SeqNum executed, target;
};
struct StateTaken {  ///< State transfer has ended.
  SeqNum seq;
  std::uint64_t blocks = 0, bytes = 0;  ///< That came from others.
};
struct DonorDropped {  ///< For a while: it sent something else, or nothing.
  ReplicaId donor;
};
struct Observing {  ///< We have lost our data: we follow, but do not vote or answer.
  std::uint64_t incarnation;
};
struct RejoinRefused {  ///< A later incarnation of ours is in the order: this one can never vote.
  std::uint64_t incarnation, later;
};
struct Rejoined {  ///< We vote again.
  SeqNum seq;
};
struct TooManyObservers {  ///< More than f replicas say that they have lost their data: then nothing goes on.
  std::uint32_t observers;
};
struct StaleCopy {  ///< A peer shows something signed by us that our log has forgotten: we vote no more.
  Statement statement;
  View view;
  SeqNum seq;  ///< Of the batch or checkpoint; 0 for a ViewChange or NewView.
};
struct Complaining {  ///< About the primary, to all: it would be replaced if q replicas did so.
  View view;
  Duration late{};      ///< The last request that was late was so late,
  Duration allowed{};   ///< where so much is allowed.
  bool unfair = false;  ///< It passes over a client, rather than being slow with all.
};
using Report = std::variant<Rejected, ViewEntered, ViewChangeStarted, CheckpointStable, Evidence, Diverged,
                            StateNeeded, StateTaken, DonorDropped, Repaired, NoAgreement, Observing,
                            RejoinRefused, Rejoined, TooManyObservers, StaleCopy, Complaining>;

using Output =
    std::variant<Send, Broadcast, SendReply, Persist, Execute, AnswerQueries, TakeSnapshot, DiscardSnapshots,
                 ReadBlock, CollectState, KeepBlock, InstallState, SetTimer, CancelTimer, Report>;
using Outputs = std::vector<Output>;

// ---- Restart --------------------------------------------------------------------------------------------

/// The newest checkpoint that is durable here.
struct RestoredCheckpoint {
  SeqNum seq;
  Digest state;
  Bytes core_state;
};
/// What a replica knows of its past. The state machine has loaded the checkpoint; without one it is in its
/// initial state.
struct Restored {
  std::vector<Record> records;  ///< As storage::Log::records gives them.
  std::optional<RestoredCheckpoint> checkpoint;
};

}  // namespace pbft::core
