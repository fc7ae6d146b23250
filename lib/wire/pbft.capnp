# The frames of pbft, version 1. One frame is one Frame in a single segment, sent without a segment table; the
# link says how long it is. Decoding is strict (wire/codec.hpp): a field that is added here needs a new version
# of the wire, which links negotiate.
@0xdac52525e4c08681;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("pbft::wire::schema");

using Digest = Data;     # 32 bytes, BLAKE2b-256.
using Signature = Data;  # 64 bytes, Ed25519. What is signed: core/images.hpp.
using Mask = UInt64;     # Bit r: of replica r.

struct Frame {
  union {
    request @0 :RequestMessage;
    prePrepare @1 :PrePrepare;
    prepare @2 :Vote;
    commit @3 :Vote;
    checkpoint @4 :Checkpoint;
    checkpointProof @5 :CheckpointProof;
    viewChange @6 :ViewChange;
    newView @7 :NewView;
    reply @8 :Reply;
    status @9 :Status;
    fetchBody @10 :FetchBody;
    fetchViewChange @11 :FetchViewChange;
    body @12 :BodyMessage;
    fetchState @13 :FetchState;
    stateBlock @14 :StateBlock;
    query @15 :Query;
    queryReply @16 :QueryReply;
    complaints @17 :Complaints;
    introduction @18 :Introduction;
    vouch @19 :Vouch;
  }
}

# The payload is the signed bytes, in a layout of its own (wire/request.cpp): a signature must not depend on the
# many ways in which one value can be laid out in a Cap'n Proto message.
struct Request {
  payload @0 :Data;
  proof :union {
    signature @1 :Signature;
    tags @2 :Data;  # Of each replica 16 bytes, in their order. In a RequestMessage only.
    none @3 :Void;  # In a Body only.
  }
}

struct RequestMessage {
  request @0 :Request;
  attempt @1 :UInt32;
}

struct Body {
  unixMicroseconds @0 :UInt64;
  requests @1 :List(Request);
}

struct BatchHeader {
  view @0 :UInt64;
  seq @1 :UInt64;
  digest @2 :Digest;
}

struct PrePrepare {
  header @0 :BatchHeader;
  signature @1 :Signature;
  body @2 :Body;  # May be null: it is fetched.
}

struct Vote {
  header @0 :BatchHeader;
  sender @1 :UInt32;
  signature @2 :Signature;
}

struct Checkpoint {
  seq @0 :UInt64;
  state @1 :Digest;
  sender @2 :UInt32;
  signature @3 :Signature;
}

struct SignerSignature {
  replica @0 :UInt32;
  signature @1 :Signature;
}

struct CheckpointProof {
  seq @0 :UInt64;
  state @1 :Digest;
  votes @2 :List(SignerSignature);  # Ascending by replica, distinct.
}

struct PreparedCertificate {
  header @0 :BatchHeader;
  prePrepare @1 :Signature;
  prepares @2 :List(SignerSignature);  # Ascending by replica, distinct.
}

struct ViewChange {
  newView @0 :UInt64;
  sender @1 :UInt32;
  incarnation @2 :UInt64;
  stable @3 :CheckpointProof;
  prepared @4 :List(PreparedCertificate);  # Ascending by seq, distinct.
  signature @5 :Signature;
}

struct NewView {
  view @0 :UInt64;
  sources @1 :List(Source);  # Ascending by replica, distinct.
  first @2 :UInt64;
  headers @3 :List(Header);
  signature @4 :Signature;

  struct Source {
    replica @0 :UInt32;
    viewChange @1 :Digest;
  }
  struct Header {
    digest @0 :Digest;
    signature @1 :Signature;
  }
}

struct Reply {
  epoch @0 :UInt64;
  view @1 :UInt64;
  client @2 :UInt64;
  items @3 :List(Item);

  struct Item {
    number @0 :UInt64;
    operation @1 :Digest;
    outcome @2 :UInt8;
    result :union {
      whole @3 :Data;
      digest @4 :Digest;
    }
  }
}

struct Status {
  view @0 :UInt64;
  pending @1 :UInt64;
  answerWanted @2 :Bool;
  observing @3 :Bool;
  stable @4 :UInt64;
  executed @5 :UInt64;
  viewChanges @6 :Mask;
  slots @7 :List(Slot);                     # Ascending by seq, distinct.
  checkpoints @8 :List(CheckpointVotes);    # Ascending by seq, distinct.

  struct Slot {
    seq @0 :UInt64;
    hasHeader @1 :Bool;
    hasBody @2 :Bool;
    committed @3 :Bool;
    prepares @4 :Mask;
    commits @5 :Mask;
  }
  struct CheckpointVotes {
    seq @0 :UInt64;
    votes @1 :Mask;
  }
}

struct FetchBody {
  seq @0 :UInt64;
  digest @1 :Digest;
}

struct FetchViewChange {
  replica @0 :UInt32;
  digest @1 :Digest;
}

struct BodyMessage {
  seq @0 :UInt64;
  body @1 :Body;
}

struct FetchState {
  seq @0 :UInt64;
  blocks @1 :List(Digest);  # 1 to 64.
}

struct StateBlock {
  block @0 :Data;  # At least one byte; what it holds: core/state_tree.hpp.
}

# Reads that are not ordered.
struct Query {
  incarnation @0 :UInt64;
  attempt @1 :UInt32;
  items @2 :List(Item);  # At least one; ascending by number, distinct.

  struct Item {
    number @0 :UInt64;
    body @1 :Data;
  }
}

struct QueryReply {
  epoch @0 :UInt64;
  view @1 :UInt64;
  incarnation @2 :UInt64;
  items @3 :List(Item);  # At least one; ascending by number, distinct.

  struct Item {
    number @0 :UInt64;
    result :union {
      declined @1 :Void;
      whole @2 :Data;
      digest @3 :Digest;
    }
  }
}

struct Complaints {
  view @0 :UInt64;
  votes @1 :List(Vote);  # At least one; ascending by replica, distinct.

  struct Vote {
    replica @0 :UInt32;
    stable @1 :UInt64;
    signature @2 :Signature;
  }
}

struct Introduction {
  view @0 :UInt64;
  number @1 :UInt64;
  items @2 :List(Item);  # At least one.

  struct Item {
    payload @0 :Data;
    tag @1 :Data;  # 16 bytes, the receiver's.
  }
}

struct Vouch {
  view @0 :UInt64;
  number @1 :UInt64;
  requests @2 :List(Digest);
}
