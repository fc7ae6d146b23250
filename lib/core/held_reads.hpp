// Reads of clients on their way through a replica: they wait for a batch, then for their turn at the
// executor, then for its answer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/io.hpp"
#include "core/messages.hpp"

namespace pbft::core {

/// Bounded per client from arrival to answer, in bytes that also bound the count. One piece of each client at
/// a time is with the executor: so its results are bounded as well, and the batches do not wait for all reads
/// of one client.
class HeldReads {
 public:
  static constexpr std::size_t overhead_bytes = 256;  ///< What a read counts for beside its body.
  static constexpr std::size_t max_piece = 64;        ///< Reads that are with the executor together.

  explicit HeldReads(std::size_t max_bytes_per_client) : max_bytes_per_client_(max_bytes_per_client) {}

  /// A part of one Query.
  struct Piece {
    ClientId client;
    RequestNumber incarnation;
    std::uint32_t attempt = 0;
    std::vector<Query::Item> items;
    SeqNum after;     ///< It waits until this batch has gone to the executor.
    Instant since{};  ///< The wait counts from then.
  };

  /// False, and nothing is taken from `query`, if the client has no room for all of it. REQUIRES: no read
  /// waits for a later batch than `after`.
  bool add(ClientId client, Query& query, SeqNum after, Instant now);
  /// What may go to the executor when `dispatched` has: per client the next piece, if none of it is there.
  std::vector<Piece> take(SeqNum dispatched);
  /// The executor has answered the client's piece; what it was, without the items.
  Piece finish(ClientId client);
  /// Takes out all that is not with the executor.
  std::vector<Piece> drop_all();

  /// Since when the longest-waiting read waits for its batch.
  std::optional<Instant> waiting_since() const;
  /// Those that wait do so for `after`, since `now`.
  void restart_waiting(SeqNum after, Instant now);
  /// They have waited `by` less, and not longer than since `now`.
  void excuse_waiting(Duration by, Instant now);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }  ///< In reads.
  void invariants() const;

 private:
  struct Share {
    std::size_t bytes = 0, reads = 0;
    std::deque<Piece> ready;         ///< Their batch has gone to the executor.
    std::optional<Piece> answering;  ///< With the executor, as are its items.
    std::size_t answering_bytes = 0, answering_reads = 0;
  };
  static std::size_t cost_of(const std::vector<Query::Item>& items);
  void release(ClientId client, std::size_t bytes, std::size_t reads);

  std::size_t max_bytes_per_client_;
  std::deque<Piece> waiting_;  ///< Ascending by `after`.
  std::map<ClientId, Share> shares_;
  std::deque<ClientId> turns_;  ///< Those with something ready and nothing with the executor, each once.
  std::size_t size_ = 0;
};

}  // namespace pbft::core
