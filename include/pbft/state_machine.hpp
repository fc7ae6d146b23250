// The application: a deterministic state machine that the replicas run in step.
#pragma once

#include <optional>

#include "pbft/export.hpp"
#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft {

/// One operation of a client. `body` is valid during the call only.
struct Operation {
  ClientId client;
  RequestNumber number;
  BytesView body;
};

/// What all correct replicas agree on for an operation. Use these instead of a clock or a random source.
struct Agreed {
  SeqNum seq;            ///< Sequence number of the batch that holds the operation.
  Timestamp time;        ///< Never goes back; at most max_clock_skew ahead of a correct replica's clock.
  std::uint64_t random;  ///< Equal everywhere, different for each operation; the primary can bias it.
};

/// Receives the state in pieces, in order. Owned by the library; valid during save().
class PBFT_API SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  virtual void write(BytesView piece) = 0;
};

/// Gives back what save() wrote, in order, in pieces of any size. Valid during load().
class PBFT_API SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  /// Fills as much of `to` as there is; returns the bytes read, 0 at the end.
  virtual std::size_t read(std::span<std::uint8_t> to) = 0;
};

/// Implement this to replicate a service. All calls come from one thread, one at a time, except valid().
/// An exception that leaves a member is a fault of the application and terminates the process: a replica
/// that cannot execute what the others execute must not go on.
class PBFT_API StateMachine {
 public:
  virtual ~StateMachine() = default;

  /// Applies the operation and returns its result. The outcome may depend on the state and the arguments
  /// alone: no clock, random number, thread, hash order, address or file. A body can be anything that an
  /// admitted client signed: answer a malformed one with an error result of your own.
  virtual Bytes execute(const Operation& operation, const Agreed& agreed) = 0;

  /// Answers a read without changing the state, between two batches. std::nullopt (the default): order it as
  /// an operation. As with execute(), equal states give equal answers, and a body can be anything that an
  /// admitted client sent; valid() is not asked before.
  virtual std::optional<Bytes> query(ClientId client, BytesView body) const {
    (void)client, (void)body;
    return std::nullopt;
  }

  /// Cheap admission test before an operation is ordered; a filter, not a guarantee: what a faulty
  /// primary orders reaches execute() all the same. Any thread, also while execute() runs.
  virtual bool valid(ClientId client, BytesView body) const {
    (void)client, (void)body;
    return true;
  }

  /// Writes the whole state. Equal states write equal bytes.
  virtual void save(SnapshotWriter& writer) const = 0;

  /// Replaces the state by what save() wrote. On error the state is as before.
  virtual Result<void> load(SnapshotReader& reader) = 0;
};

}  // namespace pbft
