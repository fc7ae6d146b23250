#include "unit/wire/samples.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "core/images.hpp"

namespace pbft::test {

using namespace core;

Digest some_digest(std::uint8_t seed) {
  Digest digest;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i)
    digest.bytes[i] = static_cast<std::uint8_t>(seed + 3 * i);
  return digest;
}

Signature some_signature(std::uint8_t seed) {
  Signature signature;
  for (std::size_t i = 0; i < signature.bytes.size(); ++i) {
    signature.bytes[i] = static_cast<std::uint8_t>(seed + 5 * i);
  }
  return signature;
}

Tag some_tag(std::uint8_t seed) {
  Tag tag;
  tag.bytes.fill(seed);
  return tag;
}

std::vector<SignerSignature> some_signers(std::initializer_list<std::uint32_t> replicas) {
  std::vector<SignerSignature> signers;
  for (const std::uint32_t r : replicas) {
    signers.push_back({ReplicaId{r}, some_signature(static_cast<std::uint8_t>(100 + r))});
  }
  return signers;
}

RequestPtr some_request(ClientId client, RequestNumber first, const std::vector<std::string>& bodies) {
  RequestDraft draft{client, RequestKind::operations, RequestNumber{1}, first, {}};
  for (const std::string& body : bodies) draft.items.push_back({to_bytes(body), body.size() % 2 == 1});
  if (bodies.empty()) draft.kind = RequestKind::open;
  const ToyCrypto crypto(client);
  RequestPtr request = wire::Sealer(crypto, {}).seal(draft);
  REQUIRE(request);
  return request;
}

BodyPtr some_body(std::vector<RequestPtr> requests, Timestamp time) {
  auto body = std::make_shared<Body>();
  body->time = time;
  body->requests = std::move(requests);
  body->digest = batch_digest(ToyCrypto(), body->time, body->requests);
  return body;
}

ViewChange some_view_change() {
  ViewChange message;
  message.new_view = View{6};
  message.sender = ReplicaId{3};
  message.incarnation = 1700000000000001;
  message.stable = {SeqNum{128}, some_digest(1), some_signers({0, 2, 3})};
  message.prepared = {{{View{4}, SeqNum{129}, some_digest(2)}, some_signature(3), some_signers({1, 2})},
                      {{View{5}, SeqNum{131}, some_digest(4)}, some_signature(5), some_signers({0, 3})}};
  message.signature = some_signature(6);
  return message;
}

NewView some_new_view() {
  NewView message;
  message.view = View{6};
  message.sources = {
      {ReplicaId{0}, some_digest(1)}, {ReplicaId{1}, some_digest(2)}, {ReplicaId{3}, some_digest(3)}};
  message.first = SeqNum{129};
  message.headers = {{some_digest(4), some_signature(5)}, {some_digest(6), some_signature(7)}};
  message.signature = some_signature(8);
  return message;
}

Reply some_reply() {
  return {Epoch{2},
          View{9},
          ClientId{7},
          {{RequestNumber{11}, some_digest(1), Outcome::executed, to_bytes("done")},
           {RequestNumber{12}, some_digest(2), Outcome::executed, some_digest(3)},
           {RequestNumber{13}, some_digest(4), Outcome::invalid, Bytes{}}}};
}

Query some_query() {
  return {RequestNumber{1700000000000001},
          2,
          {{QueryNumber{3}, to_bytes("a read longer than one word")}, {QueryNumber{4}, {}}}};
}

QueryReply some_query_reply() {
  return {Epoch{2},
          View{9},
          RequestNumber{1700000000000001},
          {{QueryNumber{3}, to_bytes("an answer")},
           {QueryNumber{4}, some_digest(3)},
           {QueryNumber{6}, QueryReply::Declined{}}}};
}

Status some_status() {
  Status status;
  status.view = View{3};
  status.pending = View{4};
  status.answer_wanted = false;
  status.observing = true;
  status.stable = SeqNum{128};
  status.executed = SeqNum{140};
  status.view_changes = 0b1001;
  status.slots = {{SeqNum{141}, true, false, false, 0b0111, 0b0001},
                  {SeqNum{142}, false, true, false, 0b0010, 0},
                  {SeqNum{150}, false, false, true, 0, 0b1110}};
  status.checkpoints = {{SeqNum{256}, 0b0101}, {SeqNum{384}, 0b1000}};
  return status;
}

StateBlock some_block(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(7 * i + 1);
  return {std::make_shared<const Bytes>(std::move(bytes))};
}

RequestPtr some_tagged_request(ClientId client, RequestNumber first) {
  RequestDraft draft{client, RequestKind::operations, RequestNumber{1}, first, {{to_bytes("tagged"), false}}};
  const ToyCrypto crypto(client);
  RequestPtr request = wire::Sealer(crypto, {}).seal_with_tags(draft);
  REQUIRE(request);
  return request;
}

RequestPtr without_proof(const Request& request) {
  auto decoded =
      std::const_pointer_cast<Request>(wire::decode_request(request.payload, Signature{}, {}, ToyCrypto()));
  REQUIRE(decoded);
  decoded->proof = Proof::none;
  return decoded;
}

std::vector<Sample> samples() {
  const RequestPtr one = some_request(ClientId{2}, RequestNumber{5}, {"", "a", "bc"});
  const RequestPtr two =
      some_request(ClientId{3}, RequestNumber{1}, {"a longer operation than fits one word"});
  const RequestPtr open = some_request(ClientId{1}, RequestNumber{1700000000000000}, {});
  const RequestPtr tagged = some_tagged_request(ClientId{2}, RequestNumber{9});
  const RequestPtr bare = without_proof(*tagged);
  const BatchHeader header{View{3}, SeqNum{4}, some_digest(9)};
  return {
      {"request", RequestMessage{one, 2}},
      {"open request", RequestMessage{open, 0}},
      {"pre-prepare with body", PrePrepare{header, some_signature(1), some_body({one, two, open})}},
      {"pre-prepare without body", PrePrepare{header, some_signature(1), nullptr}},
      {"prepare", Prepare{{header, ReplicaId{2}, some_signature(2)}}},
      {"commit", Commit{{header, ReplicaId{3}, some_signature(3)}}},
      {"checkpoint", Checkpoint{SeqNum{128}, some_digest(1), ReplicaId{1}, some_signature(4)}},
      {"checkpoint proof", CheckpointProof{SeqNum{128}, some_digest(1), some_signers({0, 1, 3})}},
      {"genesis proof", CheckpointProof{SeqNum{0}, some_digest(1), {}}},
      {"view change", std::make_shared<const ViewChange>(some_view_change())},
      {"new view", std::make_shared<const NewView>(some_new_view())},
      {"reply", some_reply()},
      {"empty reply", Reply{}},
      {"status", some_status()},
      {"empty status", Status{}},
      {"fetch body", FetchBody{SeqNum{5}, some_digest(6)}},
      {"fetch view change", FetchViewChange{ReplicaId{2}, some_digest(7)}},
      {"body", BodyMessage{SeqNum{8}, some_body({two, one})}},
      {"null body", BodyMessage{SeqNum{8}, some_body({}, {})}},
      {"fetch state", FetchState{SeqNum{256}, {some_digest(3), some_digest(1), some_digest(2)}}},
      {"fetch one block", FetchState{SeqNum{256}, {some_digest(3)}}},
      {"state block", some_block(77)},
      {"state block of one byte", some_block(1)},
      {"query", some_query()},
      {"query reply", some_query_reply()},
      {"complaints", Complaints{View{3},
                                {{ReplicaId{0}, SeqNum{128}, some_signature(1)},
                                 {ReplicaId{2}, SeqNum{256}, some_signature(2)}}}},
      {"request with tags", RequestMessage{tagged, 1}},
      {"body with and without signatures", BodyMessage{SeqNum{8}, some_body({two, bare, one})}},
      {"introduction",
       Introduction{View{3}, 9, {{bare, tagged->tags[1]}, {without_proof(*one), tagged->tags[2]}}}},
      {"vouch", Vouch{View{3}, 9, {some_digest(4), some_digest(2)}}},
      {"vouch for nothing", Vouch{View{3}, 9, {}}},
  };
}

namespace {

/// In one class, so that each overload sees all others.
struct Comparison {
  template <class T>
  static bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const T& x, const T& y) { return same(x, y); });
  }
  template <class T>
  static bool same(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
    return a && b ? same(*a, *b) : a == b;
  }

  static bool same(const Request::Item& a, const Request::Item& b) {
    return std::equal(a.body.begin(), a.body.end(), b.body.begin(), b.body.end()) &&
           a.read_only == b.read_only;
  }
  static bool same(const Request& a, const Request& b) {
    auto fields = [](const Request& r) {
      return std::tie(r.client, r.kind, r.lowest_unanswered, r.first, r.payload, r.proof, r.signature, r.tags,
                      r.digest);
    };
    return fields(a) == fields(b) && same(a.items, b.items);
  }
  static bool same(const RequestMessage& a, const RequestMessage& b) {
    return same(a.request, b.request) && a.attempt == b.attempt;
  }
  static bool same(const Body& a, const Body& b) {
    return a.time == b.time && same(a.requests, b.requests) && a.digest == b.digest &&
           a.requests_authentic == b.requests_authentic;
  }
  static bool same(const PrePrepare& a, const PrePrepare& b) {
    return a.header == b.header && a.signature == b.signature && same(a.body, b.body);
  }
  static bool same(const Vote& a, const Vote& b) {
    return a.header == b.header && a.sender == b.sender && a.signature == b.signature;
  }
  static bool same(const Checkpoint& a, const Checkpoint& b) {
    return std::tie(a.seq, a.state, a.sender, a.signature) == std::tie(b.seq, b.state, b.sender, b.signature);
  }
  static bool same(const SignerSignature& a, const SignerSignature& b) {
    return a.replica == b.replica && a.signature == b.signature;
  }
  static bool same(const CheckpointProof& a, const CheckpointProof& b) {
    return a.seq == b.seq && a.state == b.state && same(a.votes, b.votes);
  }
  static bool same(const PreparedCertificate& a, const PreparedCertificate& b) {
    return a.header == b.header && a.pre_prepare == b.pre_prepare && same(a.prepares, b.prepares);
  }
  static bool same(const ViewChange& a, const ViewChange& b) {
    return a.new_view == b.new_view && a.sender == b.sender && a.incarnation == b.incarnation &&
           same(a.stable, b.stable) && same(a.prepared, b.prepared) && a.signature == b.signature &&
           a.digest == b.digest;
  }
  static bool same(const NewView::Source& a, const NewView::Source& b) {
    return a.replica == b.replica && a.view_change == b.view_change;
  }
  static bool same(const NewView::Header& a, const NewView::Header& b) {
    return a.digest == b.digest && a.signature == b.signature;
  }
  static bool same(const NewView& a, const NewView& b) {
    return a.view == b.view && same(a.sources, b.sources) && a.first == b.first &&
           same(a.headers, b.headers) && a.signature == b.signature;
  }
  static bool same(const ReplyItem& a, const ReplyItem& b) {
    return std::tie(a.number, a.operation, a.outcome, a.result) ==
           std::tie(b.number, b.operation, b.outcome, b.result);
  }
  static bool same(const Reply& a, const Reply& b) {
    return a.epoch == b.epoch && a.view == b.view && a.client == b.client && same(a.items, b.items);
  }
  static bool same(const Query::Item& a, const Query::Item& b) {
    return a.number == b.number && a.body == b.body;
  }
  static bool same(const Query& a, const Query& b) {
    return a.incarnation == b.incarnation && a.attempt == b.attempt && same(a.items, b.items);
  }
  static bool same(const QueryReply::Item& a, const QueryReply::Item& b) {
    return a.number == b.number && a.result == b.result;
  }
  static bool same(const QueryReply& a, const QueryReply& b) {
    return a.epoch == b.epoch && a.view == b.view && a.incarnation == b.incarnation && same(a.items, b.items);
  }
  static bool same(const Status::Slot& a, const Status::Slot& b) {
    auto fields = [](const Status::Slot& s) {
      return std::tie(s.seq, s.has_header, s.has_body, s.committed, s.prepares, s.commits);
    };
    return fields(a) == fields(b);
  }
  static bool same(const Status::CheckpointVotes& a, const Status::CheckpointVotes& b) {
    return a.seq == b.seq && a.votes == b.votes;
  }
  static bool same(const Status& a, const Status& b) {
    auto fields = [](const Status& s) {
      return std::tie(s.view, s.pending, s.answer_wanted, s.observing, s.stable, s.executed, s.view_changes);
    };
    return fields(a) == fields(b) && same(a.slots, b.slots) && same(a.checkpoints, b.checkpoints);
  }
  static bool same(const FetchBody& a, const FetchBody& b) { return a.seq == b.seq && a.digest == b.digest; }
  static bool same(const FetchViewChange& a, const FetchViewChange& b) {
    return a.replica == b.replica && a.digest == b.digest;
  }
  static bool same(const BodyMessage& a, const BodyMessage& b) {
    return a.seq == b.seq && same(a.body, b.body);
  }
  static bool same(const FetchState& a, const FetchState& b) {
    return a.seq == b.seq && a.blocks == b.blocks;
  }
  static bool same(const Introduction::Item& a, const Introduction::Item& b) {
    return same(a.request, b.request) && a.tag == b.tag && a.authentic == b.authentic;
  }
  static bool same(const Introduction& a, const Introduction& b) {
    return a.view == b.view && a.number == b.number && same(a.items, b.items);
  }
  static bool same(const Vouch& a, const Vouch& b) {
    return a.view == b.view && a.number == b.number && a.requests == b.requests;
  }
  static bool same(const StateBlock& a, const StateBlock& b) {
    return a.block && b.block ? *a.block == *b.block : a.block == b.block;
  }
  static bool same(const Complaints& a, const Complaints& b) {
    const auto equal = [](const Complaints::Vote& x, const Complaints::Vote& y) {
      return x.replica == y.replica && x.stable == y.stable && x.signature == y.signature;
    };
    return a.view == b.view &&
           std::equal(a.votes.begin(), a.votes.end(), b.votes.begin(), b.votes.end(), equal);
  }
};

}  // namespace

bool same(const Message& a, const Message& b) {
  return a.index() == b.index() && std::visit(
                                       [&](const auto& left) {
                                         using Kind = std::decay_t<decltype(left)>;
                                         return Comparison::same(left, std::get<Kind>(b));
                                       },
                                       a);
}

Message must_decode(BytesView frame, const wire::DecodeLimits& limits) {
  auto decoded = wire::decode(frame, limits, ToyCrypto());
  if (const auto* refused = std::get_if<Rejection>(&decoded))
    FAIL("refused as " << std::string(name_of(*refused)));
  return std::get<Message>(std::move(decoded));
}

Rejection must_refuse(BytesView frame, const wire::DecodeLimits& limits) {
  const auto decoded = wire::decode(frame, limits, ToyCrypto());
  REQUIRE(std::holds_alternative<Rejection>(decoded));
  return std::get<Rejection>(decoded);
}

}  // namespace pbft::test
