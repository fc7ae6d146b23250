// Reads that are not ordered, and those of them that have to be after all (docs/protocol.md, reads).
#include <algorithm>
#include <utility>

#include "core/client_impl.hpp"
#include "core/mutants.hpp"

namespace pbft::core {

namespace {
constexpr Duration min_patience = std::chrono::milliseconds(5);
}  // namespace

void Client::Impl::send_queries() {
  if (!opened || superseded) return;
  while (query_flights.size() < std::max(1U, config.limits.max_requests_in_flight) && send_next_queries()) {
  }
}

bool Client::Impl::send_next_queries() {
  const QueryNumber first = next_query;
  QueryFlight flight;
  std::size_t bytes = request_overhead_bytes;
  while (!query_queue.empty() && flight.unanswered < config.agreed.max_request_operations) {
    Queued& next = query_queue.front();
    bytes += item_overhead_bytes + next.body.size();
    if (bytes > config.agreed.max_request_bytes && flight.unanswered > 0) break;
    // The first deadline is the nearest.
    if (flight.unanswered++ == 0) flight.order_at = next.deadline;
    queries.emplace(
        next_query,
        UnorderedQuery{next.ticket, std::move(next.body), next.deadline, first,
                       ReplyTally{mutated(Mutant::read_quorum_weak) ? quorums.weak() : quorums.quorum()}});
    flight.last = std::exchange(next_query, next_query.next());
    query_queue.pop_front();
  }
  if (flight.unanswered == 0) return false;
  flight.sent_at = now.monotonic;
  flight.order_at = std::min(flight.order_at, now.monotonic + config.limits.retry_timeout);
  send(query_flights.emplace(first, flight).first->second, all_replicas());
  return true;
}

// What of it is unanswered.
void Client::Impl::send(const QueryFlight& flight, std::vector<ReplicaId> to) {
  Query message{incarnation, flight.attempt, {}};
  std::size_t left = flight.unanswered;
  for (auto at = queries.upper_bound(flight.last); left > 0; --left) {
    --at;
    message.items.push_back({at->first, at->second.body});
  }
  std::reverse(message.items.begin(), message.items.end());
  out->push_back(SendRequest{std::move(to), std::make_shared<const Message>(std::move(message))});
}

void Client::Impl::handle(FromReplicaQueryReply& from) {
  QueryReply& reply = from.reply;
  if (from.link.value >= config.replicas || reply.incarnation != incarnation || stopped) return;
  View& reported = reported_views[from.link.value];
  reported = std::max(reported, reply.view);
  for (QueryReply::Item& item : reply.items) on_query_answer(from.link, reply.epoch, std::move(item));
}

// A replica that answers twice, to two attempts, has one vote, the latest: each is of a state that holds all
// that was acknowledged before the read was asked.
void Client::Impl::on_query_answer(ReplicaId link, Epoch epoch, QueryReply::Item&& item) {
  const auto at = queries.find(item.number);
  if (at == queries.end()) return;
  UnorderedQuery& query = at->second;
  ReplyTally::Vote vote{link, epoch, Outcome::executed, Bytes{}};
  if (auto* whole = std::get_if<Bytes>(&item.result)) {
    if (whole->size() > config.agreed.max_result_bytes) return;
    vote.result = std::move(*whole);
  } else if (const auto* digest = std::get_if<Digest>(&item.result)) {
    vote.result = *digest;
  } else {
    vote.outcome = Outcome::overloaded;
  }
  query.tally.add(std::move(vote), crypto, budget);
  if (auto decision = query.tally.decide()) {
    complete(query.ticket, Completion::ok, std::move(decision->result));
    return forget(item.number);
  }
  if (!query.tally.can_decide(quorums.n())) return order(item.number);
  QueryFlight& flight = query_flights.at(query.flight);
  if (!flight.ask_again_at && query.tally.lacks_bytes())
    flight.ask_again_at = now.monotonic + patience_since(flight.sent_at);
}

void Client::Impl::retry_queries() {
  std::vector<QueryNumber> late;
  for (auto& [first, flight] : query_flights) {
    if (flight.order_at <= now.monotonic) {
      for (auto at = queries.lower_bound(first); at != queries.end() && at->first <= flight.last; ++at)
        late.push_back(at->first);
    } else if (flight.ask_again_at && *flight.ask_again_at <= now.monotonic) {
      flight.ask_again_at.reset();
      flight.sent_at = now.monotonic;
      ++flight.attempt;
      send(flight, all_replicas());
    }
  }
  for (const QueryNumber number : late) order(number);
}

// From here on it is an operation like any other, with the time that it has left.
void Client::Impl::order(QueryNumber number) {
  UnorderedQuery& query = queries.at(number);
  if (query.deadline <= now.monotonic) {
    complete(query.ticket, Completion::timed_out);
  } else if (superseded) {
    complete(query.ticket, Completion::rejected, {}, Outcome::stale_incarnation);
  } else {
    ++ordered_queries;
    // Deadlines ascend: it gets that of who was submitted after it and is ordered before it.
    Instant deadline = query.deadline;
    if (!operations.empty()) deadline = std::max(deadline, operations.back().deadline);
    if (!queue.empty()) deadline = std::max(deadline, queue.back().deadline);
    queue.push_back({query.ticket, std::move(query.body), true, deadline});
  }
  forget(number);
}

void Client::Impl::forget(QueryNumber number) {
  const auto at = queries.find(number);
  at->second.tally.release(budget);
  const auto flight = query_flights.find(at->second.flight);
  if (--flight->second.unanswered == 0) query_flights.erase(flight);
  queries.erase(at);
}

Duration Client::Impl::patience_since(Instant sent_at) const {
  return std::max(now.monotonic - sent_at, min_patience);
}

}  // namespace pbft::core
