// Repair of whatever the network lost: Status tells what a peer lacks, and it is sent again; bodies and
// ViewChanges come by digest. TCP is a convenience, never an assumption.
#include <algorithm>
#include <bit>

#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {
// What a message costs of a peer's budget: near its size on the wire, always more than nothing.
constexpr std::size_t vote_bytes = 192;
std::size_t cost_of(const NewView& message) {
  return 256 + 48 * message.sources.size() + 112 * message.headers.size();
}
std::size_t cost_of(const ViewChange& message) {
  std::size_t bytes = 256 + 96 * message.stable.votes.size();
  for (const PreparedCertificate& certificate : message.prepared)
    bytes += 160 + 96 * certificate.prepares.size();
  return bytes;
}
std::size_t cost_of(const Body& body) {
  std::size_t bytes = 256;
  for (const RequestPtr& request : body.requests) bytes += 96 + request->payload.size();
  return bytes;
}
constexpr bool has_bit(std::uint64_t mask, ReplicaId replica) { return (mask >> replica.value & 1) != 0; }
}  // namespace

// The budget is looked at before, so that one message of any size always goes.
bool Replica::Impl::spend(ReplicaId peer, std::size_t bytes) {
  std::size_t& spent = repair_spent[peer.value];
  if (spent >= config.limits.max_repair_bytes) return false;
  spent += bytes;
  return true;
}

bool Replica::Impl::is_my_turn(std::uint64_t thing) const {
  return (ticks + config.id.value + thing) % quorums.n() == 0;
}

bool Replica::Impl::is_stuck() const {
  return pool.size() > 0 || slots.upper_bound(executed) != slots.end() || pending > view ||
         !candidates.empty() || last_checkpoint > stable.seq || is_behind() || transfer || observing;
}

void Replica::Impl::send_status(std::optional<ReplicaId> to, bool answer_wanted) {
  Status status;
  status.view = view;
  status.pending = pending;
  status.answer_wanted = answer_wanted;
  status.observing = observing;
  status.stable = stable.seq;
  status.executed = executed;
  for (const auto& [sender, message] : view_changes) {
    if (message->new_view == pending) status.view_changes |= std::uint64_t{1} << sender.value;
  }
  for (auto at = slots.upper_bound(executed); at != slots.end(); ++at) {
    if (status.slots.size() == 3 * window()) break;  // a frame has room for no more; these come first
    const auto& [seq, slot] = *at;
    const bool has_body = slot.committed ? find_body(slot, *slot.committed) != nullptr
                                         : slot.header && find_body(slot, slot.header->header.digest);
    status.slots.push_back({seq, slot.header.has_value(), has_body, slot.committed.has_value(),
                            slot.prepares.mask(view), slot.commits.mask(view)});
  }
  status.checkpoints = checkpoint_votes.masks();
  if (to) {
    send(*to, std::move(status));
  } else {
    broadcast(std::move(status));
  }
}

void Replica::Impl::on_status(ReplicaId from, const Status& status) {
  auto& answered = status_answered[from.value];
  if (answered && now.monotonic - *answered < config.limits.status_interval / 4) {
    return reject(from, Rejection::too_often);
  }
  answered = now.monotonic;
  note_observer(from, status.observing);
  repair_views(from, status);
  repair_checkpoints(from, status);
  repair_slots(from, status);
  const bool ahead = status.executed > dispatched || status.view > view || status.stable > stable.seq;
  if (status.answer_wanted && ahead) send_status(from, false);
}

void Replica::Impl::repair_views(ReplicaId from, const Status& status) {
  if (new_view && status.view < view && spend(from, cost_of(*new_view))) send(from, new_view);
  // A replica that has forgotten what it said must be told.
  if (auto theirs = view_changes.find(from); theirs != view_changes.end() && !status.observing &&
                                             theirs->second->new_view > status.pending &&
                                             spend(from, cost_of(*theirs->second))) {
    send(from, theirs->second);
  }
  if (ousted && status.view == view && status.pending == view &&
      spend(from, vote_bytes * complaints.size())) {
    send(from, all_complaints());
  }
  if (pending <= view || status.pending > pending || mutated(Mutant::view_change_said_once)) return;

  auto own = view_changes.find(config.id);
  if (own != view_changes.end() && own->second->new_view == pending &&
      !has_bit(status.view_changes, config.id)) {
    // A peer that asks for the same view says what it lacks; of the others we do not know: ever more rarely.
    Resent& resent = view_change_resent[from.value];
    if (resent.view != pending) resent = Resent{pending, ticks, 1};
    const bool due = status.pending == pending || ticks >= resent.next_tick;
    if (due && spend(from, cost_of(*own->second))) {
      send(from, own->second);
      resent.next_tick = ticks + resent.gap;
      resent.gap = std::min<std::uint64_t>(resent.gap * 2, 32);
    }
  }
  if (status.pending != pending) return;
  for (const auto& [sender, message] : view_changes) {
    if (sender == config.id || sender == from || message->new_view != pending) continue;
    if (!has_bit(status.view_changes, sender) && is_my_turn(sender.value) && spend(from, cost_of(*message))) {
      send(from, message);
    }
  }
}

void Replica::Impl::repair_checkpoints(ReplicaId from, const Status& status) {
  if (status.stable < stable.seq && spend(from, vote_bytes * stable.votes.size())) send(from, stable);
  // Ours, and theirs in case that they have forgotten it; who observes knows that it has.
  for (ReplicaId sender : {config.id, from}) {
    if (sender == from && status.observing) continue;
    for (const Checkpoint* vote : checkpoint_votes.of(sender)) {
      if (vote->seq <= status.stable) continue;
      const bool held = std::any_of(
          status.checkpoints.begin(), status.checkpoints.end(),
          [&](const auto& theirs) { return theirs.seq == vote->seq && has_bit(theirs.votes, sender); });
      if (!held && spend(from, vote_bytes)) send(from, *vote);
    }
  }
}

void Replica::Impl::repair_slots(ReplicaId from, const Status& status) {
  auto theirs = status.slots.begin();
  for (auto at = slots.upper_bound(status.executed); at != slots.end(); ++at) {
    auto& [seq, slot] = *at;
    // What moved just now is on its way.
    if (now.monotonic - slot.touched < config.limits.status_interval / 2) continue;
    while (theirs != status.slots.end() && theirs->seq < seq) ++theirs;
    const Status::Slot nothing{seq};
    const Status::Slot& has = theirs != status.slots.end() && theirs->seq == seq ? *theirs : nothing;
    if (has.committed) continue;
    if (status.view == view) {
      if (!has.has_header && slot.header && spend(from, vote_bytes)) send(from, *slot.header);
      for (ReplicaId sender : {config.id, from}) {
        if (sender == from && status.observing) continue;
        const Vote* vote = slot.prepares.find(sender, view);
        if (vote && !has_bit(has.prepares, sender) && spend(from, vote_bytes)) send(from, Prepare{*vote});
      }
    }
    if (seq > executed || !mutated(Mutant::commits_said_once)) repair_commits(from, slot, has, status);
    if (repair_spent[from.value] >= config.limits.max_repair_bytes) return;
  }
}

// Our own commits of every view, and in turn those that made the batch committed here, whoever signed them:
// one correct replica that executed it is enough to bring a peer forward, even when those who voted have gone
// on or away, or the peer itself has forgotten its vote. Its newest one it is told of in any case. That the
// peer holds another's commit says little: an equivocator may have shown it one for another batch.
void Replica::Impl::repair_commits(ReplicaId from, Slot& slot, const Status::Slot& theirs,
                                   const Status& status) {
  for (const Vote& vote : slot.commits.all()) {
    const bool proves = slot.committed == vote.header.digest && is_my_turn(vote.header.seq.value);
    if (vote.sender == from) {
      if (status.observing) continue;
      const bool reminds = &vote == slot.commits.newest(from) && vote.header.view >= status.view;
      const bool is_held = vote.header.view == status.view && has_bit(theirs.commits, from);
      if (is_held || (!reminds && !proves)) continue;
    } else if (vote.sender == config.id) {
      if (vote.header.view == status.view && has_bit(theirs.commits, config.id)) continue;
    } else if (!proves) {
      continue;
    }
    if (may_show(slot.commits, Statement::commit, vote) && spend(from, vote_bytes)) send(from, Commit{vote});
  }
}

void Replica::Impl::fetch_body(Slot& slot, SeqNum seq, const Digest& digest, std::uint64_t hint) {
  if (!in_reach(seq)) return;
  auto asked =
      std::find_if(slot.asked.begin(), slot.asked.end(), [&](const auto& a) { return a.body == digest; });
  const bool is_asked = asked != slot.asked.end() && asked->round == fetch_round;
  if (is_asked && !asked->of_primary) return;

  std::uint64_t holders = hint;
  auto add_voters = [&](const VoteSet& votes) {
    for (const Vote& vote : votes.all()) {
      if (vote.header.digest == digest) holders |= std::uint64_t{1} << vote.sender.value;
    }
  };
  add_voters(slot.prepares);
  add_voters(slot.commits);
  holders &= ~(std::uint64_t{1} << config.id.value);
  // A primary that proposes without the body is not likely to send it when asked: who votes, has it. So in
  // the first round voters are asked rather than the primary, even if it was asked before they voted.
  const std::uint64_t primary = std::uint64_t{1} << quorums.primary(view).value;
  const bool of_primary = (holders & ~primary) == 0;
  const bool is_first = asked == slot.asked.end() || is_asked;
  if (!of_primary && is_first) {
    holders &= ~primary;
  } else if (slot.header && slot.header->header.digest == digest && !is_primary()) {
    holders |= primary;
  }
  if (mutated(Mutant::body_of_primary_only)) holders = is_primary() ? 0 : primary;
  if (holders == 0 || (of_primary && is_asked)) return;  // others show themselves by their votes

  auto turn =
      static_cast<int>((fetch_round + seq.value) % static_cast<std::uint64_t>(std::popcount(holders)));
  while (turn-- > 0) holders &= holders - 1;
  send(ReplicaId{static_cast<std::uint32_t>(std::countr_zero(holders))}, FetchBody{seq, digest});
  if (asked == slot.asked.end()) asked = slot.asked.insert(asked, {digest});
  asked->round = fetch_round;
  asked->of_primary = of_primary;
}

void Replica::Impl::on_fetch_body(ReplicaId from, const FetchBody& fetch) {
  const Slot* slot = find_slot(fetch.seq);
  const BodyPtr body = slot ? slot->body(fetch.digest) : nullptr;
  if (!body) return reject(from, Rejection::not_held);
  if (!spend(from, cost_of(*body))) return reject(from, Rejection::too_often);
  send(from, BodyMessage{fetch.seq, body});
}

void Replica::Impl::on_body(ReplicaId from, const BodyMessage& message) {
  Slot* slot = find_slot(message.seq);
  if (!slot || !slot->wants(message.body->digest)) return reject(from, Rejection::not_asked_for);
  keep_body(from, *slot, message.body);
  advance(*slot, message.seq);
  try_new_view();
}

void Replica::Impl::on_fetch_view_change(ReplicaId from, const FetchViewChange& fetch) {
  const ViewChangePtr held = find_view_change(fetch.replica, fetch.digest);
  if (!held) return reject(from, Rejection::not_held);
  if (!spend(from, cost_of(*held))) return reject(from, Rejection::too_often);
  send(from, held);
}

}  // namespace pbft::core
