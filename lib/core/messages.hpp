// The protocol's messages as plain values. docs/protocol.md has the table with their meaning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/crypto.hpp"
#include "pbft/types.hpp"

namespace pbft::core {

// ---- Requests -------------------------------------------------------------------------------------------

enum class RequestKind : std::uint8_t {
  operations = 0,  ///< `items` carry the numbers first .. first + items.size() - 1.
  open = 1,        ///< A client process starts: no items; `first` is its incarnation.
};

/// A replica that has lost its data asks to vote again by a request of its own: an open, whose incarnation is
/// the new one. It is a client of this id then; no listed client has an id from first_replica_client on.
inline constexpr std::uint64_t first_replica_client = std::uint64_t{1} << 63;
constexpr ClientId client_of(ReplicaId replica) { return ClientId{first_replica_client + replica.value}; }
constexpr bool is_replica_client(ClientId client) { return client.value >= first_replica_client; }
constexpr ReplicaId replica_of(ClientId client) {
  return ReplicaId{static_cast<std::uint32_t>(client.value - first_replica_client)};
}
/// Whose key signs the requests of `client`.
constexpr Identity signer_of(ClientId client) {
  if (!is_replica_client(client)) return client;
  return client_of(replica_of(client)) == client ? Identity(replica_of(client)) : Identity(client);
}

/// What a client asks, before it is encoded and signed.
struct RequestDraft {
  struct Item {
    Bytes body;
    bool read_only = false;
  };
  ClientId client;
  RequestKind kind = RequestKind::operations;
  RequestNumber lowest_unanswered;
  RequestNumber first;
  std::vector<Item> items;
};

/// How a copy of a request shows who made it. Its digest is the same in each case: it is the same request.
enum class Proof : std::uint8_t {
  signature,  ///< To everybody.
  tags,       ///< To each replica by a tag of its own (docs/protocol.md, requests with tags).
  none,       ///< In a batch or an introduction: it was shown before, or is shown beside it.
};

/// A request as received. Immutable and shared: batch, pool and frames refer to the one copy of `payload`.
/// Invariant: every body points into `payload`; `payload` decodes to exactly the other fields.
struct Request {
  struct Item {
    BytesView body;
    bool read_only = false;
  };
  ClientId client;
  RequestKind kind = RequestKind::operations;
  RequestNumber lowest_unanswered;
  RequestNumber first;
  std::vector<Item> items;
  Bytes payload;  ///< The signed bytes, as received, never re-encoded.
  Digest digest;  ///< hash("request", payload): the request's identity.
  Proof proof = Proof::signature;
  Signature signature;    ///< Proof::signature: by `client` over `payload`.
  std::vector<Tag> tags;  ///< Proof::tags: by `client` over `digest`, one for each replica, in their order.

  Request() = default;
  Request(const Request&) = delete;             // a copy's views would point into the original
  Request& operator=(const Request&) = delete;  // share it instead
  RequestNumber last() const { return RequestNumber{first.value + items.size() - 1}; }
};
using RequestPtr = std::shared_ptr<const Request>;

/// `attempt` is not signed: it names the replica that answers with the whole result, the others with its
/// digest.
struct RequestMessage {
  RequestPtr request;
  std::uint32_t attempt = 0;
};

// ---- Requests with tags, before they are proposed: authenticated by the link ----------------------------

/// The primary shows requests that came with tags. Each receiver gets its own tags.
struct Introduction {
  struct Item {
    RequestPtr request;
    Tag tag;
    bool authentic = false;  ///< The tag was checked and holds. Not from the wire.
  };
  View view;
  std::uint64_t number = 0;  ///< Of this primary's introductions.
  std::vector<Item> items;   ///< At least one.
};

/// Answer to the introduction: the sender will vote for these of its requests.
struct Vouch {
  View view;
  std::uint64_t number = 0;
  std::vector<Digest> requests;
};

// ---- Normal case (OSDI'99 4.2) --------------------------------------------------------------------------

/// What is ordered: requests and a proposed time. Invariant: `digest` = batch_digest(time, requests).
/// No requests and time 0 is the null batch.
struct Body {
  Timestamp time;
  std::vector<RequestPtr> requests;
  Digest digest;
  /// Every signature in it was checked and holds; a request without one the core judges. Not from the wire.
  bool requests_authentic = false;
};
using BodyPtr = std::shared_ptr<const Body>;

/// Batch `digest` has sequence number `seq` in `view`.
struct BatchHeader {
  View view;
  SeqNum seq;
  Digest digest;
  constexpr auto operator<=>(const BatchHeader&) const = default;
};

/// Signed by the primary of header.view. The body travels beside it, or is null and is fetched.
struct PrePrepare {
  BatchHeader header;
  Signature signature;
  BodyPtr body;
};

struct Vote {
  /// Not from the wire. The signature of a Commit that its sender brought itself is checked once a quorum
  /// hangs on it or it is to be shown to others, if ever.
  enum class Signed : std::uint8_t { checked, unchecked, falsely };
  BatchHeader header;
  ReplicaId sender;
  Signature signature;
  Signed is_signed = Signed::checked;
};
struct Prepare : Vote {};  ///< By a backup; the pre-prepare is the primary's prepare vote.
struct Commit : Vote {};

// ---- Checkpoints (4.3) ----------------------------------------------------------------------------------

struct Checkpoint {
  SeqNum seq;
  Digest state;
  ReplicaId sender;
  Signature signature;
};

struct SignerSignature {
  ReplicaId replica;
  Signature signature;
};

/// q Checkpoints that agree. Sequence number 0 is genesis and needs no votes.
struct CheckpointProof {
  SeqNum seq;
  Digest state;
  std::vector<SignerSignature> votes;  ///< Ascending by replica, distinct.
};

// ---- View change (4.4) ----------------------------------------------------------------------------------

/// The pre-prepare of `header.view`'s primary and q-1 matching prepares of distinct backups.
struct PreparedCertificate {
  BatchHeader header;
  Signature pre_prepare;
  std::vector<SignerSignature> prepares;  ///< Ascending by replica, distinct, without the primary.
};

struct ViewChange {
  View new_view;
  ReplicaId sender;
  /// Of the sender: 0 for who never lost its data. What an earlier incarnation signed is void once the order
  /// holds a later one's Rejoin (docs/protocol.md, amnesia).
  std::uint64_t incarnation = 0;
  CheckpointProof stable;
  std::vector<PreparedCertificate> prepared;  ///< Ascending by seq, one per seq, in (stable, stable + L].
  Signature signature;
  Digest digest;  ///< hash("view-change", image). Derived, not on the wire.
};
using ViewChangePtr = std::shared_ptr<const ViewChange>;

struct NewView {
  struct Source {
    ReplicaId replica;
    Digest view_change;
  };
  struct Header {
    Digest digest;
    Signature signature;  ///< Of the new primary over the pre-prepare (view, seq, digest).
  };
  View view;
  std::vector<Source> sources;  ///< The q ViewChanges chosen from, ascending by replica.
  SeqNum first;                 ///< Sequence number of headers[0]: min_s + 1.
  std::vector<Header> headers;
  Signature signature;  ///< Of the primary of `view`.
};
using NewViewPtr = std::shared_ptr<const NewView>;

/// Signed complaints about a slow or unfair primary of `view`: one's own, or the q that are a reason to leave
/// it.
struct Complaints {
  struct Vote {
    ReplicaId replica;
    SeqNum stable;  ///< Its low watermark when it complained: a complaint counts for a window of batches.
    Signature signature;
  };
  View view;
  std::vector<Vote> votes;  ///< Ascending by replica, distinct; at least one.
};

// ---- Replies --------------------------------------------------------------------------------------------

enum class Outcome : std::uint8_t {
  executed = 0,
  number_reused = 1,      ///< Another operation was executed under this number.
  number_void = 2,        ///< Below the client's window: it will never execute.
  stale_incarnation = 3,  ///< Open: a later incarnation was opened; the result holds it.
  result_too_large = 4,   ///< Executed; the application's result exceeded max_result_bytes.
  result_gone = 5,        ///< Executed; the cached result was evicted.
  overloaded = 6,         ///< Not admitted now.
  invalid = 7,            ///< StateMachine::valid or a limit refused it.
};

struct ReplyItem {
  RequestNumber number;  ///< The operation's; for an open: the incarnation.
  Digest operation;      ///< operation_digest(...): so that a reply cannot pass for another operation's.
  Outcome outcome = Outcome::executed;
  std::variant<Bytes, Digest> result;  ///< Whole, or hash("result", whole).
};

/// Authenticated by the link it comes on.
struct Reply {
  Epoch epoch;
  View view;
  ClientId client;
  std::vector<ReplyItem> items;
};

// ---- Reads that are not ordered (docs/protocol.md, reads) -----------------------------------------------

/// Counts the reads of one client process, from 1. Not a request number: a read consumes none.
using QueryNumber = Id<struct QueryTag, std::uint64_t>;

/// Authenticated by the client's link: nobody else passes it on.
struct Query {
  struct Item {
    QueryNumber number;
    Bytes body;
  };
  RequestNumber incarnation;  ///< Of the client's process: a later one takes no answer to this.
  /// As in RequestMessage: names the replica that answers with the whole result.
  std::uint32_t attempt = 0;
  std::vector<Item> items;  ///< At least one, ascending by number.
};

/// Authenticated by the link it comes on.
struct QueryReply {
  /// No answer without ordering: the state machine wants it so, or this replica cannot answer now.
  struct Declined {
    constexpr auto operator<=>(const Declined&) const = default;
  };
  struct Item {
    QueryNumber number;
    std::variant<Declined, Bytes, Digest> result;  ///< Bytes: whole; Digest: hash("result", whole).
  };
  Epoch epoch;
  View view;
  RequestNumber incarnation;
  std::vector<Item> items;  ///< At least one, ascending by number.
};

// ---- Repair: authenticated by the link, a claim without proof triggers nothing ------------------------

/// What the sender has, so that the receiver can resend what it lacks.
struct Status {
  struct Slot {
    SeqNum seq;
    bool has_header = false;  ///< A pre-prepare of `view` was accepted.
    bool has_body = false;
    bool committed = false;
    std::uint64_t prepares = 0;  ///< Bit r: replica r's Prepare of `view` is held.
    std::uint64_t commits = 0;
  };
  struct CheckpointVotes {
    SeqNum seq;
    std::uint64_t votes = 0;
  };
  View view;                  ///< The last view entered.
  View pending;               ///< Equal to view, or the view it wants.
  bool answer_wanted = true;  ///< False on an answer to a Status, so that two peers cannot echo for ever.
  bool observing = false;     ///< It has lost its data and does not vote yet.
  SeqNum stable;
  SeqNum executed;
  std::uint64_t view_changes = 0;  ///< Bit r: replica r's ViewChange for `pending` is held.
  std::vector<Slot> slots;         ///< Not yet executed, ascending; what is absent is wholly lacking.
  std::vector<CheckpointVotes> checkpoints;
};

struct FetchBody {
  SeqNum seq;
  Digest digest;
};
struct FetchViewChange {
  ReplicaId replica;
  Digest digest;
};
struct BodyMessage {
  SeqNum seq;
  BodyPtr body;
};

// ---- State transfer: blocks of a checkpoint's state by their digest (core/state_tree.hpp) ---------------

struct FetchState {
  static constexpr std::size_t max_blocks = 64;
  SeqNum seq;                  ///< The checkpoint that is being collected: the donor keeps it for a while.
  std::vector<Digest> blocks;  ///< At least one, at most max_blocks.
};
/// A block is received once into shared bytes, which log, frames and files refer to.
using BlockPtr = std::shared_ptr<const Bytes>;
struct StateBlock {
  BlockPtr block;  ///< At most max_block_bytes.
};

using Message =
    std::variant<RequestMessage, PrePrepare, Prepare, Commit, Checkpoint, CheckpointProof, ViewChangePtr,
                 NewViewPtr, Reply, Status, FetchBody, FetchViewChange, BodyMessage, FetchState, StateBlock,
                 Query, QueryReply, Complaints, Introduction, Vouch>;
using MessagePtr = std::shared_ptr<const Message>;

/// A message whose signature, where its type has one, was checked against the identity it names.
/// Embedded statements (certificates, proofs, requests in bodies) are judged by the core.
class AuthenticMessage {
 public:
  const Message& get() const { return message_; }
  Message take() && { return std::move(message_); }

 private:
  friend class Authenticator;
  explicit AuthenticMessage(Message message) : message_(std::move(message)) {}
  Message message_;
};

}  // namespace pbft::core
