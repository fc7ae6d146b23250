#include "core/client.hpp"

#include <algorithm>
#include <functional>

#include "core/check.hpp"
#include "core/client_impl.hpp"

namespace pbft::core {

namespace {
constexpr Duration pause_without_link = std::chrono::milliseconds(5);

std::optional<std::uint64_t> little_endian(const std::variant<Bytes, Digest>& result) {
  const auto* bytes = std::get_if<Bytes>(&result);
  if (!bytes || bytes->size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{(*bytes)[i]} << (8 * i);
  return value;
}
}  // namespace

Client::Client(ClientConfig config, const Crypto& crypto, const RequestSealer& sealer)
    : impl_(std::make_unique<Impl>(std::move(config), crypto, sealer)) {}
Client::~Client() = default;

Client::Impl::Impl(ClientConfig c, const Crypto& cr, const RequestSealer& s)
    : config(std::move(c)),
      crypto(cr),
      sealer(s),
      quorums(config.replicas),
      random_state(config.seed),
      opening_tally(quorums.weak()),
      reported_views(config.replicas),
      budget(config.replicas, std::max(config.agreed.client_cache_bytes, config.agreed.max_result_bytes)) {
  PBFT_CHECK(config.replicas >= 4 && config.replicas <= max_replicas);
}

void Client::start(Now now, ClientOutputs& out) {
  impl_->now = now;
  impl_->out = &out;
  impl_->open(std::max(impl_->config.incarnation, RequestNumber{1}));
  impl_->finish_step();
}

void Client::step(ClientInput input, ClientOutputs& out) {
  impl_->now = input.now;
  impl_->out = &out;
  std::visit([this](auto& event) { impl_->handle(event); }, input.event);
  impl_->finish_step();
}

void Client::Impl::finish_step() {
  send_queries();
  send_queued();
  update_timer();
  out = nullptr;
}

void Client::Impl::handle(Submit& submit) {
  for (Submit::Item& item : submit.items) {
    if (stopped) {
      complete(item.ticket, Completion::stopped);
    } else if (superseded) {
      complete(item.ticket, Completion::rejected, {}, Outcome::stale_incarnation);
    } else if (item.body.size() > config.agreed.max_operation_bytes) {
      complete(item.ticket, Completion::rejected, {}, Outcome::invalid);
    } else {
      auto& waits = item.read_only ? query_queue : queue;
      waits.push_back({item.ticket, std::move(item.body), item.read_only,
                       now.monotonic + config.limits.operation_timeout});
    }
  }
}

void Client::Impl::handle(FromReplicaReply& from) {
  Reply& reply = from.reply;
  if (from.link.value >= config.replicas || reply.client != config.id || stopped) return;
  View& reported = reported_views[from.link.value];
  reported = std::max(reported, reply.view);
  for (ReplyItem& item : reply.items) {
    const auto* whole = std::get_if<Bytes>(&item.result);
    if (whole && whole->size() > config.agreed.max_result_bytes) continue;
    if (is_opening()) {
      on_open_answer(from.link, reply.epoch, std::move(item));
    } else {
      on_answer(from.link, reply.epoch, std::move(item));
    }
  }
}

void Client::Impl::on_open_answer(ReplicaId link, Epoch epoch, ReplyItem&& item) {
  if (item.number != incarnation || item.operation != opening_digest) return;
  if (item.outcome == Outcome::stale_incarnation) {
    if (auto highest = little_endian(item.result)) stale[link] = *highest;
    // Any f+1 hold a correct one, but the smallest number among them may be a lie that costs a round for each
    // step of one; the (f+1)-th highest of n-f is at least what some correct replica said.
    if (stale.size() >= quorums.n() - quorums.f()) open_above_the_stale();
    return;
  }
  opening_tally.add({link, epoch, item.outcome, std::move(item.result)}, crypto, budget);
  auto decision = opening_tally.decide();
  if (!decision || decision->outcome != Outcome::executed) return;
  opening_tally.release(budget);
  opening = Flight{};
  opened = true;
  lowest_unanswered = incarnation.next();
}

void Client::Impl::on_answer(ReplicaId link, Epoch epoch, ReplyItem&& item) {
  Operation* operation = find(item.number);
  if (!operation || item.operation != operation->digest) return;
  Flight& flight = flights.at(operation->flight);
  if (flight.is_part && flight.attempt == 0 && item.outcome == Outcome::invalid) return;
  operation->tally.add({link, epoch, item.outcome, std::move(item.result)}, crypto, budget);
  if (auto decision = operation->tally.decide()) return on_decision(item.number, std::move(*decision));
  if (flight.attempt == 0 && operation->tally.lacks_bytes()) {
    flight.retry_at = std::min(flight.retry_at, now.monotonic + patience_since(flight.sent_at));
  }
}

void Client::Impl::on_decision(RequestNumber number, ReplyTally::Decision&& decision) {
  if (decision.outcome == Outcome::executed) {
    return settle(number, Completion::ok, std::move(decision.result), Outcome::executed);
  }
  const RequestNumber flight = find(number)->flight;
  // A replica judges a request as a whole: one bad operation must not take the others with it.
  if (decision.outcome == Outcome::invalid && flights.at(flight).request->items.size() > 1)
    return split(flight);
  settle(number, Completion::rejected, {}, decision.outcome);
  if (decision.outcome == Outcome::number_void) {
    superseded = true;
    reject_queue();
  }
}

void Client::Impl::settle(RequestNumber number, Completion completion, Bytes result, Outcome outcome) {
  Operation& operation = *find(number);
  operation.settled = true;
  operation.tally.release(budget);
  --unsettled;
  auto flight = flights.find(operation.flight);
  if (completion == Completion::ok && flight->second.request->proof == Proof::tags) tags_pause = Duration{};
  if (--flight->second.unanswered == 0) flights.erase(flight);
  complete(operation.ticket, completion, std::move(result), outcome);
  while (!operations.empty() && operations.front().settled) {
    operations.pop_front();
    lowest_unanswered = lowest_unanswered.next();
  }
}

void Client::Impl::complete(std::uint64_t ticket, Completion completion, Bytes result, Outcome outcome) {
  out->push_back(Completed{ticket, completion, std::move(result), outcome});
}

void Client::Impl::reject_queue() {
  for (auto* waits : {&queue, &query_queue}) {
    for (const Queued& queued : *waits)
      complete(queued.ticket, Completion::rejected, {}, Outcome::stale_incarnation);
    waits->clear();
  }
}

void Client::Impl::handle(ClientLinkUp& link) {
  if (link.peer.value >= config.replicas || stopped) return;
  if (is_opening()) send(opening, {link.peer});
  const bool is_primary = quorums.primary(believed_view()) == link.peer;
  for (const auto& [first, flight] : flights) {
    if (is_primary || flight.to_all) send(flight, {link.peer});
  }
  for (const auto& [first, flight] : query_flights) send(flight, {link.peer});
}

// The primary may be gone: the others learn of what only it has got, and can wait for it no longer than
// they must.
void Client::Impl::handle(ClientLinkDown& link) {
  if (stopped || quorums.primary(believed_view()) != link.peer) return;
  for (auto& [first, flight] : flights) {
    if (flight.to_all) continue;
    flight.retry_at = std::min(flight.retry_at, now.monotonic + jittered(pause_without_link));
  }
}

void Client::Impl::handle(ClientTimerFired&) {
  armed.reset();
  expire();
  if (is_opening() && opening.retry_at <= now.monotonic) retry(opening);
  for (auto& [first, flight] : flights) {
    if (flight.retry_at <= now.monotonic) retry(flight);
  }
  retry_queries();
}

void Client::Impl::expire() {
  while (!operations.empty() && operations.front().deadline <= now.monotonic) {
    const bool no_room = operations.front().tally.count(Outcome::overloaded) >= quorums.weak();
    settle(lowest_unanswered, no_room ? Completion::overloaded : Completion::timed_out, {},
           Outcome::overloaded);
  }
  for (auto* waits : {&queue, &query_queue}) {
    for (; !waits->empty() && waits->front().deadline <= now.monotonic; waits->pop_front())
      complete(waits->front().ticket, Completion::timed_out);
  }
}

void Client::Impl::handle(CancelAll&) {
  stopped = true;
  opening = Flight{};
  for (Operation& operation : operations) {
    operation.tally.release(budget);
    if (!operation.settled) complete(operation.ticket, Completion::stopped);
  }
  for (auto& [number, query] : queries) {
    query.tally.release(budget);
    complete(query.ticket, Completion::stopped);
  }
  for (auto* waits : {&queue, &query_queue}) {
    for (const Queued& queued : *waits) complete(queued.ticket, Completion::stopped);
    waits->clear();
  }
  operations.clear();
  unsettled = 0;
  flights.clear();
  queries.clear();
  query_flights.clear();
}

void Client::Impl::update_timer() {
  std::optional<Instant> at;
  auto consider = [&](Instant instant) { at = at ? std::min(*at, instant) : instant; };
  if (is_opening()) consider(opening.retry_at);
  for (const auto& [first, flight] : flights) consider(flight.retry_at);
  if (!operations.empty()) consider(operations.front().deadline);
  for (const auto& [first, flight] : query_flights) {
    consider(flight.order_at);
    if (flight.ask_again_at) consider(*flight.ask_again_at);
  }
  for (const auto* waits : {&queue, &query_queue}) {
    if (!waits->empty()) consider(waits->front().deadline);
  }
  if (armed == at) return;
  // One that only moves back needs no new timer: it fires, looks, and is set again.
  if (at && armed && *armed < *at && *armed > now.monotonic) return;
  armed = at;
  if (at) {
    out->push_back(SetClientTimer{*at});
  } else {
    out->push_back(CancelClientTimer{});
  }
}

Client::Impl::Operation* Client::Impl::find(RequestNumber number) {
  if (number < lowest_unanswered || number >= next_number()) return nullptr;
  Operation& operation = operations[number.value - lowest_unanswered.value];
  return operation.settled ? nullptr : &operation;
}

View Client::Impl::believed_view() const {
  std::vector<View> views = reported_views;
  std::nth_element(views.begin(), views.begin() + quorums.f(), views.end(), std::greater<>());
  return views[quorums.f()];
}

View Client::believed_view() const { return impl_->believed_view(); }
bool Client::is_open() const { return impl_->opened; }
std::size_t Client::outstanding() const {
  return impl_->unsettled + impl_->queue.size() + impl_->queries.size() + impl_->query_queue.size();
}
std::uint64_t Client::ordered_queries() const { return impl_->ordered_queries; }

void Client::invariants() const {
  const Impl& c = *impl_;
  PBFT_CHECK(c.operations.empty() || !c.operations.front().settled);
  PBFT_CHECK(c.operations.size() <= c.config.agreed.client_window);
  PBFT_CHECK(!c.is_opening() || c.operations.empty());
  std::size_t unanswered = 0;
  for (const auto& [first, flight] : c.flights) {
    PBFT_CHECK(flight.unanswered > 0 && flight.request->first == first);
    unanswered += flight.unanswered;
  }
  PBFT_CHECK(unanswered == c.unsettled);
  std::size_t asked = 0;
  for (const auto& [first, flight] : c.query_flights) {
    PBFT_CHECK(flight.unanswered > 0 && first <= flight.last && flight.last < c.next_query);
    asked += flight.unanswered;
  }
  PBFT_CHECK(asked == c.queries.size());
  if (c.unsettled == 0 && !c.is_opening() && c.queries.empty()) PBFT_CHECK(c.budget.held() == 0);
}

}  // namespace pbft::core
