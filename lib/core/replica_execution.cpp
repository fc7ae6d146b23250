// Execution in order, replies, checkpoints and the discarding of what they make superfluous
// (OSDI'99 4.2, 4.3).
#include <algorithm>

#include "core/certificates.hpp"
#include "core/check.hpp"
#include "core/images.hpp"
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

Digest state_digest(const Crypto& crypto, const Digest& application, const Digest& core_state) {
  Bytes bytes(application.bytes.begin(), application.bytes.end());
  bytes.insert(bytes.end(), core_state.bytes.begin(), core_state.bytes.end());
  return crypto.hash("state", bytes);
}

// The snapshot is of the state exactly after a checkpoint's batch: nothing later is begun before that batch's
// results are in the client table.
bool Replica::Impl::is_at_checkpoint() const {
  return dispatched > executed && dispatched.value % config.agreed.checkpoint_interval == 0;
}

void Replica::Impl::try_execute() {
  bool moved = false;
  while (!is_at_checkpoint()) {
    Slot* slot = find_slot(dispatched.next());
    const BodyPtr body = slot && slot->committed ? find_body(*slot, *slot->committed) : nullptr;
    if (!body) break;
    execute(dispatched.next(), body);
    moved = true;
  }
  if (moved) try_propose();
}

void Replica::Impl::execute(SeqNum seq, const BodyPtr& body) {
  executed_time = std::max(executed_time, body->time);  // agreed time never goes back
  Execute todo{seq, executed_time, {}};
  const std::uint64_t random = batch_random(crypto, seq, body->digest);
  std::vector<std::pair<ClientId, RequestNumber>> numbers;
  bool fresh = false;
  for (const RequestPtr& request : body->requests) {
    fresh = fresh || !table.is_done(*request);
    for (const ClientTable::Verdict& verdict : table.begin(*request, seq, crypto)) {
      const Request::Item& item = request->items[verdict.item];
      todo.items.push_back(
          {request, verdict.number, item.body, item.read_only, mix(random, todo.items.size())});
      numbers.emplace_back(request->client, verdict.number);
    }
  }
  for (const RequestPtr& request : body->requests) pool.drop_done(request->client, table, now.monotonic);
  executing.emplace_back(body, std::move(numbers));
  dispatched = seq;
  head_since = now.monotonic;

  // Empty batches and replays are no progress: they must not keep a primary in office.
  if (fresh) {
    progressed = true;
    if (now.monotonic - view_entered >= timeout) timeout = config.limits.request_timeout;
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

  std::map<ClientId, std::vector<ReplyItem>> replies;
  for (const RequestPtr& request : body->requests) {
    std::vector<ReplyItem> items = table.answers(*request, crypto);
    auto& to = replies[request->client];
    to.insert(to.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  }
  for (auto& [client, items] : replies) reply_to(client, std::move(items), 0);

  if (executed.value % config.agreed.checkpoint_interval == 0) {
    Bytes core = core_state();
    snapshot_core_digests[executed] = crypto.hash("core-state", core);
    out->push_back(TakeSnapshot{executed, std::move(core)});
    // Everybody waited for this executor, not for the primary.
    head_since = now.monotonic;
    pool.restart_waiting(now.monotonic);
  }
  try_execute();
}

Bytes Replica::Impl::core_state() const {
  Bytes state = table.encode();
  append(state, executed_time.unix_us);
  return state;
}

void Replica::Impl::on_snapshot(const SnapshotReady& ready) {
  auto core = snapshot_core_digests.find(ready.seq);
  PBFT_CHECK(core != snapshot_core_digests.end());
  const Digest state = state_digest(crypto, ready.application, core->second);
  snapshot_core_digests.erase(core);
  last_checkpoint = ready.seq;
  last_checkpoint_state = state;
  own_checkpoints[ready.seq] = state;
  if (ready.seq <= stable.seq) {
    // The others were faster; their proof says what the state must be.
    if (ready.seq == stable.seq && state != stable.state && answering) {
      answering = false;
      report(Diverged{ready.seq, state, stable.state});
    }
    return discard();
  }
  if (!answering) return;  // diverged: what we would vouch for is not the agreed state
  Checkpoint vote{ready.seq, state, config.id,
                  crypto.sign(Statement::checkpoint, checkpoint_image(ready.seq, state))};
  checkpoint_votes.add(vote);
  broadcast(vote);
  if (auto proof = checkpoint_votes.proof(quorums)) on_stable(*proof);
}

void Replica::Impl::on_checkpoint(ReplicaId link, const Checkpoint& vote) {
  if (vote.seq <= stable.seq) return;  // late
  if (vote.seq.value % config.agreed.checkpoint_interval != 0 || !in_store_window(vote.seq)) {
    return reject(link, Rejection::outside_window);
  }
  if (vote.sender == config.id) return;
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
  if (auto proof = checkpoint_votes.proof(quorums)) on_stable(*proof);
}

void Replica::Impl::on_checkpoint_proof(ReplicaId link, const CheckpointProof& proof) {
  if (proof.seq <= stable.seq) return;
  if (proof.seq.value % config.agreed.checkpoint_interval != 0 ||
      !is_valid(proof, genesis_state, quorums, crypto)) {
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
    answering = false;
    report(Diverged{proof.seq, own->second, proof.state});
  }
  discard();
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
  kept.retired_bytes = sizeof(Slot);
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
    if (bytes > retained_bytes && age >= interval) {
      keep = std::min(keep, age);
      break;
    }
  }
  if (stable.seq.value > keep) discarded = std::max(discarded, SeqNum{stable.seq.value - keep});
  slots.erase(slots.begin(), slots.upper_bound(discarded));
  checkpoint_votes.drop_through(stable.seq);
  own_checkpoints.erase(own_checkpoints.begin(), own_checkpoints.lower_bound(stable.seq));
  out->push_back(DiscardSnapshots{std::min(stable.seq, last_checkpoint)});
  if (dispatched < discarded && state_needed_at < stable.seq) {
    state_needed_at = stable.seq;
    report(StateNeeded{executed, stable.seq});
  }
}

}  // namespace pbft::core
