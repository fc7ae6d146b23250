// Well-formed Cap'n Proto that breaks a rule of the values.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <memory>

#include "core/state_tree.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

Rejection refusal_of(const Message& message, const wire::DecodeLimits& limits = {}) {
  return must_refuse(wire::encode(message), limits);
}

Rejection refusal_of_view_change(const std::function<void(ViewChange&)>& spoil) {
  auto message = std::make_shared<ViewChange>(some_view_change());
  spoil(*message);
  return refusal_of(ViewChangePtr(std::move(message)));
}

Rejection refusal_of_new_view(const std::function<void(NewView&)>& spoil) {
  auto message = std::make_shared<NewView>(some_new_view());
  spoil(*message);
  return refusal_of(NewViewPtr(std::move(message)));
}

Rejection refusal_of_status(const std::function<void(Status&)>& spoil) {
  Status message = some_status();
  spoil(message);
  return refusal_of(message);
}

Rejection refusal_of_reply(const std::function<void(Reply&)>& spoil) {
  Reply message = some_reply();
  spoil(message);
  return refusal_of(message);
}

/// Limits tight enough that small messages break them.
wire::DecodeLimits tight(const std::function<void(AgreedLimits&)>& tighten) {
  wire::DecodeLimits limits;
  tighten(limits.agreed);
  return limits;
}

}  // namespace

TEST_CASE("wire: signers must be ascending, distinct and members") {
  for (const auto& replicas : {std::initializer_list<std::uint32_t>{2, 1}, {1, 1}, {0, 4}, {0, 0xffffffff}}) {
    CHECK(refusal_of(CheckpointProof{SeqNum{128}, some_digest(1), some_signers(replicas)}) ==
          Rejection::malformed);
    CHECK(refusal_of_view_change([&](ViewChange& m) { m.stable.votes = some_signers(replicas); }) ==
          Rejection::malformed);
    CHECK(refusal_of_view_change([&](ViewChange& m) { m.prepared[1].prepares = some_signers(replicas); }) ==
          Rejection::malformed);
    CHECK(refusal_of_new_view([&](NewView& m) {
            m.sources.clear();
            for (const std::uint32_t r : replicas) m.sources.push_back({ReplicaId{r}, some_digest(1)});
          }) == Rejection::malformed);
  }
}

TEST_CASE("wire: prepared certificates must be ascending, one per sequence number") {
  CHECK(refusal_of_view_change([](ViewChange& m) { m.prepared[1].header.seq = m.prepared[0].header.seq; }) ==
        Rejection::malformed);
  CHECK(refusal_of_view_change([](ViewChange& m) { std::swap(m.prepared[0], m.prepared[1]); }) ==
        Rejection::malformed);
}

TEST_CASE("wire: no list is longer than the cluster or the window") {
  const std::uint64_t window = AgreedLimits{}.window();
  CHECK(refusal_of_view_change([](ViewChange& m) { m.prepared[0].prepares = some_signers({0, 1, 2, 3}); }) ==
        Rejection::malformed);  // one of them is the primary
  CHECK(refusal_of_view_change([&](ViewChange& m) {
          m.prepared.clear();
          for (std::uint64_t seq = 1; seq <= window + 1; ++seq) {
            m.prepared.push_back({{View{1}, SeqNum{seq}, some_digest(1)}, some_signature(1), {}});
          }
        }) == Rejection::malformed);
  CHECK(refusal_of_new_view([&](NewView& m) {
          m.headers.assign(window + 1, {some_digest(1), some_signature(1)});
        }) == Rejection::malformed);
  CHECK(refusal_of_status([&](Status& m) {
          m.slots.clear();
          for (std::uint64_t seq = 0; seq <= wire::max_status_slots({}); ++seq)
            m.slots.push_back({SeqNum{seq}});
        }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) {
          m.checkpoints.clear();
          for (std::uint64_t seq = 0; seq <= wire::max_status_checkpoints; ++seq) {
            m.checkpoints.push_back({SeqNum{seq}});
          }
        }) == Rejection::malformed);
  CHECK(refusal_of_reply([](Reply& m) {
          m.items.assign(wire::max_reply_items + 1,
                         {RequestNumber{1}, some_digest(1), Outcome::executed, Bytes{}});
        }) == Rejection::malformed);
}

TEST_CASE("wire: sequence numbers of a NewView do not wrap") {
  CHECK(refusal_of_new_view([](NewView& m) { m.first = SeqNum{UINT64_MAX - 1}; }) == Rejection::malformed);
}

TEST_CASE("wire: a Status speaks of members only, in ascending order") {
  CHECK(refusal_of_status([](Status& m) { m.view_changes = 0b10000; }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) { m.slots[1].prepares = 0b10000; }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) { m.slots[1].commits = 1ULL << 63; }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) { m.checkpoints[0].votes = 0b10000; }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) { m.slots[1].seq = m.slots[0].seq; }) == Rejection::malformed);
  CHECK(refusal_of_status([](Status& m) { std::swap(m.checkpoints[0], m.checkpoints[1]); }) ==
        Rejection::malformed);

  Status full = some_status();
  full.view_changes = UINT64_MAX;
  wire::DecodeLimits limits;
  limits.replicas = 64;
  CHECK(same(must_decode(wire::encode(full), limits), full));
}

TEST_CASE("wire: a FetchState asks for 1 to max_blocks blocks") {
  const auto fetch = [](std::size_t blocks) {
    return FetchState{SeqNum{1}, std::vector<Digest>(blocks, some_digest(1))};
  };
  CHECK(refusal_of(fetch(0)) == Rejection::malformed);
  CHECK(same(must_decode(wire::encode(fetch(FetchState::max_blocks))), fetch(FetchState::max_blocks)));
  CHECK(refusal_of(fetch(FetchState::max_blocks + 1)) == Rejection::malformed);
}

TEST_CASE("wire: Complaints are of members, at least one, each once, in ascending order") {
  const auto complaints = [](std::initializer_list<std::uint32_t> of) {
    Complaints message{View{1}, {}};
    for (std::uint32_t id : of) message.votes.push_back({ReplicaId{id}, SeqNum{0}, some_signature(1)});
    return message;
  };
  CHECK(refusal_of(complaints({})) == Rejection::malformed);
  CHECK(refusal_of(complaints({1, 1})) == Rejection::malformed);
  CHECK(refusal_of(complaints({2, 1})) == Rejection::malformed);
  CHECK(refusal_of(complaints({1, 4})) == Rejection::malformed);
  CHECK(same(must_decode(wire::encode(complaints({0, 1, 2, 3}))), complaints({0, 1, 2, 3})));
}

TEST_CASE("wire: a StateBlock has 1 to max_block_bytes bytes") {
  CHECK(refusal_of(some_block(0)) == Rejection::malformed);
  CHECK(same(must_decode(wire::encode(some_block(max_block_bytes))), some_block(max_block_bytes)));
  CHECK(refusal_of(some_block(max_block_bytes + 1)) == Rejection::malformed);
}

TEST_CASE("wire: an unknown outcome is refused") {
  CHECK(refusal_of_reply([](Reply& m) { m.items[0].outcome = static_cast<Outcome>(8); }) ==
        Rejection::malformed);
}

TEST_CASE("wire: a result is at most max_result_bytes long") {
  Reply reply = some_reply();
  reply.items[0].result = Bytes(100);
  CHECK(same(must_decode(wire::encode(reply), tight([](auto& a) { a.max_result_bytes = 100; })), reply));
  CHECK(refusal_of(reply, tight([](auto& a) { a.max_result_bytes = 99; })) == Rejection::too_large);
}

TEST_CASE("wire: a query holds 1 to max_request_operations reads, ascending, of limited size") {
  const auto refusal = [](const std::function<void(Query&)>& spoil) {
    Query message = some_query();
    spoil(message);
    return refusal_of(message);
  };
  CHECK(refusal([](Query& m) { m.items.clear(); }) == Rejection::malformed);
  CHECK(refusal([](Query& m) { m.items[1].number = m.items[0].number; }) == Rejection::malformed);
  CHECK(refusal([](Query& m) { std::swap(m.items[0], m.items[1]); }) == Rejection::malformed);
  CHECK(refusal([](Query& m) { m.items[1].body = Bytes(AgreedLimits{}.max_operation_bytes + 1); }) ==
        Rejection::too_large);

  const Query query = some_query();
  const std::size_t size = query.items[0].body.size();
  CHECK(same(must_decode(wire::encode(query), tight([&](auto& a) {
                           a.max_request_operations = 2;
                           a.max_request_bytes = a.max_operation_bytes = size;
                         })),
             query));
  CHECK(refusal_of(query, tight([](auto& a) { a.max_request_operations = 1; })) == Rejection::too_large);
  CHECK(refusal_of(query, tight([&](auto& a) { a.max_request_bytes = size - 1; })) == Rejection::too_large);
  CHECK(refusal_of(query, tight([&](auto& a) { a.max_operation_bytes = size - 1; })) == Rejection::too_large);
}

TEST_CASE("wire: the answers to a query are at least one, ascending, of limited size") {
  const auto refusal = [](const std::function<void(QueryReply&)>& spoil) {
    QueryReply message = some_query_reply();
    spoil(message);
    return refusal_of(message);
  };
  CHECK(refusal([](QueryReply& m) { m.items.clear(); }) == Rejection::malformed);
  CHECK(refusal([](QueryReply& m) { m.items[1].number = m.items[0].number; }) == Rejection::malformed);
  CHECK(refusal([](QueryReply& m) { std::swap(m.items[0], m.items[2]); }) == Rejection::malformed);
  CHECK(refusal([](QueryReply& m) {
          m.items.clear();
          for (std::uint64_t i = 0; i <= wire::max_reply_items; ++i) m.items.push_back({QueryNumber{i}, {}});
        }) == Rejection::malformed);

  QueryReply reply = some_query_reply();
  reply.items[0].result = Bytes(100);
  CHECK(same(must_decode(wire::encode(reply), tight([](auto& a) { a.max_result_bytes = 100; })), reply));
  CHECK(refusal_of(reply, tight([](auto& a) { a.max_result_bytes = 99; })) == Rejection::too_large);
}

TEST_CASE("wire: a body of a fetch answer must be there") {
  // Words: root, union, pointers of Frame; sequence number, then the pointer to the body.
  Bytes frame = wire::encode(BodyMessage{SeqNum{1}, some_body({}, {})});
  std::memset(frame.data() + 4 * 8, 0, 8);
  CHECK(must_refuse(frame) == Rejection::malformed);
}

TEST_CASE("wire: a batch keeps to max_batch_requests and max_batch_bytes, to the byte") {
  const RequestPtr request = some_request(ClientId{1}, RequestNumber{1}, {"abc"});
  const std::size_t size = request->payload.size();
  const BodyMessage three{SeqNum{1}, some_body({request, request, request})};
  CHECK(same(must_decode(wire::encode(three), tight([&](auto& a) {
                           a.max_batch_requests = 3;
                           a.max_batch_bytes = 3 * size;
                         })),
             three));
  CHECK(refusal_of(three, tight([](auto& a) { a.max_batch_requests = 2; })) == Rejection::too_large);
  CHECK(refusal_of(three, tight([&](auto& a) { a.max_batch_bytes = 3 * size - 1; })) == Rejection::too_large);
}

TEST_CASE("wire: one bad request spoils the frame that carries it") {
  auto bad = std::make_shared<Request>();
  bad->payload = Bytes(40);
  const RequestPtr good = some_request(ClientId{1}, RequestNumber{1}, {"abc"});
  CHECK(refusal_of(RequestMessage{bad, 0}) == Rejection::malformed);
  CHECK(refusal_of(BodyMessage{SeqNum{1}, some_body({good, bad})}) == Rejection::malformed);
  CHECK(refusal_of(PrePrepare{{}, {}, some_body({bad, good})}) == Rejection::malformed);
}

}  // namespace pbft::test
