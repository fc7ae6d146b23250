#include "wire/sizes.hpp"

#include <algorithm>
#include <variant>

#include "core/state_tree.hpp"

namespace pbft::wire {

namespace {

constexpr std::size_t root_words = 1 + struct_words<schema::Frame>();

constexpr std::size_t request_words(std::size_t payload_bytes, std::size_t proof) {
  return struct_words<schema::RequestMessage>() + struct_words<schema::Request>() +
         data_words(payload_bytes) + proof;
}

/// No proof takes no words, and tags none in a batch.
std::size_t words_of_proof(const core::Request& request, bool in_batch) {
  if (request.proof == core::Proof::signature) return signature_words;
  return request.proof == core::Proof::tags && !in_batch ? tag_words * request.tags.size() : 0;
}

std::size_t words(const core::RequestMessage& message) {
  return request_words(message.request->payload.size(), words_of_proof(*message.request, false));
}

std::size_t words(const core::Body& body) {
  std::size_t blob_words = 0;
  for (const core::RequestPtr& request : body.requests) {
    blob_words += data_words(request->payload.size()) + words_of_proof(*request, true);
  }
  return body_words(body.requests.size(), blob_words);
}

/// `payload_words`: of all payloads, each rounded up to words.
constexpr std::size_t introduction_words(std::size_t items, std::size_t payload_words) {
  return struct_words<schema::Introduction>() + list_words<schema::Introduction::Item>(items, tag_words) +
         payload_words;
}

std::size_t words(const core::Introduction& message) {
  std::size_t payload_words = 0;
  for (const auto& item : message.items) payload_words += data_words(item.request->payload.size());
  return introduction_words(message.items.size(), payload_words);
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
constexpr std::size_t digests_words(std::size_t count) { return count * (1 + digest_words); }

std::size_t fetch_state_words(std::size_t blocks) {
  return struct_words<schema::FetchState>() + digests_words(blocks);
}

std::size_t vouch_words(std::size_t requests) {
  return struct_words<schema::Vouch>() + digests_words(requests);
}

std::size_t words(const core::Vouch& message) { return vouch_words(message.requests.size()); }

std::size_t words(const core::FetchState& message) { return fetch_state_words(message.blocks.size()); }

std::size_t state_block_words(std::size_t bytes) {
  return struct_words<schema::StateBlock>() + data_words(bytes);
}

std::size_t words(const core::StateBlock& message) { return state_block_words(message.block->size()); }

/// `body_words`: of all bodies, each rounded up to words.
std::size_t query_words(std::size_t items, std::size_t body_words) {
  return struct_words<schema::Query>() + list_words<schema::Query::Item>(items, 0) + body_words;
}

std::size_t words(const core::Query& query) {
  std::size_t body_words = 0;
  for (const core::Query::Item& item : query.items) body_words += data_words(item.body.size());
  return query_words(query.items.size(), body_words);
}

std::size_t words(const core::QueryReply& reply) {
  std::size_t sum =
      struct_words<schema::QueryReply>() + list_words<schema::QueryReply::Item>(reply.items.size(), 0);
  for (const core::QueryReply::Item& item : reply.items) {
    if (const auto* whole = std::get_if<Bytes>(&item.result)) sum += data_words(whole->size());
    if (std::holds_alternative<Digest>(item.result)) sum += digest_words;
  }
  return sum;
}

std::size_t words(const core::Complaints& message) {
  return struct_words<schema::Complaints>() +
         list_words<schema::Complaints::Vote>(message.votes.size(), signature_words);
}

}  // namespace

std::size_t frame_words(const core::Message& message) {
  return root_words + std::visit([](const auto& kind) { return words(kind); }, message);
}

std::size_t DecodeLimits::max_frame_bytes() const {
  const std::size_t n = replicas, window = agreed.window();
  // Each payload may be rounded up by a word.
  const std::size_t payloads = data_words(agreed.max_batch_bytes) + agreed.max_batch_requests;
  const std::size_t body =
      body_words(agreed.max_batch_requests, payloads + agreed.max_batch_requests * signature_words);
  const std::size_t pre_prepare = struct_words<schema::PrePrepare>() + header_words + signature_words + body;
  const std::size_t request =
      request_words(agreed.max_request_bytes, std::max(signature_words, n * tag_words));
  const std::size_t view_change =
      struct_words<schema::ViewChange>() + proof_words(n) + signature_words +
      list_words<schema::PreparedCertificate>(window, certificate_blob_words(n - 1));
  const std::size_t reply = struct_words<schema::Reply>() +
                            list_words<schema::Reply::Item>(max_reply_items, digest_words + digest_words) +
                            data_words(max_reply_bytes(agreed));
  static_assert(struct_words<schema::QueryReply::Item>() <=
                struct_words<schema::Reply::Item>());  // no larger
  const std::size_t query = query_words(agreed.max_request_operations,
                                        data_words(agreed.max_request_bytes) + agreed.max_request_operations);
  return word_bytes * (root_words + std::max({pre_prepare, request, vouch_words(agreed.max_batch_requests),
                                              introduction_words(agreed.max_batch_requests, payloads),
                                              view_change, new_view_words(n, window), reply, query,
                                              status_words(max_status_slots(agreed), max_status_checkpoints),
                                              fetch_state_words(core::FetchState::max_blocks),
                                              state_block_words(core::max_block_bytes)}));
}

}  // namespace pbft::wire
