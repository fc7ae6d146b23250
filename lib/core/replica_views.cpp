// View change: leaving a view, and agreeing on what the next one starts from (OSDI'99 4.4).
#include <algorithm>

#include "core/certificates.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

void Replica::Impl::start_view_change(View to, const char* why) {
  if (!may_sign()) return;
  // A view in which nothing new was executed makes the next wait twice as long (4.5.2).
  if (!progressed)
    timeout =
        std::min(timeout * (mutated(Mutant::timeout_not_doubled) ? 1 : 2), config.limits.max_request_timeout);
  progressed = false;
  pending = to;  // from here on no vote for an earlier view is signed
  quorum_since.reset();
  ++view_change_count;
  report(ViewChangeStarted{to, why});

  auto message = std::make_shared<ViewChange>();
  message->new_view = to;
  message->sender = config.id;
  message->incarnation = config.incarnation;
  message->stable = stable;
  for (const auto& [seq, slot] : slots) {
    if (mutated(Mutant::executed_left_out) && seq <= executed) continue;
    if (mutated(Mutant::older_certificates_dropped) && slot.certificate &&
        slot.certificate->header.view < view)
      continue;
    if (seq > stable.seq && seq.value - stable.seq.value <= window() && slot.certificate) {
      message->prepared.push_back(*slot.certificate);
    }
  }
  message->signature = crypto.sign(Statement::view_change, image_of(*message));
  message->digest = view_change_digest(crypto, *message);
  persist(ViewChangePtr(message), [this, message] {
    if (message->new_view != pending) return;  // overtaken while it was being written
    view_changes[config.id] = message;
    broadcast(ViewChangePtr(message));
    try_new_view();
  });
}

void Replica::Impl::on_view_change(ReplicaId link, ViewChangePtr message) {
  if (is_void(*message)) return reject(link, Rejection::void_incarnation);
  if (message->sender == config.id) on_own_view_change(*message);
  offer_source(message);
  if (message->sender != config.id && message->new_view > view) {
    ViewChangePtr& kept = view_changes[message->sender];
    if (kept && kept->new_view == message->new_view && kept->incarnation == message->incarnation &&
        kept->digest != message->digest) {
      accuse(Statement::view_change, message->sender, image_of(*kept), kept->signature, image_of(*message),
             message->signature);
      reject(link, Rejection::conflicting);
    } else if (!kept || kept->new_view < message->new_view ||
               (kept->new_view == message->new_view && is_in_order(*message))) {
      kept = std::move(message);
    }
    join_others();
    try_new_view();
  }
  try_candidates();
}

// f+1 replicas, so at least one correct one, have left for later views: do not stay behind (4.5.2).
void Replica::Impl::join_others() {
  std::vector<View> later;
  for (const auto& [sender, message] : view_changes) {
    if (sender != config.id && message->new_view > pending) later.push_back(message->new_view);
  }
  if (later.size() < (mutated(Mutant::join_at_one) ? 1U : quorums.weak())) return;
  start_view_change(mutated(Mutant::join_the_highest) ? *std::max_element(later.begin(), later.end())
                                                      : *std::min_element(later.begin(), later.end()),
                    "f+1 replicas left the view");
}

// A replica that asked for a later view has left this one too. Counting it lets those behind it follow, view
// by view, where counting exact matches would leave all waiting for each other.
std::uint32_t Replica::Impl::left_for(View at_least) const {
  return static_cast<std::uint32_t>(
      std::count_if(view_changes.begin(), view_changes.end(),
                    [&](const auto& entry) { return entry.second->new_view >= at_least; }));
}

// The verdict is a function of the message alone, so that all replicas judge alike.
bool Replica::Impl::judge(const ViewChange& message) {
  if (judged.size() >= 4 * std::size_t{quorums.n()}) judged.clear();  // nobody correct needs so many
  auto known = judged.find(message.digest);
  if (known == judged.end()) {
    const bool valid = is_valid(message, window(), config.genesis, quorums, crypto) &&
                       message.stable.seq.value % config.agreed.checkpoint_interval == 0;
    known = judged.emplace(message.digest, valid).first;
  }
  if (known->second) on_stable(message.stable);
  return known->second;
}

// A valid certificate for a body that nobody else kept must not hold up the view: a ViewChange counts for the
// new primary only once the bodies are here, and those of correct replicas come on request.
bool Replica::Impl::holds_bodies_of(const ViewChange& message) {
  if (mutated(Mutant::bodies_not_needed)) return true;
  bool complete = true;
  for (const PreparedCertificate& certificate : message.prepared) {
    const BatchHeader& header = certificate.header;
    if (header.seq <= stable.seq) continue;
    Slot& slot = slot_at(header.seq);
    if (find_body(slot, header.digest)) continue;
    complete = false;
    if (std::find(slot.wanted.begin(), slot.wanted.end(), header.digest) == slot.wanted.end()) {
      slot.wanted.push_back(header.digest);
    }
    std::uint64_t holders = std::uint64_t{1} << message.sender.value;  // each had the body before it voted
    for (const SignerSignature& prepare : certificate.prepares)
      holders |= std::uint64_t{1} << prepare.replica.value;
    fetch_body(slot, header.seq, header.digest, holders);
  }
  return complete;
}

void Replica::Impl::try_new_view() {
  if (pending <= view || quorums.primary(pending) != config.id || entering || !may_sign()) return;
  auto own = view_changes.find(config.id);
  if (own == view_changes.end() || own->second->new_view != pending) return;

  // Every one is looked at, so that the bodies of all are asked for at once.
  std::vector<ViewChangePtr> chosen;
  bool own_chosen = false;
  for (const auto& [sender, message] : view_changes) {
    if (message->new_view != pending || !judge(*message) || !holds_bodies_of(*message)) continue;
    const std::size_t room = quorums.quorum() - (own_chosen || sender == config.id ? 0 : 1);
    own_chosen = own_chosen || sender == config.id;
    if (chosen.size() < room) chosen.push_back(message);
  }
  if (chosen.size() < quorums.quorum()) return;

  const Choice choice = choose_pre_prepares(chosen, null_body->digest);
  auto message = std::make_shared<NewView>();
  message->view = pending;
  message->first = choice.stable.next();
  for (const ViewChangePtr& source : chosen) message->sources.push_back({source->sender, source->digest});
  SeqNum seq = message->first;
  for (const Digest& digest : choice.digests) {
    message->headers.push_back(
        {digest, crypto.sign(Statement::pre_prepare, image_of(BatchHeader{pending, seq, digest}))});
    seq = seq.next();
  }
  message->signature = crypto.sign(Statement::new_view, image_of(*message));
  enter_when_durable(std::move(message), std::move(chosen));
}

void Replica::Impl::on_new_view(ReplicaId link, NewViewPtr message) {
  const ReplicaId primary = quorums.primary(message->view);
  if (primary == config.id) {  // our own, shown back
    const bool is_ours = message->view <= view || entering == message->view;
    if (!is_ours && config.incarnation == 0) on_stale_copy(Statement::new_view, message->view, SeqNum{});
    return;
  }
  auto contradicts = [&](const NewView& other) {
    if (other.view != message->view || image_of(other) == image_of(*message)) return false;
    // One that has lost its data may not know of its first.
    if (table.opened(client_of(primary)).incarnation.value == 0)
      accuse(Statement::new_view, primary, image_of(other), other.signature, image_of(*message),
             message->signature);
    reject(link, Rejection::conflicting);
    return true;
  };
  if (message->view <= view) {
    if (new_view) contradicts(*new_view);
    return;
  }
  const auto& sources = message->sources;
  const bool is_ascending =
      std::adjacent_find(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
        return !(a.replica < b.replica);
      }) == sources.end();
  const bool are_enough = sources.size() == quorums.quorum() || mutated(Mutant::new_view_of_few);
  if (!are_enough || !is_ascending) return reject(link, Rejection::bad_new_view);
  auto [kept, inserted] = candidates.try_emplace(primary);
  if (!inserted && (contradicts(*kept->second.new_view) || message->view <= kept->second.new_view->view))
    return;

  kept->second = Candidate{message, std::vector<ViewChangePtr>(message->sources.size()), std::nullopt};
  for (const auto& [sender, view_change] : view_changes) offer_source(view_change);
  try_candidates();
}

void Replica::Impl::offer_source(const ViewChangePtr& message) {
  for (auto& [primary, candidate] : candidates) {
    const auto& wanted = candidate.new_view->sources;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].replica == message->sender && wanted[i].view_change == message->digest) {
        candidate.sources[i] = message;
      }
    }
  }
}

bool Replica::Impl::is_complete(Candidate& candidate) {
  const bool ask = candidate.asked != fetch_round;
  bool complete = true;
  for (std::size_t i = 0; i < candidate.sources.size(); ++i) {
    if (candidate.sources[i]) continue;
    complete = false;
    const NewView::Source& missing = candidate.new_view->sources[i];
    // The new primary had it, whoever wrote it is likely to, and so is every other replica by and by.
    const ReplicaId primary = quorums.primary(candidate.new_view->view);
    const ReplicaId from =
        fetch_round % 2 == 0
            ? primary
            : ReplicaId{static_cast<std::uint32_t>((missing.replica.value + fetch_round / 2) % quorums.n())};
    if (ask && from != config.id) send(from, FetchViewChange{missing.replica, missing.view_change});
  }
  candidate.asked = fetch_round;
  return complete;
}

// The highest view whose NewView stands; lower ones have been left already by q replicas.
void Replica::Impl::try_candidates() {
  while (!entering && !candidates.empty()) {
    auto highest = candidates.end();
    for (auto at = candidates.begin(); at != candidates.end(); ++at) {
      if (is_complete(at->second) &&
          (highest == candidates.end() || highest->second.new_view->view < at->second.new_view->view)) {
        highest = at;
      }
    }
    if (highest == candidates.end()) return;
    Candidate candidate = std::move(highest->second);
    candidates.erase(highest);
    if (!is_valid_new_view(candidate)) {
      reject(quorums.primary(candidate.new_view->view), Rejection::bad_new_view);
      continue;
    }
    enter_when_durable(std::move(candidate.new_view), std::move(candidate.sources));
  }
}

// Recomputes what the new primary had to do, and accepts nothing else.
bool Replica::Impl::is_valid_new_view(const Candidate& candidate) {
  const NewView& message = *candidate.new_view;
  const auto& sources = candidate.sources;
  const bool fit = std::all_of(sources.begin(), sources.end(), [&](const ViewChangePtr& source) {
    return (source->new_view == message.view || mutated(Mutant::new_view_of_another)) && !is_void(*source);
  });
  if (mutated(Mutant::new_view_unverified)) return true;
  if (!fit) return false;  // nothing is judged for the sake of a message that cannot stand
  if (!std::all_of(sources.begin(), sources.end(), [&](const ViewChangePtr& source) {
        return mutated(Mutant::new_view_unjudged) || judge(*source);
      }))
    return false;
  const Choice choice = choose_pre_prepares(candidate.sources, null_body->digest);
  if (message.first != choice.stable.next() || message.headers.size() != choice.digests.size()) return false;
  SeqNum seq = message.first;
  for (std::size_t i = 0; i < choice.digests.size(); ++i, seq = seq.next()) {
    const NewView::Header& header = message.headers[i];
    if (header.digest != choice.digests[i] ||
        (!mutated(Mutant::new_view_unsigned) &&
         !crypto.verify(Statement::pre_prepare, quorums.primary(message.view),
                        image_of(BatchHeader{message.view, seq, header.digest}), header.signature))) {
      return false;
    }
  }
  return true;
}

bool Replica::Impl::is_offered(View later) const {
  if (entering == later) return true;
  auto candidate = candidates.find(quorums.primary(later));
  return candidate != candidates.end() && candidate->second.new_view->view == later;
}

// No vote in a view before its NewView is durable: after a restart we must know what we may sign in it.
void Replica::Impl::enter_when_durable(NewViewPtr message, std::vector<ViewChangePtr> sources) {
  entering = message->view;
  NewViewRecord record{message, sources};
  persist(std::move(record), [this, message, sources = std::move(sources)]() mutable {
    entering.reset();
    const bool own = quorums.primary(message->view) == config.id;
    if (message->view > view && !(own && (pending != message->view || !may_sign()))) {
      if (own) broadcast(message);
      enter_view(std::move(message), std::move(sources));
    }
    try_candidates();
    try_new_view();
  });
}

ViewChangePtr Replica::Impl::find_view_change(ReplicaId sender, const Digest& digest) const {
  auto matches = [&](const ViewChangePtr& held) {
    return held && held->sender == sender && held->digest == digest;
  };
  if (auto kept = view_changes.find(sender); kept != view_changes.end() && matches(kept->second))
    return kept->second;
  for (const ViewChangePtr& source : new_view_sources) {
    if (matches(source)) return source;
  }
  for (const auto& [primary, candidate] : candidates) {
    for (const ViewChangePtr& source : candidate.sources) {
      if (matches(source)) return source;
    }
  }
  return nullptr;
}

}  // namespace pbft::core
