#include "adversary/forger.hpp"

#include "core/images.hpp"

namespace pbft::adversary {

using core::Statement;

core::BodyPtr Forger::body(Timestamp time, std::vector<core::RequestPtr> requests) const {
  auto body = std::make_shared<core::Body>();
  body->time = time;
  body->requests = std::move(requests);
  body->digest = core::batch_digest(crypto_, body->time, body->requests);
  return body;
}

core::PrePrepare Forger::pre_prepare(const core::BatchHeader& header, core::BodyPtr body) const {
  return {header, crypto_.sign(Statement::pre_prepare, core::image_of(header)), std::move(body)};
}

core::Prepare Forger::prepare(const core::BatchHeader& header) const {
  return {{header, self_, crypto_.sign(Statement::prepare, core::image_of(header))}};
}

core::Commit Forger::commit(const core::BatchHeader& header) const {
  return {{header, self_, crypto_.sign(Statement::commit, core::image_of(header))}};
}

core::Checkpoint Forger::checkpoint(SeqNum seq, const Digest& state) const {
  return {seq, state, self_, crypto_.sign(Statement::checkpoint, core::checkpoint_image(seq, state))};
}

core::Complaints Forger::complaint(View view, SeqNum stable) const {
  return {view,
          {{self_, stable, crypto_.sign(core::Statement::complaint, core::complaint_image(view, stable))}}};
}

core::ViewChangePtr Forger::view_change(core::ViewChange change) const {
  change.signature = crypto_.sign(Statement::view_change, core::image_of(change));
  change.digest = core::view_change_digest(crypto_, change);
  return std::make_shared<const core::ViewChange>(std::move(change));
}

core::NewViewPtr Forger::new_view(core::NewView entered) const {
  SeqNum seq = entered.first;
  for (core::NewView::Header& header : entered.headers) {
    header.signature =
        crypto_.sign(Statement::pre_prepare, core::image_of({entered.view, seq, header.digest}));
    seq = seq.next();
  }
  entered.signature = crypto_.sign(Statement::new_view, core::image_of(entered));
  return std::make_shared<const core::NewView>(std::move(entered));
}

}  // namespace pbft::adversary
