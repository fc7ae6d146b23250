// State transfer: a replica that the others have left behind, or whose state is not the agreed one, collects
// a stable checkpoint from all of them at once, block by block; and what it does for others in that need.
#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "core/replica_impl.hpp"
#include "core/state_tree.hpp"

namespace pbft::core {

namespace {
constexpr std::uint64_t patience_ticks = 5;  // behind and idle for so long: the others' batches do not come
constexpr std::uint64_t donor_ticks = 10;    // without a block that it owes, until a donor rests
constexpr std::uint64_t turn_ticks = 15;     // without a block of anybody, until a newer checkpoint is tried
constexpr std::uint64_t stall_ticks = 30;    // the same, if none was just told of
// What a donor keeps for a fetcher: f+1 checkpoints, each for so long after the last fetch, and for no longer
// than that in all while others wait. Equal blocks of a later checkpoint serve as well.
constexpr std::uint64_t pin_ticks = 50;
constexpr std::uint64_t max_pin_ticks = 3000;
constexpr std::size_t min_read_cost = 16 * 1024;  // of a donor's budget: finding nothing is work, too
}  // namespace

// ---- Collecting -----------------------------------------------------------------------------------------

void Replica::Impl::consider_transfer() {
  if (transfer || installing || stable.seq.value == 0) return;
  const bool is_cut_off = dispatched < discarded;
  if (is_cut_off || !may_answer || ticks_without_progress >= patience_ticks) begin_transfer();
}

// Where checkpoints follow each other fast, whoever told of this one has it now, and not for long: not
// with the next tick, but at once.
void Replica::Impl::turn_if_stalled() {
  if (transfer && !installing && !collected && stable.seq > transfer->seq() &&
      ticks_without_blocks >= turn_ticks) {
    begin_transfer();
  }
}

void Replica::Impl::begin_transfer() {
  if (transfer) {
    transfer->turn_to(stable.seq, stable.state);
  } else {
    std::vector<ReplicaId> donors;
    for (std::uint32_t id = 0; id < quorums.n(); ++id) {
      if (ReplicaId{id} != config.id) donors.push_back(ReplicaId{id});
    }
    const Duration patience = donor_ticks * config.limits.status_interval;
    transfer.emplace(stable.seq, stable.state, donors, patience);
  }
  collected.reset();
  ticks_without_blocks = 0;
  report(StateNeeded{executed, stable.seq});
  out->push_back(CollectState{stable.seq, stable.state});
}

void Replica::Impl::pump_transfer() {
  for (StateTransfer::Asked& asked : transfer->ask(now.monotonic)) {
    send(asked.donor, FetchState{transfer->seq(), std::move(asked.blocks)});
  }
}

void Replica::Impl::on_state_wanted(const StateWanted& wanted) {
  if (!transfer || wanted.seq != transfer->seq() || wanted.state != transfer->state()) return;
  transfer->on_stored();
  transfer->want(wanted.blocks);
  pump_transfer();
}

void Replica::Impl::on_state_block(ReplicaId from, const StateBlock& message) {
  if (!transfer || collected) return;  // asked for by a transfer that has ended
  if (!transfer->expects(from)) return reject(from, Rejection::bad_block);
  const Digest name = block_digest(crypto, *message.block);
  const auto taken = transfer->take(from, name, message.block->size(), now.monotonic);
  if (taken == StateTransfer::Taken::taken) {
    out->push_back(KeepBlock{message.block});
  } else if (taken == StateTransfer::Taken::wrong) {
    reject(from, Rejection::bad_block);
    report(DonorDropped{from});
  }
  pump_transfer();
}

void Replica::Impl::on_transfer_tick() {
  // While the own executor is busy nobody else keeps us from going on.
  const bool idle = is_behind() && executing.empty() && snapshots_due.empty() && dispatched == ticked_at;
  ticks_without_progress = idle ? ticks_without_progress + 1 : 0;
  ticked_at = dispatched;
  consider_transfer();

  if (transfer && !installing && !collected) {
    const std::vector<ReplicaId> silent = transfer->rest_silent(now.monotonic);
    for (ReplicaId donor : silent) {
      reject(donor, Rejection::silent_donor);
      report(DonorDropped{donor});
    }
    ticks_without_blocks = transfer->blocks() == taken_at ? ticks_without_blocks + 1 : 0;
    taken_at = transfer->blocks();
    if (dispatched >= transfer->seq() && may_answer) {
      end_transfer();  // the batches came after all
    } else if (stable.seq > transfer->seq() && ticks_without_blocks >= stall_ticks) {
      begin_transfer();  // they may no longer have it; what is here counts for the newer one
    } else {
      pump_transfer();
    }
  }

  bool unpinned = false;
  for (std::uint32_t peer = 0; peer < quorums.n(); ++peer) {
    Served& of = served[peer];
    of.bytes = 0;
    serve_blocks(ReplicaId{peer});
    if (!of.pinned_until || now.monotonic < *of.pinned_until) continue;
    of.pinned_until.reset();
    unpinned = true;
  }
  if (unpinned) discard_snapshots();
}

void Replica::Impl::on_state_collected(StateCollected&& done) {
  if (!transfer || done.seq != transfer->seq() || done.state != transfer->state()) return;
  collected = std::move(done);
  try_install();
}

// The state machine is replaced between two batches, and nothing is begun until it is.
void Replica::Impl::try_install() {
  if (!collected || installing || restraining > 0 || !executing.empty() || !snapshots_due.empty()) return;
  if (collected->seq <= dispatched && may_answer) return end_transfer();
  installing = true;
  out->push_back(InstallState{collected->seq, collected->state});
}

void Replica::Impl::on_state_installed(const StateInstalled& done) {
  PBFT_CHECK(installing && collected && done.seq == collected->seq && done.state == collected->state);
  const SeqNum before = dispatched;
  PBFT_CHECK(adopt(done.seq, done.state, collected->core_state));  // q replicas vouch for it
  installing = false;
  report(StateTaken{done.seq, transfer->blocks(), transfer->bytes()});
  end_transfer();
  if (!std::exchange(may_answer, true)) {
    answer_from = before;  // clients were told of what lies below
    report(Repaired{done.seq, done.difference});
    persist_restraint();
  }
  pool.drop_all_done(table, now.monotonic);
  update_observing();
  discard();
  revisit_slots();
  try_execute();
  try_propose();
}

void Replica::Impl::end_transfer() {
  transfer.reset();
  collected.reset();
  discard_snapshots();  // what was kept for it may go
}

// The state after `seq` is ours: executed, as it were. Slots below it are of use to others only where they
// are whole.
bool Replica::Impl::adopt(SeqNum seq, const Digest& state, BytesView core) {
  if (core.size() < 8) return false;
  auto decoded = ClientTable::decode(core.first(core.size() - 8), config.agreed, admitted);
  if (!decoded) return false;
  table = std::move(*decoded);
  executed_time = Timestamp{};
  for (std::size_t i = 0; i < 8; ++i) {
    executed_time.unix_us |= std::uint64_t{core[core.size() - 8 + i]} << (8 * i);
  }
  executed = dispatched = seq;
  proposed = std::max(proposed, seq);
  head_since = now.monotonic;
  ticks_without_progress = 0;
  snapshots_due.clear();
  own_checkpoints.erase(own_checkpoints.lower_bound(seq), own_checkpoints.end());
  own_checkpoints[seq] = state;
  last_checkpoint = seq;
  last_checkpoint_state = state;
  learn_incarnations();
  std::erase_if(slots, [&](const auto& entry) {
    const auto& [at, slot] = entry;
    return at <= seq && (!slot.committed || !find_body(slot, *slot.committed));
  });
  return true;
}

// ---- Serving --------------------------------------------------------------------------------------------

void Replica::Impl::on_fetch_state(ReplicaId from, const FetchState& fetch) {
  Served& of = served[from.value];
  for (const Digest& block : fetch.blocks) {
    if (of.blocks.size() >= FetchState::max_blocks) {
      reject(from, Rejection::too_often);
      break;
    }
    if (std::find(of.blocks.begin(), of.blocks.end(), block) == of.blocks.end()) of.blocks.push_back(block);
  }
  const bool is_pinned = of.pinned_until && of.pinned == fetch.seq;
  if (is_pinned || own_checkpoints.contains(fetch.seq)) {
    const Duration tick = config.limits.status_interval;
    if (!of.pinned_until) of.pinned_since = now.monotonic;
    of.pinned = fetch.seq;
    of.pinned_until = std::min(now.monotonic + pin_ticks * tick, of.pinned_since + max_pin_ticks * tick);
  }
  serve_blocks(from);
}

// A few reads at a time, and so many bytes a tick: the rest waits.
void Replica::Impl::serve_blocks(ReplicaId to) {
  Served& of = served[to.value];
  while (!of.blocks.empty() && of.bytes + of.reading * max_block_bytes < config.limits.max_transfer_bytes &&
         of.reading < StateTransfer::blocks_per_donor) {
    ++of.reading;
    out->push_back(ReadBlock{to, of.blocks.front()});
    of.blocks.pop_front();
  }
}

void Replica::Impl::on_block_read(const BlockRead& read) {
  Served& of = served[read.to.value];
  --of.reading;
  of.bytes += std::max(min_read_cost, read.block ? read.block->size() : 0);
  if (read.block) {
    send(read.to, StateBlock{read.block});
  }
  serve_blocks(read.to);
}

// The longest-served come last in the queue for a place once their time is over.
void Replica::Impl::discard_snapshots() {
  std::vector<std::pair<Instant, SeqNum>> leases;
  for (const Served& of : served) {
    if (of.pinned_until) leases.emplace_back(of.pinned_since, of.pinned);
  }
  std::sort(leases.begin(), leases.end());
  std::set<SeqNum> pinned;
  for (const auto& [since, seq] : leases) {
    if (pinned.size() < quorums.weak()) pinned.insert(seq);
  }
  SeqNum below = std::min(stable.seq, last_checkpoint);
  if (transfer) below = std::min(below, transfer->seq());  // a diverged replica is ahead of what it collects
  own_checkpoints.erase(own_checkpoints.begin(), own_checkpoints.lower_bound(below));
  out->push_back(DiscardSnapshots{below, {pinned.begin(), pinned.end()}});
}

}  // namespace pbft::core
