#include "wire/sizes.hpp"

#include <algorithm>
#include <variant>

#include "core/state_tree.hpp"

namespace pbft::wire {

namespace {

constexpr std::size_t root_words = 1 + struct_words<schema::Frame>();

std::size_t words(const core::RequestMessage& message) {
  return struct_words<schema::RequestMessage>() + struct_words<schema::Request>() +
         data_words(message.request->payload.size()) + signature_words;
}

std::size_t words(const core::Body& body) {
  std::size_t payload_words = 0;
  for (const core::RequestPtr& request : body.requests) payload_words += data_words(request->payload.size());
  return body_words(body.requests.size(), payload_words);
}

std::size_t words(const core::PrePrepare& message) {
  return struct_words<schema::PrePrepare>() + header_words + signature_words +
         (message.body ? words(*message.body) : 0);
}

std::size_t words(const core::Vote&) { return struct_words<schema::Vote>() + header_words + signature_words; }

std::size_t words(const core::Checkpoint&) {
  return struct_words<schema::Checkpoint>() + digest_words + signature_words;
}

std::size_t words(const core::CheckpointProof& proof) { return proof_words(proof.votes.size()); }

std::size_t words(const core::ViewChangePtr& message) {
  std::size_t sum = struct_words<schema::ViewChange>() + words(message->stable) + signature_words +
                    list_words<schema::PreparedCertificate>(message->prepared.size(), 0);
  for (const auto& certificate : message->prepared)
    sum += certificate_blob_words(certificate.prepares.size());
  return sum;
}

std::size_t new_view_words(std::size_t sources, std::size_t headers) {
  return struct_words<schema::NewView>() + list_words<schema::NewView::Source>(sources, digest_words) +
         list_words<schema::NewView::Header>(headers, digest_words + signature_words) + signature_words;
}

std::size_t words(const core::NewViewPtr& message) {
  return new_view_words(message->sources.size(), message->headers.size());
}

std::size_t words(const core::Reply& reply) {
  std::size_t sum =
      struct_words<schema::Reply>() + list_words<schema::Reply::Item>(reply.items.size(), digest_words);
  for (const core::ReplyItem& item : reply.items) {
    const auto* whole = std::get_if<Bytes>(&item.result);
    sum += whole != nullptr ? data_words(whole->size()) : digest_words;
  }
  return sum;
}

std::size_t status_words(std::size_t slots, std::size_t checkpoints) {
  return struct_words<schema::Status>() + list_words<schema::Status::Slot>(slots, 0) +
         list_words<schema::Status::CheckpointVotes>(checkpoints, 0);
}

std::size_t words(const core::Status& status) {
  return status_words(status.slots.size(), status.checkpoints.size());
}

std::size_t words(const core::FetchBody&) { return struct_words<schema::FetchBody>() + digest_words; }

std::size_t words(const core::FetchViewChange&) {
  return struct_words<schema::FetchViewChange>() + digest_words;
}

std::size_t words(const core::BodyMessage& message) {
  return struct_words<schema::BodyMessage>() + words(*message.body);
}

/// A list of blobs has no tag: a pointer for each, and what it points at.
std::size_t fetch_state_words(std::size_t blocks) {
  return struct_words<schema::FetchState>() + blocks * (1 + digest_words);
}

std::size_t words(const core::FetchState& message) { return fetch_state_words(message.blocks.size()); }

std::size_t state_block_words(std::size_t bytes) {
  return struct_words<schema::StateBlock>() + data_words(bytes);
}

std::size_t words(const core::StateBlock& message) { return state_block_words(message.block->size()); }

}  // namespace

std::size_t frame_words(const core::Message& message) {
  return root_words + std::visit([](const auto& kind) { return words(kind); }, message);
}

std::size_t DecodeLimits::max_frame_bytes() const {
  const std::size_t n = replicas, window = agreed.window();
  // Each payload may be rounded up by a word.
  const std::size_t body =
      body_words(agreed.max_batch_requests, data_words(agreed.max_batch_bytes) + agreed.max_batch_requests);
  const std::size_t pre_prepare = struct_words<schema::PrePrepare>() + header_words + signature_words + body;
  const std::size_t request = struct_words<schema::RequestMessage>() + struct_words<schema::Request>() +
                              data_words(agreed.max_request_bytes) + signature_words;
  const std::size_t view_change =
      struct_words<schema::ViewChange>() + proof_words(n) + signature_words +
      list_words<schema::PreparedCertificate>(window, certificate_blob_words(n - 1));
  const std::size_t reply = struct_words<schema::Reply>() +
                            list_words<schema::Reply::Item>(max_reply_items, digest_words + digest_words) +
                            data_words(max_reply_bytes(agreed));
  return word_bytes *
         (root_words + std::max({pre_prepare, request, view_change, new_view_words(n, window), reply,
                                 status_words(max_status_slots(agreed), max_status_checkpoints),
                                 fetch_state_words(core::FetchState::max_blocks),
                                 state_block_words(core::max_block_bytes)}));
}

}  // namespace pbft::wire
