// Cheap checks before expensive ones: what is refused or known whatever its signature says costs no signature
// check. A function of message and state, the same that the handlers apply afterwards; nothing is kept of
// what it looks at.
#include <algorithm>

#include "core/replica_impl.hpp"

namespace pbft::core {

std::optional<Replica::Needless> Replica::foresee(const Identity& link, const Message& message) const {
  const Impl& r = *impl_;
  const auto* replica = std::get_if<ReplicaId>(&link);
  if (replica && (replica->value >= r.quorums.n() || *replica == r.config.id)) {
    return Needless{Rejection::unknown_replica};
  }
  if (const auto* request = std::get_if<RequestMessage>(&message)) {
    return r.foresee_request(link, *request->request);
  }
  if (std::holds_alternative<ClientId>(link)) {
    return std::holds_alternative<Query>(message) ? std::nullopt
                                                  : std::optional(Needless{Rejection::wrong_link});
  }
  if (const auto* vote = std::get_if<Prepare>(&message)) {
    if (vote->header.view < r.view) return Needless{};
    const auto at = r.slots.find(vote->header.seq);
    const bool is_settled =
        at != r.slots.end() && at->second.certificate && at->second.certificate->header == vote->header;
    if (is_settled && vote->sender != r.quorums.primary(vote->header.view)) return Needless{};
    return r.foresee_vote(*vote, &Slot::prepares, r.stable.seq);
  }
  if (const auto* vote = std::get_if<Commit>(&message)) {
    return r.foresee_vote(*vote, &Slot::commits, r.discarded);
  }
  if (const auto* proposal = std::get_if<PrePrepare>(&message)) return r.foresee_proposal(*proposal);
  if (const auto* vote = std::get_if<Checkpoint>(&message); vote && vote->seq <= r.stable.seq) {
    return Needless{};
  }
  return std::nullopt;
}

std::optional<Replica::Needless> Replica::Impl::foresee_request(const Identity& link,
                                                                const Request& request) const {
  const auto* client = std::get_if<ClientId>(&link);
  if (client && *client != request.client) return Needless{Rejection::wrong_link};
  if (is_replica_client(request.client)) return std::nullopt;
  if (!admitted.contains(request.client)) return Needless{Rejection::unknown_client};
  if (!table.in_window(request)) return Needless{Rejection::bad_number};
  // The copy that is held is genuine, and one with another signature is no better.
  if (!client && (pool.contains(request) || table.is_done(request))) return Needless{};
  const bool has_answers = request.first <= table.highest(request.client);
  if (client && !has_answers && pool.contains(request)) return Needless{Rejection::repeated};
  return std::nullopt;
}

std::optional<Replica::Needless> Replica::Impl::foresee_vote(const Vote& vote, const VoteSet Slot::* votes,
                                                             SeqNum late) const {
  const SeqNum seq = vote.header.seq;
  if (seq <= late) return Needless{};
  if (!in_store_window(seq)) return Needless{Rejection::outside_window};
  const auto slot = slots.find(seq);
  if (vote.sender == config.id || slot == slots.end()) return std::nullopt;
  if ((slot->second.*votes).knows(vote)) return Needless{Rejection::repeated};
  return std::nullopt;
}

std::optional<Replica::Needless> Replica::Impl::foresee_proposal(const PrePrepare& message) const {
  const BatchHeader& header = message.header;
  if (header.seq <= std::max(discarded, std::min(stable.seq, dispatched))) return Needless{};
  if (!in_store_window(header.seq)) return Needless{Rejection::outside_window};
  if (header.view < view) return Needless{Rejection::wrong_view};
  if (header.view == view && is_primary()) return Needless{Rejection::not_asked_for};
  const auto at = slots.find(header.seq);
  if (header.view != view || at == slots.end() || !at->second.header) return std::nullopt;
  const bool is_known =
      at->second.header->header == header &&
      (!message.body || (message.body->digest == header.digest && find_body(at->second, header.digest)));
  return is_known ? std::optional(Needless{}) : std::nullopt;
}

}  // namespace pbft::core
