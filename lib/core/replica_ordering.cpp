// Pre-prepare, prepare, commit (OSDI'99 4.2).
#include <algorithm>
#include <utility>

#include "core/images.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

void Replica::Impl::on_pre_prepare(ReplicaId link, PrePrepare&& message) {
  const BatchHeader header = message.header;
  if (header.seq <= std::max(discarded, std::min(stable.seq, dispatched))) return;  // late
  if (!in_store_window(header.seq)) return reject(link, Rejection::outside_window);
  if (!in_reach(header.seq)) message.body = nullptr;  // fetched when its turn is near
  if (header.view > view && (header.view == pending || is_offered(header.view))) {
    // Its NewView is still being checked or written: keep one proposal per slot until then.
    Slot& slot = slot_at(header.seq);
    if (!slot.early || slot.early->header.view < header.view) slot.early = std::move(message);
    return;
  }
  if (header.view != view) return reject(link, Rejection::wrong_view);
  if (is_primary()) return reject(link, Rejection::not_asked_for);  // our own, shown back
  if (message.body && message.body->digest != header.digest) {
    reject(link, Rejection::digest_mismatch);
    message.body = nullptr;  // the header binds its signer all the same
  }
  Slot& slot = slot_at(header.seq);
  if (slot.header && slot.header->header.digest != header.digest) {
    accuse(Statement::pre_prepare, quorums.primary(view), image_of(slot.header->header),
           slot.header->signature, image_of(header), message.signature);
    return reject(link, Rejection::conflicting);
  }
  if (slot.header && !message.body) return;
  accept_header(link, slot, std::move(message));
  advance(slot, header.seq);
}

void Replica::Impl::accept_header(ReplicaId link, Slot& slot, PrePrepare&& message) {
  const BodyPtr body = std::move(message.body);
  if (!slot.header) slot.header = std::move(message);
  if (body) keep_body(link, slot, body);
}

// The digest covers the requests, not what proves them: a copy with spoilt signatures must not take the place
// of a good copy, nor be voted for, unless a correct replica is known to have seen a good one.
void Replica::Impl::keep_body(ReplicaId link, Slot& slot, const BodyPtr& body) {
  if (find_body(slot, body->digest)) return;
  if (is_proven(*body) || is_vouched_for(slot, body->digest)) {
    slot.bodies.push_back(body);
    return;
  }
  reject(link, body->requests_authentic ? Rejection::wrong_tag : Rejection::bad_request_in_batch);
  if (!slot.header || slot.header->header.digest != body->digest) return;
  slot.doubtful = body;
  const bool is_asked = std::any_of(slot.asked.begin(), slot.asked.end(),
                                    [&](const Slot::Asked& asked) { return asked.body == body->digest; });
  // A better copy is looked for from the next round on.
  if (!is_asked) slot.asked.push_back({body->digest, fetch_round});
}

// The NewView re-issued it, or f+1 replicas voted for it, its primary included, or it is certified. One of
// f+1 is correct, and the first correct one that voted has seen proof of every request.
bool Replica::Impl::is_vouched_for(const Slot& slot, const Digest& digest) const {
  if (slot.committed == digest ||
      std::find(slot.wanted.begin(), slot.wanted.end(), digest) != slot.wanted.end()) {
    return true;
  }
  if (!slot.header || slot.header->header.digest != digest) return false;
  return slot.reissued || slot.prepares.count(slot.header->header) + 1 >= quorums.weak() ||
         slot.commits.count(slot.header->header) >= quorums.weak();
}

// Facts that do not depend on executed state only: replicas execute at different moments.
bool Replica::Impl::may_prepare(Slot& slot, const BodyPtr& body) {
  const auto skew = static_cast<std::uint64_t>(config.limits.max_clock_skew.count());
  const bool time_ahead =
      body->time.unix_us > now.wall.unix_us && body->time.unix_us - now.wall.unix_us > skew;
  if ((is_proven(*body) && !time_ahead) || is_vouched_for(slot, body->digest)) return true;
  if (!slot.body_refused) {
    slot.body_refused = true;
    reject(quorums.primary(view), time_ahead ? Rejection::time_ahead : Rejection::bad_request_in_batch);
  }
  return false;
}

void Replica::Impl::on_prepare(ReplicaId link, const Prepare& vote) {
  if (vote.header.seq <= stable.seq || vote.header.view < view) return;  // late
  if (!in_store_window(vote.header.seq)) return reject(link, Rejection::outside_window);
  if (vote.sender == quorums.primary(vote.header.view)) return reject(link, Rejection::not_primary);
  Slot& slot = slot_at(vote.header.seq);
  if (slot.certificate && slot.certificate->header == vote.header) return;  // it proves nothing more
  if (!add_vote(slot.prepares, Statement::prepare, link, vote)) return;
  if (is_primary()) slot.clock.reach(Stage::pre_prepare, now.monotonic, stage_times);
  advance(slot, vote.header.seq);
}

void Replica::Impl::on_commit(ReplicaId link, const Commit& vote) {
  // Commits of any view count for execution: q of them prove the batch, whatever view we are in.
  if (vote.header.seq <= discarded) return;  // late
  if (!in_store_window(vote.header.seq)) return reject(link, Rejection::outside_window);
  Slot& slot = slot_at(vote.header.seq);
  // The quorum that proves the batch to others is kept: votes of later views would take its place.
  const bool is_proven = slot.committed == vote.header.digest && vote.sender != config.id;
  if (is_proven && !slot.commits.knows(vote)) return;
  if (!add_vote(slot.commits, Statement::commit, link, vote)) return;
  // Its signature will be needed: there is time until the last one is here.
  if (!slot.committed && slot.header && slot.header->header == vote.header) {
    are_proven(slot.commits, vote.header);
  }
  advance(slot, vote.header.seq);
}

bool Replica::Impl::add_vote(VoteSet& votes, Statement statement, ReplicaId link, const Vote& vote) {
  if (vote.sender == config.id) return add_own_vote(votes, statement, vote);
  switch (votes.add(vote)) {
    case VoteSet::Added::added:
      return true;
    case VoteSet::Added::conflicting: {
      const Vote* first = votes.find(vote.sender, vote.header.view);
      if (may_show(votes, statement, *first) && may_show(votes, statement, *(first + 1))) {
        accuse(statement, vote.sender, image_of(first->header), first->signature, image_of(vote.header),
               vote.signature);
      }
      reject(link, Rejection::conflicting);
      return true;  // it counts for its batch all the same
    }
    case VoteSet::Added::known:
      reject(link, Rejection::repeated);
      break;
    case VoteSet::Added::dropped:
      break;
  }
  return false;
}

bool Replica::Impl::may_show(VoteSet& votes, Statement statement, const Vote& vote) {
  if (vote.is_signed == Vote::Signed::unchecked) {
    const bool holds = crypto.verify(statement, vote.sender, image_of(vote.header), vote.signature);
    votes.note(vote, holds ? Vote::Signed::checked : Vote::Signed::falsely);
    if (!holds) reject(vote.sender, Rejection::bad_signature);
  }
  return vote.is_signed == Vote::Signed::checked;
}

void Replica::Impl::advance(Slot& slot, SeqNum seq) {
  if (slot.header) {
    if (slot.doubtful && is_vouched_for(slot, slot.doubtful->digest)) {
      keep_body(config.id, slot, std::exchange(slot.doubtful, nullptr));
    }
    const BodyPtr body = find_body(slot, slot.header->header.digest);
    if (!body) {
      fetch_body(slot, seq, slot.header->header.digest);
    } else if (note_proposal(slot, *body); in_vote_window(seq) && !entering) {
      const bool is_ours_to_vote = may_vote() && !is_primary() && !slot.prepares.find(config.id, view);
      if (is_ours_to_vote && !is_forgotten(seq, slot) && may_prepare(slot, body)) send_prepare(slot);
      make_certificate(slot, seq, body);
    }
  }
  find_committed(slot);
  if (!slot.waits_since && (slot.header || slot.certificate || slot.committed))
    slot.waits_since = now.monotonic;
  if (slot.committed && seq > dispatched && !find_body(slot, *slot.committed)) {
    fetch_body(slot, seq, *slot.committed);
  }
  try_execute();
}

void Replica::Impl::send_prepare(Slot& slot) {
  const BatchHeader& header = slot.header->header;
  Prepare vote{{header, config.id, crypto.sign(Statement::prepare, image_of(header))}};
  slot.prepares.add(vote);
  slot.clock.reach(Stage::pre_prepare, now.monotonic, stage_times);
  broadcast(vote);
}

// Prepared: the header and q-1 matching prepares of backups. The certificate and the body are durable before
// the Commit leaves or counts.
void Replica::Impl::make_certificate(Slot& slot, SeqNum seq, const BodyPtr& body) {
  const BatchHeader header = slot.header->header;
  const bool have = slot.certificate && slot.certificate->header.view == view;
  if (!have) {
    std::vector<const Vote*> prepares = slot.prepares.matching(header);
    if (prepares.size() < quorums.quorum() - 1) return;
    PreparedCertificate certificate{header, slot.header->signature, {}};
    for (const Vote* vote : prepares) {
      if (certificate.prepares.size() < quorums.quorum() - 1) {
        certificate.prepares.push_back({vote->sender, vote->signature});
      }
    }
    slot.certificate = std::move(certificate);
    slot.clock.reach(Stage::prepare, now.monotonic, stage_times);
  }
  if (!may_vote() || slot.certificate_pending || slot.commits.find(config.id, view)) return;
  slot.certificate_pending = true;
  persist(PreparedRecord{*slot.certificate, body}, [this, seq, header] { send_commit(seq, header); });
}

void Replica::Impl::send_commit(SeqNum seq, const BatchHeader& header) {
  Slot* slot = find_slot(seq);
  // The window or the view may have moved on while the record was being written.
  if (!slot || !may_vote() || header.view != view || slot->commits.find(config.id, view)) return;
  slot->certificate_pending = false;
  Commit vote{{header, config.id, crypto.sign(Statement::commit, image_of(header))}};
  slot->commits.add(vote);
  slot->clock.reach(Stage::persist, now.monotonic, stage_times);
  broadcast(vote);
  advance(*slot, seq);
}

// What is committed here must be provable to one who has left the view alone and votes no more.
bool Replica::Impl::are_proven(VoteSet& commits, const BatchHeader& header) {
  std::uint32_t proven = 0;
  for (const Vote* vote : commits.matching(header)) {
    if (may_show(commits, Statement::commit, *vote) && ++proven == quorums.quorum()) return true;
  }
  return false;
}

void Replica::Impl::find_committed(Slot& slot) {
  if (slot.committed) return;
  for (const Vote& vote : slot.commits.all()) {
    if (slot.commits.count(vote.header) >= quorums.quorum() && are_proven(slot.commits, vote.header)) {
      slot.committed = vote.header.digest;
      slot.commits.keep(vote.header);
      slot.clock.reach(Stage::commit, now.monotonic, stage_times);
      if (slot.proposed_at) suspicion.on_committed(now.monotonic - *slot.proposed_at);
      return;
    }
  }
}

// Conditions that time or a wider window changes: clocks advance, a stable checkpoint moves the watermark.
void Replica::Impl::revisit_slots() {
  std::vector<SeqNum> held;
  for (const auto& [seq, slot] : slots) {
    if (seq > dispatched || (slot.header && seq > stable.seq)) held.push_back(seq);
  }
  for (SeqNum seq : held) {
    if (Slot* slot = find_slot(seq)) advance(*slot, seq);
  }
}

}  // namespace pbft::core
