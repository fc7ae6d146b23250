// Admission of requests, relay to the primary, proposals (OSDI'99 4.1 and 4.2).
#include <algorithm>

#include "core/designated.hpp"
#include "core/images.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {
constexpr std::uint32_t max_filled = 16;  // empty batches between two status ticks
}  // namespace

void Replica::Impl::on_request(const Identity& link, const RequestMessage& message) {
  const RequestPtr& request = message.request;
  const bool direct = std::holds_alternative<ClientId>(link);
  if (is_replica_client(request->client) && is_rejoin_too_early(replica_of(request->client))) {
    return reject(link, Rejection::too_often);
  }
  if (!admitted.contains(request->client)) return reject(link, Rejection::unknown_client);
  if (direct) {
    // Numbers that are settled are answered from the table, whatever else the request holds.
    reply_to(request->client, table.answers(*request, crypto), message.attempt);
  }
  if (!table.in_window(*request)) return reject(link, Rejection::bad_number);
  if (table.is_done(*request)) {
    if (direct) reject(link, Rejection::repeated);
    return;
  }

  auto refuse = [&](Rejection reason, Outcome outcome) {
    reject(link, reason);
    if (!direct) return;
    std::vector<ReplyItem> items;
    for (std::size_t i = 0; i < request->items.size(); ++i) {
      const RequestNumber number{request->first.value + i};
      if (table.is_done(request->client, number)) continue;
      items.push_back({number,
                       operation_digest(crypto, request->client, number, request->items[i].read_only,
                                        request->items[i].body),
                       outcome, Bytes{}});
    }
    reply_to(request->client, std::move(items), message.attempt);
  };
  if (config.valid && !config.valid(*request))
    return refuse(Rejection::refused_by_application, Outcome::invalid);
  if (request->proof == Proof::tags) {
    if (pool.contains(*request)) {
      if (direct) reject(link, Rejection::repeated);
      return;
    }
    if (!take_tagged(link, request)) refuse(Rejection::pool_full, Outcome::overloaded);
    return;
  }

  switch (pool.add(request, now.monotonic)) {
    case RequestPool::Added::full:
      return refuse(Rejection::pool_full, Outcome::overloaded);
    case RequestPool::Added::known:
      // Every backup that got it relays it, so only its client says it again.
      if (direct) reject(link, Rejection::repeated);
      return;
    case RequestPool::Added::added:
      break;
  }
  // Also what a replica brought: it may have shown it to us alone, so that we wait for what the primary has
  // not.
  if (is_primary()) {
    try_propose();
  } else {
    relay(request);
    watch(*request);
  }
}

void Replica::Impl::relay(const RequestPtr& request) {
  send(quorums.primary(view), RequestMessage{request, 0});
}

void Replica::Impl::reply_to(ClientId client, std::vector<ReplyItem> items, std::uint32_t attempt) {
  if (items.empty() || !is_answering() || is_replica_client(client)) return;
  Reply reply{Epoch{}, view, client, {}};
  std::size_t bytes = 0;
  auto flush = [&] {
    out->push_back(SendReply{client, std::make_shared<const Message>(std::move(reply))});
    reply = Reply{Epoch{}, view, client, {}};
    bytes = 0;
  };
  for (ReplyItem& item : items) {
    if (auto* whole = std::get_if<Bytes>(&item.result);
        whole && whole->size() > whole_result_bytes &&
        designated_replica(item.number, attempt, quorums.n()) != config.id) {
      item.result = result_digest(crypto, *whole);
    }
    if (const auto* whole = std::get_if<Bytes>(&item.result)) bytes += whole->size();
    bytes += reply_item_bytes;
    reply.items.push_back(std::move(item));
    if (bytes >= reply_message_bytes) flush();
  }
  if (!reply.items.empty()) flush();
}

// A batch costs its signatures, whatever is in it: where a round takes less than the spacing, what comes
// meanwhile shares them; where it takes longer, batches overlap.
bool Replica::Impl::is_spaced(std::optional<Instant> last) const {
  return !last || now.monotonic - *last >= config.limits.pipeline_spacing;
}

void Replica::Impl::try_propose() {
  // One batch after the other, without a timer: while the pipeline is full, requests gather for the next one.
  while (may_propose()) {
    const SeqNum seq = proposed.next();
    if (!in_vote_window(seq)) return;
    const bool fills = !pool.has_unproposed();
    if (fills && (filled >= max_filled || !wants_filling(proposed))) return;
    const bool is_full = pool.unproposed_bytes() >= config.limits.batch_target_bytes;
    if (proposed > dispatched && !is_full && !is_spaced(proposed_last)) return;
    if (seq.value - dispatched.value > config.limits.pipeline_depth) return;

    auto body = std::make_shared<Body>();
    RequestPool::Drawn drawn = pool.draw(config.agreed.max_batch_bytes, config.agreed.max_batch_requests,
                                         config.limits.batch_target_bytes);
    if (drawn.requests.empty() && !fills) return;
    body->requests = std::move(drawn.requests);
    if (fills) ++filled;
    body->time = now.wall;
    body->digest = batch_digest(crypto, body->time, body->requests);
    body->requests_authentic = true;
    proposed = seq;
    proposed_last = now.monotonic;

    const BatchHeader header{view, seq, body->digest};
    PrePrepare message{header, crypto.sign(Statement::pre_prepare, image_of(header)), body};
    Slot& slot = slot_at(seq);
    slot.bodies.push_back(body);
    slot.header = PrePrepare{header, message.signature, nullptr};
    slot.clock = {Stage::admission, drawn.oldest.value_or(now.monotonic)};
    slot.clock.reach(Stage::admission, now.monotonic, stage_times);
    broadcast(std::move(message));
    advance(slot, seq);
  }
}

}  // namespace pbft::core
