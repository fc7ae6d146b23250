// What a client sends: the open request, bundles of operations, retries.
#include <algorithm>

#include "core/check.hpp"
#include "core/client_impl.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"

namespace pbft::core {

namespace {
// After a request with tags went unanswered: doubles with each that does, and returns when one is answered.
constexpr Duration min_tags_pause = std::chrono::seconds(1), max_tags_pause = std::chrono::minutes(1);

constexpr std::uint64_t min_leap = std::uint64_t{1} << 20;  // about a second, as wall-clock time

constexpr Duration max_unwatched = std::chrono::seconds(1);

// Above it there is no room to count. As wall-clock time: the year 294246.
constexpr std::uint64_t max_incarnation = std::uint64_t{1} << 63;
}  // namespace

void Client::Impl::open(RequestNumber as) {
  incarnation = as;
  opening_digest = open_digest(crypto, config.id, as);
  stale.clear();
  opening_tally.release(budget);
  opening_tally = ReplyTally{quorums.weak()};
  launch(opening, sealer.seal({config.id, RequestKind::open, as, as, {}}));
  opening.to_all = true;
  send(opening, all_replicas());
}

void Client::Impl::open_above_the_stale() {
  std::vector<std::uint64_t> highest;
  for (const auto& [replica, number] : stale) highest.push_back(number);
  std::sort(highest.rbegin(), highest.rend());
  // By chance, so that two processes that open above the same number do not meet; and further with each
  // round, since one that is still running counts on meanwhile.
  const std::uint64_t leap = 1 + random() % (min_leap << std::min(stale_rounds++, 40U));
  const std::uint64_t above = std::max(highest[quorums.f()], incarnation.value);
  if (above >= max_incarnation) {
    opening = Flight{};
    superseded = true;
    return reject_queue();
  }
  open(RequestNumber{above + leap});
}

void Client::Impl::send_queued() {
  if (!opened || superseded) return;
  while (flights.size() < std::max(1U, config.limits.max_requests_in_flight) && send_next()) {
  }
}

bool Client::Impl::send_next() {
  const RequestNumber first = next_number();
  RequestDraft draft{
      config.id, RequestKind::operations, operations.empty() ? first : lowest_unanswered, first, {}};
  std::size_t bytes = request_overhead_bytes;
  while (!queue.empty() && operations.size() < config.agreed.client_window &&
         draft.items.size() < config.agreed.max_request_operations) {
    Queued& next = queue.front();
    bytes += item_overhead_bytes + next.body.size();
    if (bytes > config.agreed.max_request_bytes && !draft.items.empty()) break;
    const Digest digest = operation_digest(crypto, config.id, next_number(), next.read_only, next.body);
    operations.push_back({next.ticket, next.deadline, digest, first,
                          ReplyTally{mutated(Mutant::reply_quorum_of_f) ? quorums.f() : quorums.weak()},
                          false});
    draft.items.push_back({std::move(next.body), next.read_only});
    queue.pop_front();
  }
  if (draft.items.empty()) return false;

  unsettled += draft.items.size();
  Flight& flight = flights[first];
  flight.unanswered = draft.items.size();
  flight.to_all = is_shown_to_all();
  launch(flight, may_use_tags() && !flight.to_all ? sealer.seal_with_tags(draft) : sealer.seal(draft));
  send(flight, flight.to_all ? all_replicas() : std::vector{quorums.primary(believed_view())});
  return true;
}

// At random, so that the primary cannot know whom the others watch it serve; and so often that they notice a
// slow one also when there is little to do.
bool Client::Impl::is_shown_to_all() {
  const std::uint32_t share = config.limits.broadcast_share;
  if (share == 0) return false;
  const bool drawn = random() % share == 0;
  if (!drawn && now.monotonic - shown_to_all < max_unwatched) return false;
  shown_to_all = now.monotonic;
  return true;
}

void Client::Impl::launch(Flight& flight, RequestPtr request) {
  PBFT_CHECK(request != nullptr);
  flight.request = std::move(request);
  flight.sent_at = now.monotonic;
  flight.pause = std::max(config.limits.retry_timeout, Duration{1});
  flight.retry_at = now.monotonic + jittered(flight.pause);
}

// Each operation that is unanswered travels alone from now on, under the number that it has: the replicas go
// on seeing one operation per number, so none executes twice. Late refusals of the whole request look like
// refusals of a part: they do not count before the part's first retry.
void Client::Impl::split(RequestNumber key) {
  const Flight whole = std::move(flights.at(key));
  flights.erase(key);
  for (std::size_t i = 0; i < whole.request->items.size(); ++i) {
    const RequestNumber number{key.value + i};
    Operation* operation = find(number);
    if (!operation) continue;
    operation->tally.forget(Outcome::invalid, budget);
    operation->flight = number;
    const Request::Item& item = whole.request->items[i];
    Flight& part = flights[number];
    part.unanswered = 1;
    part.to_all = true;
    part.is_part = true;
    launch(part, sealer.seal({config.id,
                              RequestKind::operations,
                              lowest_unanswered,
                              number,
                              {{Bytes(item.body.begin(), item.body.end()), item.read_only}}}));
    send(part, all_replicas());
  }
}

void Client::Impl::retry(Flight& flight) {
  if (flight.request->proof == Proof::tags) {
    flight.request = sealer.sign(*flight.request);
    if (now.monotonic >= tags_from) {
      tags_pause = std::clamp(2 * tags_pause, min_tags_pause, max_tags_pause);
      tags_from = now.monotonic + tags_pause;
    }
  }
  ++flight.attempt;
  flight.to_all = true;
  flight.pause = std::min(2 * flight.pause, std::max(config.limits.max_retry_timeout, Duration{1}));
  flight.retry_at = now.monotonic + jittered(flight.pause);
  send(flight, all_replicas());
}

void Client::Impl::send(const Flight& flight, std::vector<ReplicaId> to) {
  out->push_back(SendRequest{
      std::move(to), std::make_shared<const Message>(RequestMessage{flight.request, flight.attempt})});
}

std::vector<ReplicaId> Client::Impl::all_replicas() const {
  std::vector<ReplicaId> all;
  for (std::uint32_t id = 0; id < config.replicas; ++id) all.push_back(ReplicaId{id});
  return all;
}

// splitmix64 (Steele et al. 2014).
std::uint64_t Client::Impl::random() {
  std::uint64_t z = random_state += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

// Up to a quarter longer: clients that lost the same primary do not all come back at once.
Duration Client::Impl::jittered(Duration pause) {
  const auto quarter = static_cast<std::uint64_t>(pause.count() / 4 + 1);
  return pause + Duration(static_cast<Duration::rep>(random() % quarter));
}

}  // namespace pbft::core
