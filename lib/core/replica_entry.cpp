// What changes when a view is entered (OSDI'99 4.4, last paragraph).
#include <algorithm>

#include "core/replica_impl.hpp"

namespace pbft::core {

void Replica::Impl::enter_view(NewViewPtr message, std::vector<ViewChangePtr> sources) {
  view = message->view;
  pending = std::max(pending, view);  // entered while asking for a later one: we execute what others commit
  new_view = std::move(message);
  new_view_sources = std::move(sources);
  std::erase_if(view_changes, [&](const auto& entry) { return entry.second->new_view <= view; });
  std::erase_if(candidates, [&](const auto& entry) { return entry.second.new_view->view <= view; });
  judged.clear();
  suspicion.on_view();
  complaints.clear();
  ousted = false;
  view_entered = head_since = now.monotonic;
  progressed = false;
  report(ViewEntered{view});

  std::vector<RequestPtr> tagged = end_introductions();
  reissue(*new_view);
  revoted_at = now.monotonic + revote_time();
  return_requests(std::move(tagged));
  for (auto at = slots.begin(); at != slots.end();) {
    const SeqNum seq = at->first;
    std::optional<PrePrepare> early = std::move(at->second.early);
    at->second.early.reset();
    ++at;
    if (!early) continue;
    if (early->header.view == view)
      on_pre_prepare(quorums.primary(view), std::move(*early));
    else if (early->header.view > view)
      slot_at(seq).early = std::move(early);
  }
  revisit_slots();
  try_propose();
}

// The NewView's headers stand for pre-prepares in every slot that it covers; the other slots start empty.
void Replica::Impl::reissue(const NewView& from) {
  changed.all = true;
  for (auto& [seq, slot] : slots) {
    slot.header.reset();
    slot.reissued = slot.body_refused = slot.certificate_pending = false;
    slot.wanted.clear();
    slot.asked.clear();
    slot.prepares.drop_below(view);
    slot.touched = now.monotonic;
    slot.waits_since.reset();
    slot.proposed_at.reset();
  }
  SeqNum seq = from.first;
  for (const NewView::Header& header : from.headers) {
    if (in_store_window(seq)) {
      Slot& slot = slot_at(seq);
      slot.header = PrePrepare{{view, seq, header.digest}, header.signature, nullptr};
      slot.reissued = true;
    }
    seq = seq.next();
  }
  for (auto& entry : slots) {
    Slot& slot = entry.second;
    if (slot.doubtful && !(slot.header && slot.header->header.digest == slot.doubtful->digest)) {
      slot.doubtful.reset();
    }
    std::erase_if(slot.bodies, [&slot](const BodyPtr& body) {
      return !(slot.header && slot.header->header.digest == body->digest) &&
             !(slot.certificate && slot.certificate->header.digest == body->digest) &&
             !(slot.committed && *slot.committed == body->digest);
    });
  }
  revoted_through = SeqNum{from.first.value - 1};
  reissued_through = SeqNum{revoted_through.value + from.headers.size()};
  proposed = std::max({stable.seq, reissued_through, dispatched});
}

// What the old primary had proposed in vain is proposed again; what waits is brought to the new primary.
void Replica::Impl::return_requests(std::vector<RequestPtr> tagged) {
  pool.forget_proposed(now.monotonic);
  for (auto at = slots.upper_bound(dispatched); at != slots.end(); ++at) {
    const Slot& slot = at->second;
    const BodyPtr body = slot.header ? find_body(slot, slot.header->header.digest) : nullptr;
    if (!body) continue;
    for (const RequestPtr& request : body->requests) pool.mark_proposed(*request);
  }
  pool.restart_waiting(now.monotonic);
  if (is_primary()) {
    for (RequestPtr& request : tagged) lobby.add(std::move(request));
    return introduce();
  }
  std::vector<RequestPtr> waiting = pool.waiting();
  waiting.insert(waiting.end(), tagged.begin(), tagged.end());
  std::size_t bytes = 0;
  for (const RequestPtr& request : waiting) {
    bytes += request->payload.size();
    if (bytes > config.agreed.max_batch_bytes) break;
    relay(request);
  }
}

}  // namespace pbft::core
