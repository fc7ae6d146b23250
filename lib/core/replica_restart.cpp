// A replica that has a past: what its log and its last checkpoint tell, and what they cannot tell.
// docs/protocol.md, durability, has the argument.
#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

namespace {

/// A cluster that changed its view every microsecond would take 292,000 years to get there.
constexpr std::uint64_t max_view = std::uint64_t{1} << 63;

/// Each record is well-formed, but no replica writes them side by side.
Error misfit(const std::string& what) {
  return Error{ErrorCode::invalid_argument,
               "the log contradicts itself: " + what + "; it is no log that a replica has written"};
}

}  // namespace

Result<void> Replica::Impl::restore(Restored past) {
  if (past.checkpoint) {
    if (auto restored = restore_state(*past.checkpoint); !restored) return restored;
  }
  for (const Record& record : past.records) {
    if (std::holds_alternative<StartRecord>(record)) {
      started = true;
    } else if (const auto* restraint = std::get_if<Restraint>(&record)) {
      checkpoint_floor = restraint->checkpoint_floor;
      may_answer = !restraint->diverged;
      stale_copy = restraint->stale_copy;
    } else if (const auto* proof = std::get_if<CheckpointProof>(&record)) {
      stable = *proof;
      durable_stable = proof->seq;
    } else if (const auto* entered = std::get_if<NewViewRecord>(&record)) {
      view = entered->new_view->view;
      pending = std::max(pending, view);  // entered while a later one was asked for
      new_view = entered->new_view;
      new_view_sources = entered->sources;
    } else if (const auto* asked = std::get_if<ViewChangePtr>(&record);
               asked && (*asked)->new_view > pending && !mutated(Mutant::view_change_forgotten)) {
      pending = (*asked)->new_view;
      view_changes[config.id] = *asked;
    }
  }
  if (pending.value > max_view) return misfit("view " + std::to_string(pending.value) + " is out of reach");
  if (pending == view) view_changes.erase(config.id);
  discarded = std::min(stable.seq, executed);
  proposed = std::max(stable.seq, executed);
  if (new_view) reissue(*new_view);
  for (Record& record : past.records) {
    auto* prepared = std::get_if<PreparedRecord>(&record);
    if (prepared == nullptr) continue;
    if (auto restored = restore_prepared(std::move(*prepared)); !restored) return restored;
  }
  if (started && !mutated(Mutant::votes_forgotten))
    forgotten = Forgotten{view, SeqNum{stable.seq.value + window()}};
  if (last_checkpoint == stable.seq && last_checkpoint_state != stable.state) {
    may_answer = false;
    checkpoint_floor = std::max(checkpoint_floor, last_checkpoint);
  }
  return {};
}

Result<void> Replica::Impl::restore_state(const RestoredCheckpoint& checkpoint) {
  if (!adopt(checkpoint.seq, checkpoint.state, checkpoint.core_state)) {
    return Error{
        ErrorCode::invalid_argument,
        "the checkpoint at sequence number " + std::to_string(checkpoint.seq.value) +
            " is none of this cluster: its client table does not fit the limits and the clients of " +
            "the configuration"};
  }
  return {};
}

// What was prepared here is what a ViewChange must tell, in whichever view that was.
Result<void> Replica::Impl::restore_prepared(PreparedRecord record) {
  const BatchHeader header = record.certificate.header;
  if (mutated(Mutant::certificates_forgotten)) return {};
  const std::string batch = "the batch prepared at sequence number " + std::to_string(header.seq.value);
  if (header.view > view) return misfit(batch + " is of a view that was never entered");
  if (record.certificate.prepares.size() + 1 != quorums.quorum()) return misfit(batch + " lacks a quorum");
  if (header.seq <= stable.seq || !in_store_window(header.seq)) return {};
  Slot& slot = slot_at(header.seq);
  if (!slot.body(header.digest) && header.digest != null_body->digest) slot.bodies.push_back(record.body);
  if (header.view == view) {
    slot.header = PrePrepare{header, record.certificate.pre_prepare, nullptr};
    for (const SignerSignature& prepare : record.certificate.prepares) {
      slot.prepares.add({header, prepare.replica, prepare.signature});
    }
    proposed = std::max(proposed, header.seq);
  }
  slot.certificate = std::move(record.certificate);
  return {};
}

// Checkpoints, commits and the ViewChange that were sent are sent again as they were: signing is
// deterministic, and nothing else can be signed for what the log shows.
void Replica::Impl::begin() {
  observing = config.incarnation > 0 && !has_rejoined() && !mutated(Mutant::amnesiac_votes);
  if (observing) report(Observing{config.incarnation});
  if (!may_answer) {
    report(Diverged{last_checkpoint, last_checkpoint_state, stable.state});
    persist_restraint();
  }
  if (!started) {
    persist(StartRecord{}, [this] {
      started = true;
      revisit_slots();
      try_propose();
    });
    return;
  }
  if (last_checkpoint > stable.seq && last_checkpoint > checkpoint_floor && may_sign()) {
    checkpoint_votes.add(
        {last_checkpoint, last_checkpoint_state, config.id,
         crypto.sign(Statement::checkpoint, checkpoint_image(last_checkpoint, last_checkpoint_state))});
  }
  if (pending > view) report(ViewChangeStarted{pending, "it was asked for before the restart"});
  revisit_slots();
}

bool Replica::Impl::add_own_vote(VoteSet& votes, Statement statement, const Vote& vote) {
  if (observing) return false;
  // What an earlier incarnation signed lies below the checkpoint from which on this one votes.
  if (config.incarnation > 0 && vote.header.seq <= rejoined_at(config.id)) return false;
  const SeqNum seq = vote.header.seq;
  if (seq <= stable.seq || votes.find(config.id, vote.header.view)) return false;
  const Slot* slot = find_slot(seq);
  const bool is_recorded =
      slot && slot->certificate && slot->certificate->header.view >= vote.header.view &&
      (slot->certificate->header.view > vote.header.view || slot->certificate->header == vote.header);
  const bool may_be_forgotten = forgotten && vote.header.view == forgotten->view && seq <= forgotten->through;
  const bool is_known = statement == Statement::commit ? is_recorded : may_be_forgotten;
  if (!is_known) {
    on_stale_copy(statement, vote.header.view, seq);
    return false;
  }
  return votes.add(vote) == VoteSet::Added::added;
}

void Replica::Impl::on_own_view_change(const ViewChange& shown) {
  if (observing || shown.incarnation < config.incarnation || shown.new_view <= view) return;
  const auto own = view_changes.find(config.id);
  const bool is_known = shown.new_view < pending || (own != view_changes.end() && shown.new_view == pending &&
                                                     own->second->digest == shown.digest);
  if (!is_known) on_stale_copy(Statement::view_change, shown.new_view, SeqNum{});
}

// Somebody has put an old copy of our data in its place, or runs a second replica with our key: what else was
// promised is not to be known.
void Replica::Impl::on_stale_copy(Statement statement, View at_view, SeqNum seq) {
  if (std::exchange(stale_copy, true)) return;
  report(StaleCopy{statement, at_view, seq});
  persist_restraint();
}

}  // namespace pbft::core
