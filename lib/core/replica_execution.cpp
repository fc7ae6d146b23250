// Execution in order, replies, checkpoints and the discarding of what they make superfluous
// (OSDI'99 4.2, 4.3).
#include <algorithm>

#include "core/certificates.hpp"
#include "core/check.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {

void append(Bytes& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

// splitmix64: one well-mixed number per operation from one digest per batch.
std::uint64_t mix(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint64_t batch_random(const Crypto& crypto, SeqNum seq, const Digest& digest) {
  Bytes bytes;
  append(bytes, seq.value);
  bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.end());
  const Digest hashed = crypto.hash("random", bytes);
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < 8; ++i) seed |= std::uint64_t{hashed.bytes[i]} << (8 * i);
  return seed;
}

}  // namespace

// The snapshot is of the state exactly after a checkpoint's batch: nothing later is begun before that batch's
// results are in the client table.
bool Replica::Impl::is_at_checkpoint() const {
  return !mutated(Mutant::snapshot_late) && dispatched > executed &&
         dispatched.value % config.agreed.checkpoint_interval == 0;
}

void Replica::Impl::try_execute() {
  bool moved = false;
  while (!is_at_checkpoint() && !installing && !(collected && !may_answer)) {
    Slot* slot = find_slot(dispatched.next());
    const BodyPtr body = slot && slot->committed ? find_body(*slot, *slot->committed) : nullptr;
    if (!body) break;
    execute(dispatched.next(), body);
    moved = true;
  }
  if (moved) try_propose();
}

void Replica::Impl::execute(SeqNum seq, const BodyPtr& body) {
  executed_time = mutated(Mutant::time_goes_back)
                      ? body->time
                      : std::max(executed_time, body->time);  // agreed time never goes back
  Execute todo{seq, executed_time, {}};
  const std::uint64_t random = batch_random(crypto, seq, body->digest);
  std::vector<std::pair<ClientId, RequestNumber>> numbers;
  bool fresh = false;
  for (const RequestPtr& request : body->requests) {
    fresh = fresh || !table.is_done(*request);
    for (const ClientTable::Verdict& verdict : table.begin(*request, {seq, executed_time}, crypto)) {
      const Request::Item& item = request->items[verdict.item];
      todo.items.push_back(
          {request, verdict.number, item.body, item.read_only, mix(random, todo.items.size())});
      numbers.emplace_back(request->client, verdict.number);
    }
  }
  suspicion.forget(body->requests);
  for (const RequestPtr& request : body->requests) {
    pool.drop_done(request->client, table, now.monotonic);
    vouched.drop(*request);
    if (is_replica_client(request->client)) pool.drop(request->client);  // it asks again if it must
  }
  executing.emplace_back(body, std::move(numbers));
  dispatched = seq;
  head_since = now.monotonic;

  // Empty batches and replays are no progress: they must not keep a primary in office.
  if (fresh) {
    progressed = true;
    if (now.monotonic - view_entered >= timeout) timeout = base_timeout();
  }
  // The view is entered when what it re-issued is done.
  if (seq == reissued_through) pool.restart_waiting(now.monotonic);
  out->push_back(std::move(todo));
}

void Replica::Impl::on_executed(Executed&& done) {
  PBFT_CHECK(!executing.empty() && done.seq == executed.next());
  auto [body, numbers] = std::move(executing.front());
  executing.pop_front();
  PBFT_CHECK(numbers.size() == done.results.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    table.finish(numbers[i].first, numbers[i].second, std::move(done.results[i]));
  }
  executed = done.seq;
  operations += numbers.size();
  ++batches;
  if (Slot* slot = find_slot(executed)) slot->clock.reach(Stage::execute, now.monotonic, stage_times);

  std::map<ClientId, std::vector<ReplyItem>> replies;
  for (const RequestPtr& request : body->requests) {
    std::vector<ReplyItem> items = table.answers(*request, crypto);
    auto& to = replies[request->client];
    to.insert(to.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  }
  for (auto& [client, items] : replies) reply_to(client, std::move(items), 0);

  if (executed.value % config.agreed.checkpoint_interval == 0) {
    snapshots_due.insert(executed);
    out->push_back(TakeSnapshot{executed, core_state()});
  }
  try_install();
  try_execute();
}

Bytes Replica::Impl::core_state() const {
  Bytes state =
      mutated(Mutant::table_outside_state) ? ClientTable(config.agreed, admitted).encode() : table.encode();
  append(state, mutated(Mutant::clock_outside_state) ? 0 : executed_time.unix_us);
  return state;
}

void Replica::Impl::on_snapshot(const SnapshotReady& ready) {
  if (snapshots_due.erase(ready.seq) == 0) return;  // of a state that another one has replaced
  last_checkpoint = ready.seq;
  last_checkpoint_state = ready.state;
  own_checkpoints[ready.seq] = ready.state;
  learn_incarnations();
  if (ready.seq == stable.seq && ready.state != stable.state) on_diverged(ready.seq, ready.state);
  if (ready.seq > stable.seq && ready.seq > checkpoint_floor && may_answer && may_sign()) {
    Checkpoint vote{ready.seq, ready.state, config.id,
                    crypto.sign(Statement::checkpoint, checkpoint_image(ready.seq, ready.state))};
    checkpoint_votes.add(vote);
    broadcast(vote);
    count_checkpoints(ready.seq);
  } else {
    discard();  // the others were faster
  }
  update_observing();
  try_install();
  revisit_slots();  // the window of votes may have moved
  try_propose();
}

// What we would vouch for is not the agreed state; what we have vouched for stays said.
void Replica::Impl::on_diverged(SeqNum seq, const Digest& ours) {
  if (!std::exchange(may_answer, false)) return;
  report(Diverged{seq, ours, stable.state});
  checkpoint_floor = std::max(checkpoint_floor, last_checkpoint);
  persist_restraint();
}

void Replica::Impl::persist_restraint() {
  ++restraining;
  persist(Restraint{checkpoint_floor, !may_answer, stale_copy}, [this] {
    --restraining;
    try_install();
  });
}

void Replica::Impl::count_checkpoints(SeqNum seq) {
  if (auto proof = checkpoint_votes.proof(quorums)) return on_stable(*proof);
  if (no_agreement || checkpoint_votes.can_agree(seq, quorums)) return;
  no_agreement = true;
  report(NoAgreement{seq});
}

void Replica::Impl::on_checkpoint(ReplicaId link, const Checkpoint& vote) {
  if (vote.seq <= stable.seq) return;  // late
  if (vote.seq.value % config.agreed.checkpoint_interval != 0 || !in_store_window(vote.seq)) {
    return reject(link, Rejection::outside_window);
  }
  if (vote.sender == config.id) {  // shown back
    const bool is_known = vote.seq <= std::max(last_checkpoint, checkpoint_floor) || config.incarnation > 0;
    if (!is_known) on_stale_copy(Statement::checkpoint, View{}, vote.seq);
    return;
  }
  switch (checkpoint_votes.add(vote)) {
    case CheckpointVotes::Added::known:
      return;
    case CheckpointVotes::Added::conflicting: {
      const Checkpoint* first = checkpoint_votes.find(vote.seq, vote.sender);
      accuse(Statement::checkpoint, vote.sender, checkpoint_image(first->seq, first->state), first->signature,
             checkpoint_image(vote.seq, vote.state), vote.signature);
      return reject(link, Rejection::conflicting);
    }
    case CheckpointVotes::Added::added:
      break;
  }
  count_checkpoints(vote.seq);
}

void Replica::Impl::on_checkpoint_proof(ReplicaId link, const CheckpointProof& proof) {
  if (proof.seq <= stable.seq) return;
  if (proof.seq.value % config.agreed.checkpoint_interval != 0 ||
      !is_valid(proof, config.genesis, quorums, crypto)) {
    return reject(link, Rejection::bad_certificate);
  }
  on_stable(proof);
}

void Replica::Impl::on_stable(const CheckpointProof& proof) {
  if (proof.seq <= stable.seq) return;
  stable = proof;
  report(CheckpointStable{proof.seq, proof.state});
  if (auto own = own_checkpoints.find(proof.seq);
      own != own_checkpoints.end() && own->second != proof.state) {
    on_diverged(proof.seq, own->second);
  }
  discard();
  turn_if_stalled();
  update_observing();
  persist(proof, [this, seq = proof.seq] {
    durable_stable = std::max(durable_stable, seq);
    proposed = std::max(proposed, seq);
    revisit_slots();
    try_propose();
  });
}

void Replica::Impl::retire(Slot& slot) {
  if (slot.retired_bytes > 0) return;
  Slot kept;
  kept.committed = slot.committed;
  kept.touched = slot.touched;
  kept.clock = slot.clock;
  kept.retired_bytes = sizeof(Slot);
  if (slot.commits.kept()) kept.commits.keep(*slot.commits.kept());
  for (const Vote& vote : slot.commits.all()) {
    if (slot.committed != vote.header.digest) continue;
    kept.commits.add(vote);
    kept.retired_bytes += sizeof(Vote);
  }
  if (const BodyPtr body = slot.committed ? slot.body(*slot.committed) : nullptr) {
    kept.bodies.push_back(body);
    for (const RequestPtr& request : body->requests) {
      kept.retired_bytes += sizeof(Request) + request->payload.size();
    }
  }
  slot = std::move(kept);
}

// What we have executed is kept for a while, so that a replica behind us is helped by Status alone; what we
// have not executed, as long as others can be expected to have it.
void Replica::Impl::discard() {
  const std::uint64_t interval = config.agreed.checkpoint_interval;
  std::uint64_t keep = retained_intervals * interval;
  std::size_t bytes = 0;
  for (auto at = slots.upper_bound(std::min(stable.seq, dispatched)); at != slots.begin();) {
    --at;
    retire(at->second);
    bytes += at->second.retired_bytes;
    const std::uint64_t age = stable.seq.value - at->first.value;
    if (bytes > retained_bytes && age >= interval / 4) {
      keep = std::min(keep, age);
      break;
    }
  }
  if (stable.seq.value > keep) discarded = std::max(discarded, SeqNum{stable.seq.value - keep});
  slots.erase(slots.begin(), slots.upper_bound(discarded));
  checkpoint_votes.drop_through(stable.seq);
  discard_snapshots();
  consider_transfer();
}

}  // namespace pbft::core
