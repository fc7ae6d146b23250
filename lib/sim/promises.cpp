#include "sim/promises.hpp"

#include <algorithm>
#include <string>

#include "core/images.hpp"
#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

/// Tells statements apart without a Crypto at hand.
Digest fingerprint(const Bytes& image) {
  Digest result;
  for (std::size_t lane = 0; lane < 4; ++lane) {
    const std::uint64_t value = hash64(lane, image);
    for (std::size_t i = 0; i < 8; ++i)
      result.bytes[lane * 8 + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return result;
}

View highest(const std::set<View>& views) { return views.empty() ? View{} : *views.rbegin(); }

}  // namespace

void Promises::broken(const std::string& what) const { unsafe(describe(core::Identity(self_)) + " " + what); }

void Promises::on_durable(const core::Record& record) {
  if (const auto* prepared = std::get_if<core::PreparedRecord>(&record)) {
    const core::BatchHeader& header = prepared->certificate.header;
    if (!prepared->body || prepared->body->digest != header.digest)
      broken("stores a certificate without its body");
    certificates_.insert({{header.view, header.seq}, header.digest});
  } else if (const auto* view_change = std::get_if<core::ViewChangePtr>(&record)) {
    if ((*view_change)->sender != self_) return;
    durable_view_changes_.insert((*view_change)->new_view);
    asked_.insert(fingerprint(core::image_of(**view_change)));
  } else if (const auto* entered = std::get_if<core::NewViewRecord>(&record)) {
    if (entered->sources.size() != entered->new_view->sources.size())
      broken("stores a new-view without what proves it");
    durable_new_views_.insert(entered->new_view->view);
    if (entered->new_view->view.value % replicas_ == self_.value) sign_new_view(*entered->new_view);
  } else if (const auto* proof = std::get_if<core::CheckpointProof>(&record)) {
    stable_ = std::max(stable_, proof->seq);
  } else if (const auto* floor = std::get_if<core::Restraint>(&record)) {
    floor_ = std::max(floor_, floor->checkpoint_floor);
  } else if (std::holds_alternative<core::StartRecord>(record)) {
    started_ = true;
  }
}

void Promises::on_snapshot(SeqNum seq, const Digest& state) { snapshots_[seq] = state; }

void Promises::on_data_lost(std::uint64_t incarnation) {
  incarnation_ = incarnation;
  observes_ = true;
  for (const Said* said : {&pre_prepared_, &prepared_, &committed_}) {
    for (const auto& [place, digest] : *said) lost_votes_ = std::max(lost_votes_, place.second);
  }
  left_ = View{};
  started_ = false;
  stable_ = floor_ = SeqNum{};
  snapshots_.clear();
  certificates_.clear();
  durable_view_changes_.clear();
  durable_new_views_.clear();
}

void Promises::on_rejoined(SeqNum from) {
  observes_ = false;
  if (lost_votes_ > from) broken("votes again below what it has signed and forgotten");
}

// Everything is there that was reported durable and that no later record made superfluous.
void Promises::on_restored(const core::Restored& past) {
  bool started = false;
  SeqNum stable, floor;
  View entered, asked;
  std::map<SeqNum, core::BatchHeader> prepared;
  for (const core::Record& record : past.records) {
    if (const auto* one = std::get_if<core::PreparedRecord>(&record)) {
      prepared[one->certificate.header.seq] = one->certificate.header;
    } else if (const auto* view_change = std::get_if<core::ViewChangePtr>(&record)) {
      asked = (*view_change)->new_view;
    } else if (const auto* new_view = std::get_if<core::NewViewRecord>(&record)) {
      entered = new_view->new_view->view;
    } else if (const auto* proof = std::get_if<core::CheckpointProof>(&record)) {
      stable = proof->seq;
    } else if (const auto* to = std::get_if<core::Restraint>(&record)) {
      floor = to->checkpoint_floor;
    } else {
      started = true;
    }
  }
  if (started_ && !started) broken("has lost that it ever started");
  if (stable < stable_) broken("has lost a stable checkpoint");
  if (floor < floor_) broken("has lost a checkpoint floor");
  if (entered < highest(durable_new_views_)) broken("has lost a new-view");
  if (std::max(asked, entered) < highest(durable_view_changes_)) broken("has lost a view-change");
  for (const auto& [place, digest] : certificates_) {
    if (place.second <= stable) continue;
    const auto found = prepared.find(place.second);
    if (found == prepared.end() || found->second.view < place.first ||
        (found->second.view == place.first && found->second.digest != digest)) {
      broken("has lost a certificate at " + std::to_string(place.second.value));
    }
  }
  const SeqNum taken = snapshots_.empty() ? SeqNum{} : snapshots_.rbegin()->first;
  if ((past.checkpoint ? past.checkpoint->seq : SeqNum{}) < taken) {
    broken("has lost its state at " + std::to_string(taken.value));
  }
  // What was on its way may have arrived.
  for (const core::Record& record : past.records) on_durable(record);
  if (past.checkpoint) on_snapshot(past.checkpoint->seq, past.checkpoint->state);
}

bool Promises::has_said(const Said& said, const core::BatchHeader& header) {
  const auto found = said.find({header.view, header.seq});
  return found != said.end() && found->second == header.digest;
}

bool Promises::has_vouched(SeqNum seq, const Digest& state) const {
  const auto is_there = [&](const std::map<SeqNum, Digest>& states) {
    const auto found = states.find(seq);
    return found != states.end() && found->second == state;
  };
  return is_there(checkpoints_) || is_there(snapshots_);
}

bool Promises::has_asked(const core::ViewChange& change) const {
  return asked_.contains(fingerprint(core::image_of(change)));
}

void Promises::vote(Said& said, const core::BatchHeader& header, const char* what, bool in_new_view) {
  auto [first, fresh] = said.try_emplace(Place(header.view, header.seq), header.digest);
  if (!fresh) {
    if (first->second != header.digest) broken(std::string("signs two ") + what + "s for one place");
    return;  // sent again
  }
  const auto broken_by = [&](const char* when) { broken(std::string("signs a ") + what + when); };
  if (observes_) broken_by(" while it only observes");
  if (!started_) broken_by(" before its start is durable");
  if (header.view < left_) broken_by(" for a view that it has left");
  if (header.view.value > 0 && !durable_new_views_.contains(header.view)) {
    broken_by(" before the NewView of its view is durable");
  }
  const SeqNum taken = snapshots_.empty() ? SeqNum{} : snapshots_.rbegin()->first;
  if (!in_new_view && header.seq.value > std::min(stable_, taken).value + window_) {
    broken_by(" more than a window above what is durable");
  }
}

void Promises::on_send(const core::Message& message) {
  if (const auto* pre_prepare = std::get_if<core::PrePrepare>(&message)) {
    if (pre_prepare->header.view.value % replicas_ == self_.value) {
      vote(pre_prepared_, pre_prepare->header, "pre-prepare");
    }
  } else if (const auto* prepare = std::get_if<core::Prepare>(&message)) {
    if (prepare->sender == self_) vote(prepared_, prepare->header, "prepare");
  } else if (const auto* commit = std::get_if<core::Commit>(&message)) {
    if (commit->sender != self_) return;
    const core::BatchHeader& header = commit->header;
    const bool fresh = !committed_.contains({header.view, header.seq});
    vote(committed_, header, "commit");
    if (fresh && !certificates_.contains({{header.view, header.seq}, header.digest})) {
      broken("commits before its certificate is durable");
    }
  } else if (const auto* checkpoint = std::get_if<core::Checkpoint>(&message)) {
    if (checkpoint->sender != self_) return;
    auto [first, fresh] = checkpoints_.try_emplace(checkpoint->seq, checkpoint->state);
    if (first->second != checkpoint->state) broken("signs two checkpoints for one place");
    if (!fresh) return;
    if (observes_) broken("signs a checkpoint while it only observes");
    const auto durable = snapshots_.find(checkpoint->seq);
    if (durable == snapshots_.end() || durable->second != checkpoint->state)
      broken("signs a checkpoint before its state is durable");
    if (checkpoint->seq <= floor_) broken("signs a checkpoint at or below its floor");
  } else if (const auto* view_change = std::get_if<core::ViewChangePtr>(&message)) {
    if ((*view_change)->sender == self_) send_view_change(**view_change);
  } else if (const auto* new_view = std::get_if<core::NewViewPtr>(&message)) {
    if ((*new_view)->view.value % replicas_ == self_.value) send_new_view(**new_view);
  }
}

void Promises::send_view_change(const core::ViewChange& change) {
  const Digest mark = fingerprint(core::image_of(change));
  const std::pair place(change.incarnation, change.new_view);
  if (const auto said = view_changes_.find(place); said != view_changes_.end()) {
    if (said->second != mark) broken("signs two view-changes for one view");
    return;  // sent again
  }
  if (observes_) broken("signs a view-change while it only observes");
  if (change.incarnation != incarnation_) broken("signs a view-change of another incarnation");
  if (!durable_view_changes_.contains(change.new_view)) broken("sends a view-change before it is durable");
  view_changes_.emplace(place, mark);
  left_ = std::max(left_, change.new_view);
}

// Signed when it is written; it may be sent at any time, also once a later view was asked for.
void Promises::sign_new_view(const core::NewView& entered) {
  const Digest mark = fingerprint(core::image_of(entered));
  auto [first, fresh] = new_views_.try_emplace(entered.view, mark);
  if (first->second != mark) broken("signs two new-views for one view");
  if (!fresh) return;
  SeqNum seq = entered.first;
  for (const core::NewView::Header& header : entered.headers) {
    vote(pre_prepared_, {entered.view, seq, header.digest}, "pre-prepare", true);
    seq = seq.next();
  }
}

void Promises::send_new_view(const core::NewView& entered) {
  if (!durable_new_views_.contains(entered.view)) broken("sends a new-view before it is durable");
  sign_new_view(entered);
}

}  // namespace pbft::sim
