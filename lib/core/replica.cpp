#include "core/replica.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/images.hpp"
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
      table(config.agreed, admitted),
      pool(config.limits.max_pool_bytes_per_client),
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
    const auto* request = std::get_if<RequestMessage>(&from_client->message.get());
    if (!request || request->request->client != from_client->link) {
      return reject(from_client->link, Rejection::wrong_link);
    }
    on_request(from_client->link, *request);
  } else if (auto* link = std::get_if<LinkUp>(&event)) {
    send_status(link->peer, true);
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
  reject(link, Rejection::wrong_link);  // a Reply: replicas have no use for one
}

void Replica::Impl::on_timer(Timer timer) {
  armed[static_cast<std::size_t>(timer)].reset();
  if (timer == Timer::status) {
    ++ticks;
    ++fetch_round;
    std::fill(repair_spent.begin(), repair_spent.end(), std::size_t{0});
    filled = 0;
    on_transfer_tick();
    send_rejoin();
    revisit_slots();
    try_candidates();
    try_new_view();
    try_propose();  // empty batches go on where the last tick's ended
    // An idle replica says where it stands less often: nobody waits for it.
    if (is_stuck() || ticks % 10 == 0) send_status(std::nullopt, true);
    arm(Timer::status, now.monotonic + config.limits.status_interval);
  } else if (timer == Timer::request) {
    auto since = oldest_wait();
    if (since && now.monotonic >= *since + patience())
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
  // Neither the idle time before it came counts nor the time that those before it took.
  if (next_waits) next_waits = std::max(*next_waits, head_since);
  if (next_waits && (!since || *next_waits < *since)) since = next_waits;
  return since;
}

// Voting anew on what a NewView re-issued takes the replicas time that the new primary cannot shorten.
Duration Replica::Impl::patience() const {
  if (dispatched >= reissued_through) return timeout;
  const std::uint64_t slots_left = reissued_through.value - dispatched.value;
  return timeout + slots_left * quorums.n() * reissue_allowance;
}

void Replica::Impl::update_timers() {
  // What nobody is to blame for does not count; all else of the wait does, or a primary that keeps us busy
  // could let a request wait for ever.
  if (!is_excused() && excused_since) {
    const Duration excused = now.monotonic - *excused_since;
    pool.excuse_waiting(excused, now.monotonic);
    head_since = std::min(head_since + excused, now.monotonic);
    excused_since.reset();
  } else if (is_excused() && !excused_since) {
    excused_since = now.monotonic;
  }
  std::optional<Instant> request_at;
  if (may_vote() && !is_primary() && !entering) {
    if (auto since = oldest_wait()) request_at = *since + patience();
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

void Replica::Impl::persist(Record record, std::function<void()> then) {
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
  if (inserted) at->second.touched = now.monotonic;
  return at->second;
}
Slot* Replica::Impl::find_slot(SeqNum seq) {
  auto at = slots.find(seq);
  return at == slots.end() ? nullptr : &at->second;
}
BodyPtr Replica::Impl::find_body(const Slot& slot, const Digest& digest) const {
  return digest == null_body->digest ? null_body : slot.body(digest);
}

ReplicaState Replica::state() const {
  const Impl& r = *impl_;
  return {r.view,
          r.pending,
          r.stable.seq,
          r.executed,
          r.last_checkpoint,
          r.last_checkpoint_state,
          r.operations,
          r.view_change_count,
          r.pool.size(),
          r.pool.bytes(),
          r.is_answering(),
          r.observing,
          r.transfer.has_value()};
}

bool Replica::has_prepared(SeqNum seq) const {
  const Slot* slot = impl_->find_slot(seq);
  return slot && slot->certificate;
}
bool Replica::has_committed(SeqNum seq) const {
  const Slot* slot = impl_->find_slot(seq);
  return seq <= impl_->executed || (slot && slot->committed);
}

void Replica::invariants() const {
  const Impl& r = *impl_;
  PBFT_CHECK(r.view <= r.pending);
  PBFT_CHECK(r.discarded <= r.stable.seq);
  PBFT_CHECK(r.durable_stable <= r.stable.seq);
  PBFT_CHECK(r.executed <= r.dispatched);
  PBFT_CHECK(r.dispatched.value - r.executed.value == r.executing.size());
  for (const auto& [primary, candidate] : r.candidates) PBFT_CHECK(candidate.new_view->view > r.view);
  if (!r.slots.empty()) {
    PBFT_CHECK(r.in_store_window(r.slots.begin()->first) && r.in_store_window(r.slots.rbegin()->first));
  }
  // Those below are finished, and of a replica that is far behind there are many: this runs after every step.
  for (auto at = r.slots.upper_bound(r.stable.seq); at != r.slots.end(); ++at) {
    const auto& [seq, slot] = *at;
    if (slot.header) PBFT_CHECK(slot.header->header.view == r.view && slot.header->header.seq == seq);
    if (slot.certificate) {
      PBFT_CHECK(slot.certificate->prepares.size() == r.quorums.quorum() - 1);
      PBFT_CHECK(slot.certificate->header.view <= r.view);
      PBFT_CHECK(r.find_body(slot, slot.certificate->header.digest));
    }
    for (const Vote& vote : slot.prepares.all()) {
      PBFT_CHECK(vote.sender != r.config.id || vote.header.view <= r.view);
    }
  }
  r.pool.invariants();
}

}  // namespace pbft::core
