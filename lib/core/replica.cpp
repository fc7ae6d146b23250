#include "core/replica.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {
std::set<ClientId> with_replicas(std::set<ClientId> clients, std::uint32_t replicas) {
  for (std::uint32_t id = 0; id < replicas; ++id) clients.insert(client_of(ReplicaId{id}));
  return clients;
}
}  // namespace

Bytes genesis_core_state() { return Bytes(16, 0); }  // an empty client table and time 0

Replica::Replica(ReplicaConfig config, const Crypto& crypto, const RequestSealer& sealer)
    : impl_(std::make_unique<Impl>(std::move(config), crypto, sealer)) {}
Replica::~Replica() = default;
Replica::Replica(Replica&&) noexcept = default;
Replica& Replica::operator=(Replica&&) noexcept = default;

Replica::Impl::Impl(ReplicaConfig c, const Crypto& cr, const RequestSealer& s)
    : config(std::move(c)),
      crypto(cr),
      sealer(s),
      admitted(with_replicas(config.clients, config.replicas)),
      quorums(config.replicas),
      timeout(config.limits.request_timeout),
      incarnations(config.replicas, 0),
      served(config.replicas),
      suspicion(config.replicas),
      table(config.agreed, admitted),
      pool(config.limits.max_pool_bytes_per_client),
      reads(config.limits.max_pool_bytes_per_client),
      lobby(2 * quorums.f(), config.limits.max_pool_bytes_per_client),
      repair_spent(config.replicas, 0),
      status_answered(config.replicas),
      view_change_resent(config.replicas) {
  PBFT_CHECK(config.replicas >= 4 && config.replicas <= max_replicas);
  PBFT_CHECK(config.id.value < config.replicas);
  auto empty = std::make_shared<Body>();
  empty->digest = batch_digest(crypto, Timestamp{}, {});
  empty->requests_authentic = true;
  null_body = std::move(empty);
  stable.state = last_checkpoint_state = config.genesis;
}

Result<void> Replica::restore(Restored past) {
  Outputs reports;
  impl_->out = &reports;
  auto restored = impl_->restore(std::move(past));
  impl_->out = nullptr;
  return restored;
}

void Replica::start(Now now, Outputs& out) {
  impl_->now = now;
  impl_->out = &out;
  impl_->view_entered = impl_->head_since = now.monotonic;
  impl_->begin();
  impl_->send_status(std::nullopt, true);
  impl_->arm(Timer::status, now.monotonic + impl_->config.limits.status_interval);
  impl_->out = nullptr;
}

void Replica::step(Input input, Outputs& out) {
  impl_->now = input.now;
  impl_->out = &out;
  impl_->dispatch(input.event);
  impl_->serve_reads();
  impl_->update_timers();
  impl_->out = nullptr;
}

void Replica::Impl::dispatch(Event& event) {
  if (auto* from_replica = std::get_if<FromReplica>(&event)) {
    if (from_replica->link.value >= quorums.n() || from_replica->link == config.id) {
      return reject(from_replica->link, Rejection::unknown_replica);
    }
    on_peer_message(from_replica->link, std::move(from_replica->message).take());
  } else if (auto* from_client = std::get_if<FromClient>(&event)) {
    if (std::holds_alternative<Query>(from_client->message.get())) {
      return on_query(from_client->link, std::get<Query>(std::move(from_client->message).take()));
    }
    const auto* request = std::get_if<RequestMessage>(&from_client->message.get());
    if (!request || request->request->client != from_client->link) {
      return reject(from_client->link, Rejection::wrong_link);
    }
    on_request(from_client->link, *request);
  } else if (auto* link = std::get_if<LinkUp>(&event)) {
    down_since.erase(link->peer);
    send_status(link->peer, true);
  } else if (auto* lost = std::get_if<LinkDown>(&event)) {
    if (lost->peer.value < quorums.n()) down_since[lost->peer] = now.monotonic;
  } else if (auto* timer = std::get_if<TimerFired>(&event)) {
    on_timer(timer->timer);
  } else if (auto* done = std::get_if<Executed>(&event)) {
    on_executed(std::move(*done));
  } else if (auto* persisted = std::get_if<Persisted>(&event)) {
    PBFT_CHECK(!persisting.empty() && persisting.front().first == persisted->token);
    auto then = std::move(persisting.front().second);
    persisting.pop_front();
    then();
  } else if (auto* snapshot = std::get_if<SnapshotReady>(&event)) {
    on_snapshot(*snapshot);
  } else if (auto* read = std::get_if<BlockRead>(&event)) {
    on_block_read(*read);
  } else if (auto* wanted = std::get_if<StateWanted>(&event)) {
    on_state_wanted(*wanted);
  } else if (auto* collected_now = std::get_if<StateCollected>(&event)) {
    on_state_collected(std::move(*collected_now));
  } else if (auto* installed = std::get_if<StateInstalled>(&event)) {
    on_state_installed(*installed);
  } else if (auto* answered = std::get_if<QueriesAnswered>(&event)) {
    on_queries_answered(std::move(*answered));
  }
}

void Replica::Impl::on_peer_message(ReplicaId link, Message&& message) {
  if (auto* request = std::get_if<RequestMessage>(&message)) return on_request(link, *request);
  if (auto* pre_prepare = std::get_if<PrePrepare>(&message))
    return on_pre_prepare(link, std::move(*pre_prepare));
  if (auto* prepare = std::get_if<Prepare>(&message)) return on_prepare(link, *prepare);
  if (auto* commit = std::get_if<Commit>(&message)) return on_commit(link, *commit);
  if (auto* checkpoint = std::get_if<Checkpoint>(&message)) return on_checkpoint(link, *checkpoint);
  if (auto* proof = std::get_if<CheckpointProof>(&message)) return on_checkpoint_proof(link, *proof);
  if (auto* view_change = std::get_if<ViewChangePtr>(&message))
    return on_view_change(link, std::move(*view_change));
  if (auto* entered = std::get_if<NewViewPtr>(&message)) return on_new_view(link, std::move(*entered));
  if (auto* status = std::get_if<Status>(&message)) return on_status(link, *status);
  if (auto* fetch = std::get_if<FetchBody>(&message)) return on_fetch_body(link, *fetch);
  if (auto* fetch = std::get_if<FetchViewChange>(&message)) return on_fetch_view_change(link, *fetch);
  if (auto* body = std::get_if<BodyMessage>(&message)) return on_body(link, *body);
  if (auto* fetch = std::get_if<FetchState>(&message)) return on_fetch_state(link, *fetch);
  if (auto* block = std::get_if<StateBlock>(&message)) return on_state_block(link, *block);
  if (auto* complaints_now = std::get_if<Complaints>(&message)) return on_complaints(link, *complaints_now);
  if (auto* introduction = std::get_if<Introduction>(&message)) return on_introduction(link, *introduction);
  if (auto* vouch = std::get_if<Vouch>(&message)) return on_vouch(link, *vouch);
  reject(link, Rejection::wrong_link);  // what is between clients and replicas: replicas have no use for it
}

void Replica::Impl::on_timer(Timer timer) {
  const std::optional<Instant> due = std::exchange(armed[static_cast<std::size_t>(timer)], std::nullopt);
  if (timer == Timer::status) {
    ++ticks;
    ++fetch_round;
    std::fill(repair_spent.begin(), repair_spent.end(), std::size_t{0});
    filled = 0;
    on_transfer_tick();
    send_rejoin();
    complain_if_late();
    revisit_slots();
    try_candidates();
    try_new_view();
    lobby.tick();
    introduce();
    try_propose();  // empty batches go on where the last tick's ended
    // An idle replica says where it stands less often: nobody waits for it.
    if (is_stuck() || ticks % 10 == 0) send_status(std::nullopt, true);
    arm(Timer::status, now.monotonic + config.limits.status_interval);
  } else if (timer == Timer::request) {
    if (due) excuse_stall(now.monotonic - *due);
    auto since = oldest_wait();
    if (since && now.monotonic >= wait_ends(*since))
      start_view_change(view.next(), "a request waits too long");
  } else if (timer == Timer::new_view) {
    if (quorum_since && now.monotonic >= *quorum_since + timeout) {
      start_view_change(pending.next(), "the new primary is silent");
    }
  }
}

// The oldest thing that only the primary's work can end: a request, or the next batch where one was proposed
// or a later one is further along.
std::optional<Instant> Replica::Impl::oldest_wait() const {
  if (is_excused()) return std::nullopt;
  auto since = pool.waiting_since();
  if (since && mutated(Mutant::timer_of_the_newest)) since = std::max(*since, head_since);
  const auto next = slots.find(dispatched.next());
  std::optional<Instant> next_waits;
  for (auto at = slots.upper_bound(dispatched); at != slots.end(); ++at) {
    const Slot& slot = at->second;
    const bool waits = slot.certificate || slot.committed ||
                       (at == next && slot.header && slot.header->header.digest != null_body->digest);
    if (waits && slot.waits_since && (!next_waits || *slot.waits_since < *next_waits)) {
      next_waits = slot.waits_since;
    }
  }
  // So does a replica that waits for a checkpoint at which it votes again.
  if (wants_filling(dispatched) && (!next_waits || head_since < *next_waits)) next_waits = head_since;
  // And one whose checkpoint does not become stable, though nothing else waits: it may be ahead of all.
  const Instant overdue = head_since + full_window_factor * timeout;
  if (last_checkpoint > stable.seq && !no_agreement && overdue <= now.monotonic && !next_waits)
    next_waits = overdue;
  // Neither the idle time before it came counts nor the time that those before it took.
  if (next_waits) next_waits = std::max(*next_waits, head_since);
  if (next_waits && (!since || *next_waits < *since)) since = next_waits;
  if (const auto read = reads.waiting_since(); read && (!since || *read < *since)) since = read;
  return since;
}

// A wait that is shorter than what ordering usually takes here would replace one correct primary after the
// other. Bounded, because a primary that shows its proposals to some backups first makes phases look longer.
Duration Replica::Impl::base_timeout() const {
  const Duration least = config.limits.request_timeout;
  if (suspicion.phases().count() < Suspicion::min_phases) return least;
  const Duration most = std::max(least, std::min(config.limits.max_request_timeout, least * max_base_factor));
  return std::clamp(suspicion.phases().percentile(90) * usual_order_factor, least, most);
}

// What a stopped primary would have answered, a running one takes no longer for than what was usual, many
// times over. A broken link alone proves nothing: it may be back in time, and nothing waits if nothing is
// asked for.
Duration Replica::Impl::timeout_without_link() const {
  if (suspicion.phases().count() < Suspicion::min_phases) return timeout;
  const Duration usual = suspicion.phases().percentile(99) * usual_factor;
  const Duration base =
      std::clamp(usual, std::min(min_timeout, config.limits.request_timeout), config.limits.request_timeout);
  return base * std::max<Duration::rep>(1, timeout / config.limits.request_timeout);  // as often doubled
}

// Voting anew on what a NewView re-issued keeps everybody busy, for slots that are executed long since too.
// The new primary can neither shorten nor prolong that: when all are prepared here, committing them takes as
// long again.
Duration Replica::Impl::revote_time() const {
  const Duration most = new_view->headers.size() * quorums.n() * revote_allowance;
  return std::min(most, config.limits.max_request_timeout);
}

void Replica::Impl::follow_revoting() {
  if (revoted_through >= reissued_through) return;
  while (revoted_through < reissued_through) {
    const SeqNum next = revoted_through.next();
    const Slot* slot = find_slot(next);
    if (next > stable.seq && !(slot && slot->is_prepared_in(view))) return;
    revoted_through = next;
  }
  revoted_at = now.monotonic + std::min(now.monotonic - view_entered, revote_time());
}

Instant Replica::Impl::wait_ends(Instant since) const {
  const Instant at = std::max(since, revoted_at) + timeout;
  const auto down = down_since.find(quorums.primary(view));
  if (down == down_since.end()) return at;
  return std::min(at, std::max(since, down->second) + timeout_without_link());
}

// A timer that fires late tells that this process stood still: what it has not read yet may be what it waits
// for. Not twice in a row, or a machine that is always late would wait for ever.
void Replica::Impl::excuse_stall(Duration late) {
  if (late < stall || now.monotonic - stalled_at < 4 * timeout) return;
  stalled_at = now.monotonic;
  excuse(late + timeout / 4);
}

void Replica::Impl::excuse(Duration by) {
  pool.excuse_waiting(by, now.monotonic);
  reads.excuse_waiting(by, now.monotonic);
  head_since = std::min(head_since + by, now.monotonic);
  revoted_at = std::max(revoted_at, std::min(revoted_at + by, now.monotonic));
  for (auto at = slots.upper_bound(dispatched); at != slots.end(); ++at) {
    auto& since = at->second.waits_since;
    if (since) since = std::min(*since + by, now.monotonic);
  }
}

void Replica::Impl::update_timers() {
  if (!is_window_full() || is_busy_itself()) {
    full_since.reset();
  } else if (!full_since) {
    full_since = now.monotonic;
  }
  follow_revoting();
  charge_primary();
  // What nobody is to blame for does not count; all else of the wait does, or a primary that keeps us busy
  // could let a request wait for ever.
  if (!is_excused() && excused_since) {
    excuse(now.monotonic - *excused_since);
    excused_since.reset();
  } else if (is_excused() && !excused_since) {
    excused_since = now.monotonic;
  }
  std::optional<Instant> request_at;
  if (may_vote() && !is_primary() && !entering) {
    if (auto since = oldest_wait()) request_at = wait_ends(*since);
  }
  arm(Timer::request, request_at);

  if (may_sign() && pending > view && left_for(pending) >= quorums.quorum()) {
    if (!quorum_since) quorum_since = now.monotonic;
  } else {
    quorum_since.reset();
  }
  arm(Timer::new_view, quorum_since ? std::optional(*quorum_since + timeout) : std::nullopt);
}

void Replica::Impl::arm(Timer timer, std::optional<Instant> at) {
  auto& current = armed[static_cast<std::size_t>(timer)];
  if (current == at) return;
  // A deadline that only moves back needs no new timer: it fires, looks, and is set again.
  if (at && current && *current < *at && *current > now.monotonic) return;
  current = at;
  if (at) {
    out->push_back(SetTimer{timer, *at});
  } else {
    out->push_back(CancelTimer{timer});
  }
}

void Replica::Impl::send(ReplicaId to, Message message) {
  out->push_back(Send{to, std::make_shared<const Message>(std::move(message))});
}
void Replica::Impl::broadcast(Message message) {
  out->push_back(Broadcast{std::make_shared<const Message>(std::move(message))});
}
void Replica::Impl::reject(const Identity& from, Rejection reason) { report(Rejected{from, reason}); }

namespace {
bool is_believed_durable(const Record& record) {
  return (mutated(Mutant::commit_before_durable) && std::holds_alternative<PreparedRecord>(record)) ||
         (mutated(Mutant::view_change_before_durable) && std::holds_alternative<ViewChangePtr>(record)) ||
         (mutated(Mutant::new_view_before_durable) && std::holds_alternative<NewViewRecord>(record)) ||
         (mutated(Mutant::stable_before_durable) && std::holds_alternative<CheckpointProof>(record)) ||
         (mutated(Mutant::vote_before_start) && std::holds_alternative<StartRecord>(record));
}
}  // namespace

void Replica::Impl::persist(Record record, std::function<void()> then) {
  if (is_believed_durable(record)) std::exchange(then, [] {})();
  persisting.emplace_back(next_token, std::move(then));
  out->push_back(Persist{next_token++, std::move(record)});
}

void Replica::Impl::accuse(Statement statement, ReplicaId culprit, const Bytes& first,
                           const Signature& first_signature, const Bytes& second,
                           const Signature& second_signature) {
  if (!accused.emplace(std::pair(culprit, statement), true).second) return;
  report(Evidence{statement, culprit, first, second, first_signature, second_signature});
}

Slot& Replica::Impl::slot_at(SeqNum seq) {
  auto [at, inserted] = slots.try_emplace(seq);
  if (inserted) at->second.touched = at->second.clock.since = now.monotonic;
  note_changed(seq);
  return at->second;
}
Slot* Replica::Impl::find_slot(SeqNum seq) {
  auto at = slots.find(seq);
  if (at == slots.end()) return nullptr;
  note_changed(seq);
  return &at->second;
}
void Replica::Impl::note_changed(SeqNum seq) {
  if (changed.all || (!changed.slots.empty() && changed.slots.back() == seq)) return;
  changed.all = changed.slots.size() == Changed::most;
  changed.slots.push_back(seq);
}
BodyPtr Replica::Impl::find_body(const Slot& slot, const Digest& digest) const {
  return digest == null_body->digest ? null_body : slot.body(digest);
}

ReplicaState Replica::state() const {
  const Impl& r = *impl_;
  return {r.view,           r.pending,         r.stable.seq,
          r.executed,       r.last_checkpoint, r.last_checkpoint_state,
          r.operations,     r.batches,         r.view_change_count,
          r.pool.size(),    r.pool.bytes(),    r.slots.size(),
          r.is_answering(), r.observing,       r.transfer.has_value(),
          r.reads.size()};
}

const StageTimes& Replica::stage_times() const { return impl_->stage_times; }

bool Replica::has_prepared(SeqNum seq) const {
  const Slot* slot = impl_->find_slot(seq);
  return slot && slot->certificate;
}
bool Replica::has_committed(SeqNum seq) const {
  const Slot* slot = impl_->find_slot(seq);
  return seq <= impl_->executed || (slot && slot->committed);
}

void Replica::Impl::check_slot(SeqNum seq, const Slot& slot) const {
  if (slot.header) PBFT_CHECK(slot.header->header.view == view && slot.header->header.seq == seq);
  if (slot.certificate) {
    PBFT_CHECK(slot.certificate->prepares.size() == quorums.quorum() - 1);
    PBFT_CHECK(slot.certificate->header.view <= view);
    PBFT_CHECK(find_body(slot, slot.certificate->header.digest));
  }
  for (const Vote& vote : slot.prepares.all()) {
    PBFT_CHECK(vote.sender != config.id || vote.header.view <= view);
  }
  // Whoever asks can be shown why it is committed.
  if (slot.committed) PBFT_CHECK(proves(slot.commits, *slot.committed));
}

bool Replica::Impl::proves(const VoteSet& commits, const Digest& committed) const {
  return std::any_of(commits.all().begin(), commits.all().end(), [&](const Vote& one) {
    if (one.header.digest != committed) return false;
    const auto votes = commits.matching(one.header);
    return std::count_if(votes.begin(), votes.end(), [](const Vote* vote) {
             return vote->is_signed == Vote::Signed::checked;
           }) >= quorums.quorum();
  });
}

void Replica::invariants() const {
  const Impl& r = *impl_;
  PBFT_CHECK(r.view <= r.pending);
  PBFT_CHECK(r.discarded <= r.stable.seq);
  PBFT_CHECK(r.durable_stable <= r.stable.seq);
  PBFT_CHECK(r.executed <= r.dispatched);
  PBFT_CHECK(r.dispatched.value - r.executed.value == r.executing.size());
  for (const auto& [primary, candidate] : r.candidates) PBFT_CHECK(candidate.new_view->view > r.view);
  for (const auto& [sender, view_change] : r.view_changes) {
    PBFT_CHECK(sender == r.config.id || view_change->incarnation >= r.incarnations[sender.value]);
  }
  if (!r.slots.empty()) {
    PBFT_CHECK(r.in_store_window(r.slots.begin()->first) && r.in_store_window(r.slots.rbegin()->first));
  }
  // Those below are finished, and of a replica that is far behind there are many: this runs after every step.
  Impl::Changed& changed = impl_->changed;
  if (changed.all || changed.view != r.view) {
    for (auto at = r.slots.upper_bound(r.stable.seq); at != r.slots.end(); ++at) {
      r.check_slot(at->first, at->second);
    }
  } else {
    for (SeqNum seq : changed.slots) {
      const auto at = r.slots.find(seq);
      if (at != r.slots.end() && seq > r.stable.seq) r.check_slot(seq, at->second);
    }
  }
  changed.view = r.view;
  changed.all = false;
  changed.slots.clear();
  r.pool.invariants();
  r.reads.invariants();
  r.lobby.invariants();
}

}  // namespace pbft::core
