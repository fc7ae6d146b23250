// What is encoded is what is decoded.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "core/images.hpp"
#include "core/state_tree.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

TEST_CASE("wire: a message of every kind comes back with every field") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.name);
    const Bytes frame = wire::encode(sample.message);
    CHECK(frame.size() % 8 == 0);
    const Message decoded = must_decode(frame);
    CHECK(same(decoded, sample.message));
    CHECK(wire::encode(decoded) == frame);
  }
}

TEST_CASE("wire: every kind of message has a sample") {
  std::vector<bool> seen(std::variant_size_v<Message>);
  for (const Sample& sample : samples()) seen[sample.message.index()] = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == static_cast<std::ptrdiff_t>(seen.size()));
}

TEST_CASE("wire: a frame decodes wherever it lies in memory") {
  for (const Sample& sample : samples()) {
    const Bytes frame = wire::encode(sample.message);
    for (std::size_t offset = 0; offset < 8; ++offset) {
      Bytes buffer(offset);
      buffer.insert(buffer.end(), frame.begin(), frame.end());
      CHECK(same(must_decode(BytesView(buffer).subspan(offset)), sample.message));
    }
  }
}

TEST_CASE("wire: operations point into the one copy of the payload") {
  const auto message = std::get<RequestMessage>(must_decode(
      wire::encode(RequestMessage{some_request(ClientId{1}, RequestNumber{1}, {"abc", "de"}), 0})));
  const Request& request = *message.request;
  for (const Request::Item& item : request.items) {
    CHECK(item.body.data() >= request.payload.data());
    CHECK(item.body.data() + item.body.size() <= request.payload.data() + request.payload.size());
  }
}

TEST_CASE("wire: digests are computed, and whether requests are authentic never comes from outside") {
  auto boastful = std::make_shared<Body>(*some_body({some_request(ClientId{1}, RequestNumber{1}, {"x"})}));
  boastful->requests_authentic = true;
  boastful->digest = some_digest(1);
  const auto message = std::get<BodyMessage>(must_decode(wire::encode(BodyMessage{SeqNum{1}, boastful})));
  CHECK_FALSE(message.body->requests_authentic);
  CHECK(message.body->digest == batch_digest(ToyCrypto(), boastful->time, boastful->requests));
}

namespace {

std::vector<SignerSignature> first_signers(std::uint32_t count) {
  std::vector<SignerSignature> signers;
  for (std::uint32_t r = 0; r < count; ++r) signers.push_back({ReplicaId{r}, some_signature(1)});
  return signers;
}

/// The largest message of each kind that has a list.
std::vector<Sample> largest(const wire::DecodeLimits& limits) {
  const AgreedLimits& agreed = limits.agreed;
  const std::uint32_t n = limits.replicas;
  const std::size_t overhead = some_request(ClientId{1}, RequestNumber{1}, {""})->payload.size();
  const std::size_t request_bytes = agreed.max_batch_bytes / agreed.max_batch_requests;
  // Not a multiple of a word, so that each payload is padded.
  const auto small =
      some_request(ClientId{1}, RequestNumber{1}, {std::string(request_bytes - overhead - 7, 'x')});
  const std::string half((agreed.max_request_bytes - overhead) / 2 - 5, 'y');
  const auto large = some_request(ClientId{1}, RequestNumber{1}, {half, half});

  ViewChange view_change = some_view_change();
  view_change.stable.votes = first_signers(n);
  view_change.prepared.clear();
  NewView new_view = some_new_view();
  new_view.sources.clear();
  for (std::uint32_t r = 0; r < n; ++r) new_view.sources.push_back({ReplicaId{r}, some_digest(1)});
  new_view.headers.assign(agreed.window(), {some_digest(1), some_signature(1)});
  for (std::uint64_t seq = 1; seq <= agreed.window(); ++seq) {
    view_change.prepared.push_back(
        {{View{1}, SeqNum{seq}, some_digest(1)}, some_signature(1), first_signers(n - 1)});
  }
  Reply reply = some_reply();
  reply.items.assign(wire::max_reply_items, {RequestNumber{1}, some_digest(1), Outcome::executed, Bytes(1)});
  reply.items.front().result = Bytes(agreed.max_result_bytes);
  reply.items.back().result = Bytes(256 * 1024 - wire::max_reply_items);
  Query query = some_query();
  query.items.clear();
  for (std::uint64_t i = 1; i <= agreed.max_request_operations; ++i) {
    query.items.push_back({QueryNumber{i}, Bytes(agreed.max_request_bytes / agreed.max_request_operations)});
  }
  QueryReply query_reply = some_query_reply();
  query_reply.items.clear();
  for (std::uint64_t i = 1; i <= wire::max_reply_items; ++i)
    query_reply.items.push_back({QueryNumber{i}, Bytes(1)});
  query_reply.items.front().result = Bytes(agreed.max_result_bytes);
  query_reply.items.back().result = Bytes(256 * 1024 - wire::max_reply_items);
  Status status;
  for (std::uint64_t seq = 1; seq <= wire::max_status_slots(agreed); ++seq)
    status.slots.push_back({SeqNum{seq}});
  for (std::uint64_t seq = 1; seq <= wire::max_status_checkpoints; ++seq)
    status.checkpoints.push_back({SeqNum{seq}});

  const RequestPtr bare = without_proof(*small);
  const std::vector<Introduction::Item> items(agreed.max_batch_requests, {bare, some_tag(1)});
  auto tagged = std::const_pointer_cast<Request>(without_proof(*large));
  tagged->proof = Proof::tags;
  tagged->tags.assign(n, some_tag(2));
  const auto body = some_body(std::vector<RequestPtr>(agreed.max_batch_requests, small));
  return {{"request", RequestMessage{large, 0}},
          {"pre-prepare", PrePrepare{{View{1}, SeqNum{1}, body->digest}, some_signature(1), body}},
          {"body", BodyMessage{SeqNum{1}, body}},
          {"body of large requests", BodyMessage{SeqNum{1}, some_body({large, large})}},
          {"view change", std::make_shared<const ViewChange>(std::move(view_change))},
          {"new view", std::make_shared<const NewView>(std::move(new_view))},
          {"reply", std::move(reply)},
          {"query", std::move(query)},
          {"query reply", std::move(query_reply)},
          {"request with tags", RequestMessage{tagged, 0}},
          {"introduction", Introduction{View{1}, 1, items}},
          {"vouch", Vouch{View{1}, 1, std::vector<Digest>(agreed.max_batch_requests, some_digest(1))}},
          {"status", std::move(status)},
          {"fetch state", FetchState{SeqNum{1}, std::vector<Digest>(FetchState::max_blocks, some_digest(1))}},
          {"state block", some_block(max_block_bytes)}};
}

}  // namespace

TEST_CASE("wire: the largest frame of every kind fits max_frame_bytes and decodes") {
  for (const std::uint32_t replicas : {4U, 64U}) {
    wire::DecodeLimits limits;
    limits.replicas = replicas;
    std::size_t largest_frame = 0;
    for (const Sample& sample : largest(limits)) {
      CAPTURE(replicas);
      CAPTURE(sample.name);
      const Bytes frame = wire::encode(sample.message);
      CHECK(frame.size() <= limits.max_frame_bytes());
      CHECK(same(must_decode(frame, limits), sample.message));
      largest_frame = std::max(largest_frame, frame.size());
    }
    CHECK(largest_frame * 2 > limits.max_frame_bytes());  // the bound is not a fantasy
  }
}

TEST_CASE("wire: what has limits of its own fits max_frame_bytes however small the cluster's limits are") {
  wire::DecodeLimits limits;
  limits.agreed.checkpoint_interval = 1;
  limits.agreed.max_operation_bytes = limits.agreed.max_result_bytes = 1;
  limits.agreed.max_request_bytes = limits.agreed.max_batch_bytes = 65;
  limits.agreed.max_request_operations = limits.agreed.max_batch_requests = 1;
  const std::vector<Message> messages{
      FetchState{SeqNum{1}, std::vector<Digest>(FetchState::max_blocks, some_digest(1))},
      some_block(max_block_bytes)};
  for (const Message& message : messages) {
    const Bytes frame = wire::encode(message);
    CHECK(frame.size() <= limits.max_frame_bytes());
    CHECK(same(must_decode(frame, limits), message));
  }
}

TEST_CASE("wire: a frame above max_frame_bytes is refused unread") {
  const wire::DecodeLimits limits;
  CHECK(must_refuse(Bytes(limits.max_frame_bytes() + 8)) == Rejection::too_large);
}

}  // namespace pbft::test
