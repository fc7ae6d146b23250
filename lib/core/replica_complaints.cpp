// Complaints about a primary that is slow or unfair, but not so mute that the request timer would replace it
// (docs/protocol.md, "Complaints"). One who complains goes on voting; q complaints end the view.
#include <algorithm>

#include "core/images.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

// Only a client's lowest request: the primary orders each client's in that order.
void Replica::Impl::watch(const Request& request) {
  if (is_replica_client(request.client) || !pool.is_head(request)) return;
  suspicion.on_relayed(request.client, request.digest, now.monotonic);
}

void Replica::Impl::note_proposal(Slot& slot, const Body& body) {
  if (slot.proposed_at || slot.reissued || is_primary()) return;
  slot.proposed_at = now.monotonic;
  if (suspicion.is_idle()) return;
  std::size_t bytes = 0;
  for (const RequestPtr& request : body.requests)
    bytes += request->payload.size() + RequestPool::overhead_bytes;
  // A primary ends a batch that has enough, or where the next request does not fit in.
  const std::size_t one_more = config.agreed.max_request_bytes + RequestPool::overhead_bytes;
  const bool has_room = body.requests.size() < config.agreed.max_batch_requests &&
                        bytes < config.limits.batch_target_bytes &&
                        bytes + one_more <= config.agreed.max_batch_bytes;
  suspicion.on_proposed(body.requests, has_room, now.monotonic);
  const auto own = complaints.find(config.id);
  if (own == complaints.end() || own->second.stable < stable.seq) complain_if_late();
}

// The primary's own pipeline may be shorter or longer; ours is what we would do in its place.
bool Replica::Impl::is_pipeline_full() const {
  SeqNum seq = dispatched;
  std::optional<Instant> last;
  for (std::uint32_t i = 0; i < config.limits.pipeline_depth; ++i) {
    seq = seq.next();
    if (seq > vote_window_end()) return true;
    const auto at = slots.find(seq);
    if (at == slots.end() || !at->second.proposed_at) return !is_spaced(last);
    last = at->second.proposed_at;
  }
  return true;
}

void Replica::Impl::charge_primary() {
  if (suspicion.is_idle()) return;
  const bool is_heard = !down_since.contains(quorums.primary(view));
  suspicion.charge(may_vote() && !is_primary() && !entering && is_heard && !is_excused() &&
                       dispatched >= reissued_through && now.monotonic >= revoted_at && !is_pipeline_full(),
                   now.monotonic);
}

// Also at every status tick: what was said may have been lost, and is forgotten after a window of batches.
void Replica::Impl::complain_if_late() {
  if (!may_vote() || is_primary() || entering) return;
  if (const auto grounds = suspicion.grounds(now.monotonic)) complain(*grounds);
}

void Replica::Impl::complain(const Suspicion::Grounds& grounds) {
  const auto [own, is_first] = complaints.try_emplace(config.id);
  if (is_first) report(Complaining{view, grounds.late, grounds.allowed, grounds.is_unfair});
  if (is_first || own->second.stable < stable.seq) {
    own->second = {config.id, stable.seq,
                   crypto.sign(Statement::complaint, complaint_image(view, stable.seq))};
  }
  broadcast(Complaints{view, {own->second}});
  leave_if_ousted();
}

void Replica::Impl::on_complaints(ReplicaId link, const Complaints& message) {
  if (message.view != view) return;  // late; or early, then it comes again
  for (const Complaints::Vote& vote : message.votes) {
    const auto held = complaints.find(vote.replica);
    const bool is_known = held != complaints.end() && vote.stable <= held->second.stable;
    const bool is_old = vote.stable.value + window() < stable.seq.value;
    if (is_known || is_old) continue;
    // There are few places at which one can have complained, so nobody is made to check many signatures.
    if (vote.stable.value % config.agreed.checkpoint_interval != 0 ||
        vote.stable.value > stable.seq.value + 2 * window()) {
      return reject(link, Rejection::outside_window);
    }
    if (!crypto.verify(Statement::complaint, vote.replica, complaint_image(view, vote.stable),
                       vote.signature)) {
      return reject(link, Rejection::bad_certificate);
    }
    complaints[vote.replica] = vote;
  }
  leave_if_ousted();
}

// f liars and f slow replicas are fewer than q; of q at least f+1 are correct, so all that hear of the q
// leave.
void Replica::Impl::leave_if_ousted() {
  if (ousted || !may_sign()) return;
  std::erase_if(complaints,
                [&](const auto& entry) { return entry.second.stable.value + window() < stable.seq.value; });
  if (complaints.size() < quorums.quorum()) return;
  ousted = true;
  suspicion.on_ousted(now.monotonic);
  if (pending > view || entering) return;  // we are leaving already
  broadcast(all_complaints());
  start_view_change(view.next(), "a quorum complains about the primary");
}

Complaints Replica::Impl::all_complaints() const {
  Complaints all{view, {}};
  for (const auto& [replica, vote] : complaints) all.votes.push_back(vote);
  return all;
}

}  // namespace pbft::core
