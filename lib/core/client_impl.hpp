// The state behind core::Client; its handlers are in client.cpp (inputs) and client_requests.cpp (what is
// sent).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/client.hpp"
#include "core/reply_tally.hpp"

namespace pbft::core {

/// What the encoding of a request and of each operation in it may take beside the bodies.
inline constexpr std::size_t request_overhead_bytes = 128;
inline constexpr std::size_t item_overhead_bytes = 32;

struct Client::Impl {
  Impl(ClientConfig config, const Crypto& crypto, const RequestSealer& sealer);

  /// Submitted, not signed yet.
  struct Queued {
    std::uint64_t ticket;
    Bytes body;
    bool read_only;
    Instant deadline;
  };
  /// Signed and sent under the number lowest_unanswered + its place in `operations`.
  struct Operation {
    std::uint64_t ticket;
    Instant deadline;
    Digest digest;         ///< operation_digest: a reply to anything else does not count.
    RequestNumber flight;  ///< Key of the request that carries it.
    ReplyTally tally;
    bool settled = false;  ///< Completed; waits for those before it to make room in the window.
  };
  /// A signed request with unanswered operations.
  struct Flight {
    RequestPtr request;
    std::size_t unanswered = 0;
    std::uint32_t attempt = 0;
    bool to_all = false;   ///< Some copy went to all replicas.
    bool is_part = false;  ///< Was a part of a refused request: late refusals of the whole may still come.
    Instant sent_at{};
    Instant retry_at{};
    Duration pause{};  ///< Before the retry after this one.
  };

  /// A read that travels unordered (docs/protocol.md, reads). It keeps its body: it may have to be ordered.
  struct UnorderedQuery {
    std::uint64_t ticket;
    Bytes body;
    Instant deadline;
    QueryNumber flight;  ///< Key of the message that carries it.
    ReplyTally tally;
  };
  /// A Query message with unanswered reads; its numbers are its key .. last.
  struct QueryFlight {
    QueryNumber last;
    std::size_t unanswered = 0;
    std::uint32_t attempt = 0;
    Instant sent_at{};
    std::optional<Instant> ask_again_at;  ///< Another replica for the bytes of an agreed result.
    Instant order_at{};                   ///< What is unanswered then is ordered.
  };

  // ---- client.cpp ---------------------------------------------------------------------------------------
  void handle(Submit& submit);
  void handle(FromReplicaReply& from);
  void handle(FromReplicaQueryReply& from);
  void handle(ClientLinkUp& link);
  void handle(ClientLinkDown& link);
  void handle(ClientTimerFired& fired);
  void handle(CancelAll& cancel);
  void finish_step();
  void on_answer(ReplicaId link, Epoch epoch, ReplyItem&& item);
  void on_open_answer(ReplicaId link, Epoch epoch, ReplyItem&& item);
  void on_decision(RequestNumber number, ReplyTally::Decision&& decision);
  void settle(RequestNumber number, Completion completion, Bytes result, Outcome outcome);
  void complete(std::uint64_t ticket, Completion completion, Bytes result = {},
                Outcome outcome = Outcome::executed);
  void reject_queue();
  void expire();
  void update_timer();

  // ---- client_requests.cpp ------------------------------------------------------------------------------
  void open(RequestNumber as);
  void open_above_the_stale();
  void send_queued();
  bool send_next();
  bool is_shown_to_all();
  bool may_use_tags() const { return config.use_tags && now.monotonic >= tags_from; }
  void launch(Flight& flight, RequestPtr request);
  void split(RequestNumber key);
  void retry(Flight& flight);
  void send(const Flight& flight, std::vector<ReplicaId> to);
  std::vector<ReplicaId> all_replicas() const;
  std::uint64_t random();
  Duration jittered(Duration pause);

  // ---- client_queries.cpp -------------------------------------------------------------------------------
  void send_queries();
  bool send_next_queries();
  void send(const QueryFlight& flight, std::vector<ReplicaId> to);
  void on_query_answer(ReplicaId link, Epoch epoch, QueryReply::Item&& item);
  void retry_queries();
  void order(QueryNumber number);
  void forget(QueryNumber number);
  /// Once enough replicas agree on a result, the one who owes its bytes gets as long again as all this took,
  /// before another one is asked.
  Duration patience_since(Instant sent_at) const;

  // ---- questions ----------------------------------------------------------------------------------------
  View believed_view() const;
  bool is_opening() const { return opening.request != nullptr; }
  RequestNumber next_number() const { return RequestNumber{lowest_unanswered.value + operations.size()}; }
  Operation* find(RequestNumber number);

  ClientConfig config;
  const Crypto& crypto;
  const RequestSealer& sealer;
  Quorums quorums;
  Now now;
  ClientOutputs* out = nullptr;
  std::uint64_t random_state;

  // The open request, while it is unanswered.
  RequestNumber incarnation;
  Flight opening;
  Digest opening_digest;
  ReplyTally opening_tally;
  std::map<ReplicaId, std::uint64_t> stale;  ///< Highest number used, as each replica reports it.
  std::uint32_t stale_rounds = 0;
  bool opened = false;
  bool superseded = false;
  bool stopped = false;

  // Invariant: operations.front() is not settled; operations.size() <= client_window; deadlines ascend
  // through `operations` and on through `queue`.
  RequestNumber lowest_unanswered;
  std::deque<Operation> operations;
  std::size_t unsettled = 0;
  Instant shown_to_all{};                   ///< When a request last went to all at once.
  std::map<RequestNumber, Flight> flights;  ///< By first number; the numbers of two flights never overlap.
  std::deque<Queued> queue;

  // Reads that are not ordered.
  QueryNumber next_query{1};
  std::map<QueryNumber, UnorderedQuery> queries;
  std::map<QueryNumber, QueryFlight> query_flights;  ///< By first number; numbers ascend through all of them.
  std::deque<Queued> query_queue;                    ///< Deadlines ascend.
  std::uint64_t ordered_queries = 0;                 ///< That had to be.
  Instant tags_from{};                               ///< Everything is signed until then.
  Duration tags_pause{};                             ///< How long after the next retry.

  std::vector<View> reported_views;  ///< The highest of each replica.
  ResultBudget budget;
  std::optional<Instant> armed;
};

}  // namespace pbft::core
