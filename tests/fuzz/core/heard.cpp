#include "fuzz/core/heard.hpp"

#include <iterator>

#include "core/images.hpp"

namespace pbft::fuzz {

using core::Statement;

// A broadcast is one frame to many.
void Heard::listen(const sim::FramePtr& frame, const wire::DecodeLimits& limits) {
  if (!frames.empty() && frames.back() == frame) return;
  remember(frame);
  const auto decoded = wire::decode(frame->bytes, limits, hasher());
  if (const auto* message = std::get_if<core::Message>(&decoded)) learn(*message);
}

void Heard::remember(const sim::FramePtr& frame) {
  if (std::ssize(frames) == max_frames) frames.erase(frames.begin(), frames.begin() + max_frames / 2);
  frames.push_back(frame);
}

void Heard::learn(const core::Message& message) {
  if (const auto* request = std::get_if<core::RequestMessage>(&message)) {
    requests.push_back(request->request);
  } else if (const auto* proposal = std::get_if<core::PrePrepare>(&message)) {
    learn(proposal->header);
    keep(Statement::pre_prepare, quorums_.primary(proposal->header.view), core::image_of(proposal->header),
         proposal->signature);
    if (proposal->body) learn(proposal->body);
  } else if (const auto* prepare = std::get_if<core::Prepare>(&message)) {
    keep(Statement::prepare, prepare->sender, core::image_of(prepare->header), prepare->signature);
  } else if (const auto* commit = std::get_if<core::Commit>(&message)) {
    keep(Statement::commit, commit->sender, core::image_of(commit->header), commit->signature);
  } else if (const auto* vote = std::get_if<core::Checkpoint>(&message)) {
    states.emplace_back(vote->seq, vote->state);
    keep(Statement::checkpoint, vote->sender, core::checkpoint_image(vote->seq, vote->state),
         vote->signature);
  } else if (const auto* proof = std::get_if<core::CheckpointProof>(&message)) {
    learn(*proof);
  } else if (const auto* change = std::get_if<core::ViewChangePtr>(&message)) {
    learn(*change);
  } else if (const auto* entered = std::get_if<core::NewViewPtr>(&message)) {
    learn(**entered);
    new_views.push_back(*entered);
  } else if (const auto* complaints = std::get_if<core::Complaints>(&message)) {
    for (const core::Complaints::Vote& each : complaints->votes) {
      keep(Statement::complaint, each.replica, core::complaint_image(complaints->view, each.stable),
           each.signature);
    }
  } else if (const auto* body = std::get_if<core::BodyMessage>(&message)) {
    learn(body->body);
  } else if (const auto* fetch = std::get_if<core::FetchState>(&message)) {
    blocks.insert(blocks.end(), fetch->blocks.begin(), fetch->blocks.end());
  } else if (const auto* query = std::get_if<core::Query>(&message)) {
    queries.push_back(std::make_shared<const core::Query>(*query));
  }
}

void Heard::learn(const core::BodyPtr& body) { bodies.push_back(body); }
void Heard::learn(const core::BatchHeader& header) { headers.push_back(header); }

void Heard::learn(const core::CheckpointProof& proof) {
  for (const core::SignerSignature& vote : proof.votes) {
    keep(Statement::checkpoint, vote.replica, core::checkpoint_image(proof.seq, proof.state), vote.signature);
  }
}

void Heard::learn(const core::ViewChangePtr& change) {
  auto complete = std::make_shared<core::ViewChange>(*change);
  complete->digest = core::view_change_digest(hasher(), *change);
  view_changes.push_back(std::move(complete));
  learn(change->stable);
  for (const core::PreparedCertificate& certificate : change->prepared) {
    learn(certificate.header);
    keep(Statement::pre_prepare, quorums_.primary(certificate.header.view),
         core::image_of(certificate.header), certificate.pre_prepare);
    for (const core::SignerSignature& each : certificate.prepares) {
      keep(Statement::prepare, each.replica, core::image_of(certificate.header), each.signature);
    }
  }
}

void Heard::learn(const core::NewView& entered) {
  SeqNum seq = entered.first;
  for (const core::NewView::Header& each : entered.headers) {
    const core::BatchHeader header{entered.view, seq, each.digest};
    learn(header);
    keep(Statement::pre_prepare, quorums_.primary(entered.view), core::image_of(header), each.signature);
    seq = seq.next();
  }
}

bool Heard::has_signature(Statement statement, ReplicaId signer, const Bytes& image) const {
  return is_corrupt(signer) || signatures_.contains({statement, signer, image});
}

core::Signature Heard::signature(Statement statement, ReplicaId signer, const Bytes& image) const {
  if (is_corrupt(signer)) return keys_.of(signer).sign(statement, image);
  const auto found = signatures_.find({statement, signer, image});
  return found != signatures_.end() ? found->second : core::Signature{};
}

}  // namespace pbft::fuzz
