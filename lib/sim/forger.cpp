#include "sim/forger.hpp"

#include <utility>

#include "core/images.hpp"

namespace pbft::sim {

using core::Statement;

core::RequestPtr Forger::request(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                                 std::uint64_t lowest_unanswered) const {
  core::RequestDraft draft;
  draft.client = by;
  draft.lowest_unanswered = RequestNumber{lowest_unanswered};
  draft.first = RequestNumber{first};
  for (const std::string& body : bodies) draft.items.push_back({to_bytes(body), false});
  return request(draft);
}

core::RequestPtr Forger::request(const core::RequestDraft& draft) const {
  return request_signed_by(draft.client, draft);
}

core::RequestPtr Forger::request_signed_by(ClientId by, const core::RequestDraft& draft) const {
  return wire::Sealer(keys_.of(by), limits_).seal(draft);
}

core::BodyPtr Forger::body(Timestamp time, std::vector<core::RequestPtr> requests) const {
  auto body = std::make_shared<core::Body>();
  body->time = time;
  body->requests = std::move(requests);
  body->digest = core::batch_digest(keys_.of(ReplicaId{0}), body->time, body->requests);
  return body;
}

core::PrePrepare Forger::pre_prepare(const core::BatchHeader& header, core::BodyPtr body) const {
  const core::Crypto& primary = keys_.of(quorums_.primary(header.view));
  return {header, primary.sign(Statement::pre_prepare, core::image_of(header)), std::move(body)};
}

core::Prepare Forger::prepare(ReplicaId by, const core::BatchHeader& header) const {
  return {{header, by, keys_.of(by).sign(Statement::prepare, core::image_of(header))}};
}

core::Commit Forger::commit(ReplicaId by, const core::BatchHeader& header) const {
  return {{header, by, keys_.of(by).sign(Statement::commit, core::image_of(header))}};
}

core::Checkpoint Forger::checkpoint(ReplicaId by, SeqNum seq, const Digest& state) const {
  return {seq, state, by, keys_.of(by).sign(Statement::checkpoint, core::checkpoint_image(seq, state))};
}

core::PreparedCertificate Forger::certificate(const core::BatchHeader& header) const {
  core::PreparedCertificate result{header, pre_prepare(header, nullptr).signature, {}};
  for (std::uint32_t i = 0; result.prepares.size() + 1 < quorums_.quorum(); ++i) {
    const ReplicaId backup{i};
    if (backup == quorums_.primary(header.view)) continue;
    result.prepares.push_back({backup, prepare(backup, header).signature});
  }
  return result;
}

core::ViewChangePtr Forger::view_change(core::ViewChange change) const {
  const core::Crypto& sender = keys_.of(change.sender);
  change.signature = sender.sign(Statement::view_change, core::image_of(change));
  change.digest = core::view_change_digest(sender, change);
  return std::make_shared<const core::ViewChange>(std::move(change));
}

core::NewViewPtr Forger::new_view(core::NewView entered) const {
  const core::Crypto& primary = keys_.of(quorums_.primary(entered.view));
  SeqNum seq = entered.first;
  for (core::NewView::Header& header : entered.headers) {
    header.signature =
        primary.sign(Statement::pre_prepare, core::image_of({entered.view, seq, header.digest}));
    seq = seq.next();
  }
  entered.signature = primary.sign(Statement::new_view, core::image_of(entered));
  return std::make_shared<const core::NewView>(std::move(entered));
}

}  // namespace pbft::sim
