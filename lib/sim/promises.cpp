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

}  // namespace

void Promises::broken(const std::string& what) const { unsafe(describe(core::Identity(self_)) + " " + what); }

void Promises::on_durable(const core::Record& record) {
  if (const auto* prepared = std::get_if<core::PreparedRecord>(&record)) {
    const core::BatchHeader& header = prepared->certificate.header;
    if (!prepared->body || prepared->body->digest != header.digest)
      broken("stores a certificate without its body");
    durable_certificates_.insert({{header.view, header.seq}, header.digest});
  } else if (const auto* view_change = std::get_if<core::ViewChangePtr>(&record)) {
    if ((*view_change)->sender == self_) durable_view_changes_.insert((*view_change)->new_view);
  } else if (const auto* new_view = std::get_if<core::NewViewPtr>(&record)) {
    durable_new_views_.insert((*new_view)->view);
  }
}

void Promises::vote(Said& said, const core::BatchHeader& header, const char* what) {
  auto [first, fresh] = said.emplace(Place(header.view, header.seq), header.digest);
  if (!fresh) {
    if (first->second != header.digest) broken(std::string("signs two ") + what + "s for one place");
    return;  // sent again
  }
  if (header.view < left_) broken(std::string("signs a ") + what + " for a view that it has left");
  if (header.view.value > 0 && !durable_new_views_.contains(header.view)) {
    broken(std::string("signs a ") + what + " before the NewView of its view is durable");
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
    vote(committed_, header, "commit");
    if (!durable_certificates_.contains({{header.view, header.seq}, header.digest})) {
      broken("commits before its certificate is durable");
    }
  } else if (const auto* checkpoint = std::get_if<core::Checkpoint>(&message)) {
    if (checkpoint->sender != self_) return;
    auto [first, fresh] = checkpoints_.emplace(checkpoint->seq, checkpoint->state);
    if (!fresh && first->second != checkpoint->state) broken("signs two checkpoints for one place");
  } else if (const auto* view_change = std::get_if<core::ViewChangePtr>(&message)) {
    const core::ViewChange& change = **view_change;
    if (change.sender != self_) return;
    const Digest mark = fingerprint(core::image_of(change));
    auto [first, fresh] = view_changes_.emplace(change.new_view, mark);
    if (!fresh && first->second != mark) broken("signs two view-changes for one view");
    if (!durable_view_changes_.contains(change.new_view)) broken("sends a view-change before it is durable");
    left_ = std::max(left_, change.new_view);
  } else if (const auto* new_view = std::get_if<core::NewViewPtr>(&message)) {
    const core::NewView& entered = **new_view;
    if (entered.view.value % replicas_ != self_.value) return;
    const Digest mark = fingerprint(core::image_of(entered));
    auto [first, fresh] = new_views_.emplace(entered.view, mark);
    if (!fresh && first->second != mark) broken("signs two new-views for one view");
    if (!durable_new_views_.contains(entered.view)) broken("sends a new-view before it is durable");
    SeqNum seq = entered.first;
    for (const core::NewView::Header& header : entered.headers) {
      vote(pre_prepared_, {entered.view, seq, header.digest}, "pre-prepare");
      seq = seq.next();
    }
  }
}

}  // namespace pbft::sim
