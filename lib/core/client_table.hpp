// What every client has had executed: the part of the replicated state that makes execution exactly-once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/crypto.hpp"
#include "core/messages.hpp"
#include "core/mutants.hpp"
#include "pbft/limits.hpp"

namespace pbft::core {

/// Of an execution.
struct Moment {
  SeqNum seq;      ///< Of the batch.
  Timestamp time;  ///< Agreed.
};

/// The open of a replica client is a Rejoin (docs/protocol.md, amnesia). It takes effect at a checkpoint that
/// is a window above the first one at or above its batch; the next one of the same replica executes as
/// nothing before that, and before so much agreed time is over, since each costs a window of batches.
inline SeqNum takes_effect_at(SeqNum opened, const AgreedLimits& limits) {
  const std::uint64_t interval = limits.checkpoint_interval;
  return SeqNum{(opened.value + interval - 1) / interval * interval +
                (mutated(Mutant::rejoin_at_once) ? 0 : limits.window())};
}
inline constexpr Duration rejoin_spacing = std::chrono::seconds(60);

/// A function of the executed log alone (OSDI'99 4.1, extended to many outstanding operations per client):
/// what a faulty client signs or a faulty primary orders is settled here, in the order of execution, the same
/// way on every replica.
///
/// Per client there is a floor and the numbers executed above it. A number at or below the floor never
/// executes again. Executing a request raises the floor to lowest_unanswered - 1: what the client skipped is
/// void, what it has an answer for is forgotten. A well-formed request has
///     1 <= lowest_unanswered <= first  and  last < lowest_unanswered + client_window,
/// so what is kept per client never exceeds client_window numbers; any other request executes as nothing.
///
/// Open with incarnation I raises the floor to I, and the new process counts from I + 1. Incarnations are
/// wall-clock microseconds, so the numbers of an earlier process lie below I and are void: the new process
/// can never get an old answer, and nothing that the old one signed executes any more. An I that is not above
/// every number used so far is stale, also the last one opened once numbers above it are used. Operations of
/// a client that never opened execute too: a correct client always opens first, and an order in which its
/// operations come before its open cannot commit after f+1 replicas have answered the open.
class ClientTable {
 public:
  ClientTable(AgreedLimits limits, const std::set<ClientId>& clients);

  // ---- Execution, in order ----------------------------------------------------------------------------

  /// `item` of the request is to be executed as `number`.
  struct Verdict {
    RequestNumber number;
    std::size_t item;
  };
  /// What of the request is to be executed, now: without what was executed before or is void. Marks it as
  /// executing and raises the floor.
  std::vector<Verdict> begin(const Request& request, const Moment& at, const Crypto& crypto);
  /// The result of what begin() returned, in the same order. One longer than max_result_bytes becomes
  /// Outcome::result_too_large. When the client's results exceed client_cache_bytes, those of its lowest
  /// numbers are dropped: Outcome::result_gone.
  void finish(ClientId client, RequestNumber number, Bytes result);

  // ---- Questions --------------------------------------------------------------------------------------

  /// Nothing of this request is left to begin. True for what is not well-formed.
  bool is_done(const Request& request) const;
  /// Executed, executing or void. O(log client_window).
  bool is_done(ClientId client, RequestNumber number) const;
  /// Well-formed and of an admitted client: the condition for admission. How far this replica has executed
  /// does not matter.
  bool in_window(const Request& request) const;
  /// What is settled of this request. What is executing or still to come has no item.
  std::vector<ReplyItem> answers(const Request& request, const Crypto& crypto) const;
  /// The highest number up to which all are done.
  RequestNumber floor(ClientId client) const;
  /// The highest number that was executed or became void; 0 if there is none.
  RequestNumber highest(ClientId client) const;
  /// Grows whenever the answer of is_done() may have changed for this client; not part of the state.
  std::uint64_t revision(ClientId client) const;
  struct Opened {
    RequestNumber incarnation;  ///< 0 if the client never opened.
    Moment at;
  };
  Opened opened(ClientId client) const;

  // ---- State transfer ---------------------------------------------------------------------------------

  /// Canonical: equal tables give equal bytes. REQUIRES: nothing is executing.
  Bytes encode() const;
  /// nullopt if `bytes` is not what encode() gives for some table with these limits and clients.
  static std::optional<ClientTable> decode(BytesView bytes, AgreedLimits limits,
                                           const std::set<ClientId>& clients);

  void invariants() const;

 private:
  enum class State : std::uint8_t { executed = 0, too_large = 1, gone = 2, executing = 3 };
  struct Entry {
    RequestNumber number;
    SeqNum seq;        ///< Of the batch that executed it.
    Digest operation;  ///< operation_digest.
    Digest request;    ///< Of the request that brought it: saves hashing again. Not part of the state.
    State state = State::executing;
    Bytes result;  ///< Empty unless executed.
  };
  struct Record {
    RequestNumber incarnation;  ///< Last opened, 0 if none.
    Moment opened_at;           ///< When it was.
    RequestNumber floor;
    std::deque<Entry> entries;  ///< Ascending by number, all above `floor`, at most client_window.
    std::size_t cached_bytes = 0;
    std::uint64_t revision = 0;

    const Entry* find(RequestNumber number) const;
    RequestNumber highest() const { return entries.empty() ? floor : entries.back().number; }
    void raise_floor(RequestNumber to);
    bool is_untouched() const { return floor.value == 0 && entries.empty(); }
  };

  bool is_well_formed(const Request& request) const;
  bool is_too_early(const Record& record, const Moment& at) const;
  const Record* record_of(ClientId client) const;
  void evict(Record& record) const;

  AgreedLimits limits_;
  std::map<ClientId, Record> records_;  ///< One per admitted client.
};

}  // namespace pbft::core
