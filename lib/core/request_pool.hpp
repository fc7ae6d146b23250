// Requests that wait to be executed (protocol.md, "Waiting").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/client_table.hpp"
#include "core/io.hpp"
#include "core/messages.hpp"

namespace pbft::core {

/// Bounded per client, so that a faulty client fills its own share only. A request stays until all its
/// numbers are executed or void; whoever is primary proposes it once per view.
///
/// Only the lowest-numbered request of each client, its head, runs a timer, and a request that is the lowest
/// is never refused: it takes the place of the client's highest. So a client with many requests outstanding,
/// or with requests that nobody else has seen, cannot make a correct primary look slow.
class RequestPool {
 public:
  /// What a held request counts for beside its payload; bounds the number of tiny requests.
  static constexpr std::size_t overhead_bytes = 256;

  explicit RequestPool(std::size_t max_bytes_per_client) : max_bytes_per_client_(max_bytes_per_client) {}

  enum class Added : std::uint8_t { added, known, full };
  /// REQUIRES: not done, admitted.
  Added add(RequestPtr request, Instant now);
  bool contains(const Request& request) const;
  /// It is the lowest that is held of its client.
  bool is_head(const Request& request) const;

  struct Drawn {
    std::vector<RequestPtr> requests;
    std::optional<Instant> oldest;  ///< Since when the one that waited longest could be drawn.
  };
  /// The next batch: the client that was served the fewest operations comes first, and of each client its
  /// lowest numbers. What is drawn counts as proposed. Payloads and overheads together stay within
  /// `max_bytes`, and once they reach `enough_bytes` nothing is added; the first request is drawn whatever
  /// its size.
  Drawn draw(std::size_t max_bytes, std::size_t max_requests, std::size_t enough_bytes = SIZE_MAX);
  bool has_unproposed() const { return !turns_.empty(); }
  std::size_t unproposed_bytes() const { return unproposed_bytes_; }  ///< Payloads and overheads.
  /// Another primary has proposed it. No effect on a request that is not held.
  void mark_proposed(const Request& request);
  /// Everything held may be proposed again: a view is entered, and it may have lost any proposal.
  void forget_proposed(Instant now);

  /// Removes what the table says is done. Whatever becomes the client's head waits since `now`.
  void drop_done(ClientId client, const ClientTable& table, Instant now);
  /// The same for all clients, of a table that has taken the place of another.
  void drop_all_done(const ClientTable& table, Instant now);
  /// Removes all that is held of this client.
  void drop(ClientId client);

  /// Removes and returns what is not signed: to vouch for it was an affair of one view.
  std::vector<RequestPtr> take_tagged(Instant now);

  /// Since when the longest-waiting head has been one.
  std::optional<Instant> waiting_since() const;
  /// Every head waits since `now`.
  void restart_waiting(Instant now);
  /// Every head has waited `by` less, for which nobody is to blame, and not longer than since `now`.
  void excuse_waiting(Duration by, Instant now);
  /// All that is held: first every client's head, then the rest, each client's ascending.
  std::vector<RequestPtr> waiting() const;

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }  ///< Payloads and overheads.
  void invariants() const;

 private:
  using Key = std::pair<RequestNumber, Digest>;  ///< First number, identity: two requests may share numbers.
  struct Share {
    std::map<Key, RequestPtr> held;     ///< Not empty.
    std::map<Key, Instant> unproposed;  ///< Since when.
    std::size_t bytes = 0;
    Instant head_since{};
    std::uint64_t turn = 0;           ///< Its place in `turns_` while something is unproposed.
    std::uint64_t seen_revision = 0;  ///< Of the client table, at the last drop_done().
  };
  using Shares = std::map<ClientId, Share>;

  static Key key_of(const Request& request) { return {request.first, request.digest}; }
  static std::size_t cost_of(const Request& request) { return request.payload.size() + overhead_bytes; }

  void offer(ClientId client, Share& share, const Key& key, Instant now);
  void withdraw(ClientId client, Share& share, const Key& key);
  void remove(ClientId client, Share& share, const Key& key);
  void move_head_since(ClientId client, Share& share, Instant to);

  std::size_t max_bytes_per_client_;
  Shares shares_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t unproposed_bytes_ = 0;
  std::set<std::pair<Instant, ClientId>> heads_;  ///< head_since of every share.

  // Start-time fair queueing: a client's turn is the operations it was served, and one that comes back after
  // a pause starts where the others are.
  std::set<std::pair<std::uint64_t, ClientId>> turns_;  ///< Clients with something unproposed.
  std::map<ClientId, std::uint64_t> served_;            ///< Last turn of every client seen.
  std::uint64_t current_turn_ = 0;
};

}  // namespace pbft::core
