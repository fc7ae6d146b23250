// A replica that has lost its data cannot know what it has promised. It follows without voting until the
// order holds its Rejoin and a window of batches lies above that: docs/protocol.md, amnesia, has the
// argument.
#include <algorithm>
#include <bit>

#include "core/images.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {
constexpr std::uint64_t rejoin_ticks = 5;  // between two requests
}  // namespace

// All that the earlier process signed is at or below this checkpoint: its votes, since it voted at most a
// window above a checkpoint that was stable before the Rejoin executed.
SeqNum Replica::Impl::rejoined_at(ReplicaId replica) const {
  const ClientTable::Opened opened = table.opened(client_of(replica));
  return opened.incarnation.value == 0 ? SeqNum{} : takes_effect_at(opened.at.seq, config.agreed);
}

// What the client table would execute as nothing.
bool Replica::Impl::is_rejoin_too_early(ReplicaId replica) const {
  const ClientTable::Opened opened = table.opened(client_of(replica));
  const auto spacing = static_cast<std::uint64_t>(rejoin_spacing.count());
  return opened.incarnation.value > 0 &&
         (stable.seq < rejoined_at(replica) || now.wall.unix_us < opened.at.time.unix_us + spacing);
}

bool Replica::Impl::has_rejoined() const {
  const bool is_in_order = table.opened(client_of(config.id)).incarnation.value == config.incarnation;
  const SeqNum from = rejoined_at(config.id);
  return is_in_order && from <= stable.seq && from <= last_checkpoint;
}

void Replica::Impl::update_observing() {
  if (!observing || !has_rejoined()) return;
  observing = false;
  rejoin = nullptr;
  report(Rejoined{rejoined_at(config.id)});
  revisit_slots();
}

void Replica::Impl::send_rejoin() {
  if (!observing || ticks % rejoin_ticks != 1) return;
  const std::uint64_t opened = table.opened(client_of(config.id)).incarnation.value;
  if (opened > config.incarnation && !rejoin_refused) {
    rejoin_refused = true;
    report(RejoinRefused{config.incarnation, opened});
  }
  if (opened >= config.incarnation) return;
  if (!rejoin) {
    RequestDraft draft;
    draft.client = client_of(config.id);
    draft.kind = RequestKind::open;
    draft.first = draft.lowest_unanswered = RequestNumber{config.incarnation};
    rejoin = sealer.seal(draft);
  }
  broadcast(RequestMessage{rejoin, 0});
}

void Replica::Impl::note_observer(ReplicaId peer, bool is_observing) {
  const std::uint64_t bit = std::uint64_t{1} << peer.value;
  observers = is_observing ? observers | bit : observers & ~bit;
  const std::uint32_t count = static_cast<std::uint32_t>(std::popcount(observers)) + (observing ? 1 : 0);
  if (count <= quorums.f() || observers_reported) return;
  observers_reported = true;
  report(TooManyObservers{count});
}

// An idle cluster would keep the replica waiting for ever.
bool Replica::Impl::wants_filling(SeqNum reached) const {
  for (std::uint32_t id = 0; id < quorums.n(); ++id) {
    if (reached < rejoined_at(ReplicaId{id})) return true;
  }
  return false;
}

// From here on, what earlier incarnations signed is void to us. Whoever votes more than a window above a
// Rejoin has been here: no quorum accepts a ViewChange that was forgotten by its signer.
void Replica::Impl::learn_incarnations() {
  for (std::uint32_t id = 0; id < quorums.n(); ++id) {
    const std::uint64_t opened = table.opened(client_of(ReplicaId{id})).incarnation.value;
    incarnations[id] = std::max(incarnations[id], opened);
  }
  std::erase_if(view_changes,
                [&](const auto& entry) { return entry.first != config.id && is_void(*entry.second); });
}

}  // namespace pbft::core
