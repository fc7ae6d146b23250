// Equal images mean equal statements.
#include "core/images.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <set>

#include "unit/wire/toy_crypto.hpp"

namespace pbft::test {

using namespace core;

namespace {

Digest digest_of(std::uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}
Signature signature_of(std::uint8_t byte) {
  Signature signature;
  signature.bytes.fill(byte);
  return signature;
}

ViewChange view_change() {
  ViewChange message;
  message.new_view = View{6};
  message.sender = ReplicaId{3};
  message.stable = {
      SeqNum{128}, digest_of(1), {{ReplicaId{0}, signature_of(2)}, {ReplicaId{1}, signature_of(3)}}};
  message.prepared = {
      {{View{4}, SeqNum{129}, digest_of(4)}, signature_of(5), {{ReplicaId{1}, signature_of(6)}}},
      {{View{5}, SeqNum{130}, digest_of(7)}, signature_of(8), {{ReplicaId{2}, signature_of(9)}}}};
  return message;
}

NewView new_view() {
  NewView message;
  message.view = View{6};
  message.sources = {{ReplicaId{0}, digest_of(1)}, {ReplicaId{2}, digest_of(2)}};
  message.first = SeqNum{129};
  message.headers = {{digest_of(3), signature_of(4)}, {digest_of(5), signature_of(6)}};
  return message;
}

/// Applies each change to a fresh message; all images, the unchanged one's too, must differ.
template <class Message>
void check_all_differ(const Message& original, const std::vector<std::function<void(Message&)>>& changes) {
  std::set<Bytes> images{image_of(original)};
  for (const auto& change : changes) {
    Message changed = original;
    change(changed);
    images.insert(image_of(changed));
  }
  CHECK(images.size() == changes.size() + 1);
}

}  // namespace

TEST_CASE("images: a header is 48 bytes, little-endian: view, seq, digest") {
  const Bytes image = image_of(BatchHeader{View{0x0102}, SeqNum{0x0304}, digest_of(9)});
  Bytes expected{2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0};
  expected.insert(expected.end(), 32, 9);
  CHECK(image == expected);
}

TEST_CASE("images: a checkpoint is 40 bytes: seq, state") {
  Bytes expected{128, 0, 0, 0, 0, 0, 0, 0};
  expected.insert(expected.end(), 32, 7);
  CHECK(checkpoint_image(SeqNum{128}, digest_of(7)) == expected);
}

TEST_CASE("images: a complaint is 16 bytes: view, low watermark") {
  CHECK(complaint_image(View{2}, SeqNum{128}) == Bytes{2, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("images: every signed field of a ViewChange is covered") {
  check_all_differ<ViewChange>(view_change(),
                               {
                                   [](auto& m) { m.new_view = View{7}; },
                                   [](auto& m) { m.sender = ReplicaId{2}; },
                                   [](auto& m) { m.incarnation = 1; },
                                   [](auto& m) { m.stable.seq = SeqNum{0}; },
                                   [](auto& m) { m.stable.state = digest_of(99); },
                                   [](auto& m) { m.stable.votes[0].replica = ReplicaId{2}; },
                                   [](auto& m) { m.stable.votes[0].signature = signature_of(99); },
                                   [](auto& m) { m.stable.votes.pop_back(); },
                                   [](auto& m) { m.prepared[0].header.view = View{3}; },
                                   [](auto& m) { m.prepared[0].header.seq = SeqNum{127}; },
                                   [](auto& m) { m.prepared[0].header.digest = digest_of(99); },
                                   [](auto& m) { m.prepared[0].pre_prepare = signature_of(99); },
                                   [](auto& m) { m.prepared[0].prepares[0].replica = ReplicaId{0}; },
                                   [](auto& m) { m.prepared[0].prepares[0].signature = signature_of(99); },
                                   [](auto& m) { m.prepared[0].prepares.clear(); },
                                   [](auto& m) { m.prepared.pop_back(); },
                                   [](auto& m) { std::swap(m.prepared[0], m.prepared[1]); },
                               });
}

TEST_CASE("images: signature and digest of a ViewChange are not in its image") {
  ViewChange signed_one = view_change();
  signed_one.signature = signature_of(1);
  signed_one.digest = digest_of(1);
  CHECK(image_of(signed_one) == image_of(view_change()));
}

TEST_CASE("images: every signed field of a NewView is covered") {
  check_all_differ<NewView>(new_view(), {
                                            [](auto& m) { m.view = View{7}; },
                                            [](auto& m) { m.sources[0].replica = ReplicaId{1}; },
                                            [](auto& m) { m.sources[0].view_change = digest_of(99); },
                                            [](auto& m) { m.sources.pop_back(); },
                                            [](auto& m) { m.first = SeqNum{130}; },
                                            [](auto& m) { m.headers[0].digest = digest_of(99); },
                                            [](auto& m) { m.headers[0].signature = signature_of(99); },
                                            [](auto& m) { m.headers.pop_back(); },
                                        });
  NewView signed_one = new_view();
  signed_one.signature = signature_of(1);
  CHECK(image_of(signed_one) == image_of(new_view()));
}

TEST_CASE("digests: each covers all its arguments, in a domain of its own") {
  const ToyCrypto crypto;
  const Bytes body{1, 2, 3};
  const auto operation = [&](std::uint64_t client, std::uint64_t number, bool read_only, const Bytes& bytes) {
    return operation_digest(crypto, ClientId{client}, RequestNumber{number}, read_only, bytes);
  };
  const std::set<Digest> digests{request_digest(crypto, body),
                                 result_digest(crypto, body),
                                 operation(1, 2, false, body),
                                 operation(2, 1, false, body),
                                 operation(1, 2, true, body),
                                 operation(1, 2, false, {}),
                                 operation(1, 2, false, {0, 1, 2, 3}),
                                 open_digest(crypto, ClientId{1}, RequestNumber{2}),
                                 open_digest(crypto, ClientId{2}, RequestNumber{1}),
                                 view_change_digest(crypto, view_change())};
  CHECK(digests.size() == 10);
}

TEST_CASE("digests: a batch covers its time and its requests in their order") {
  const ToyCrypto crypto;
  auto request = [](std::uint8_t byte) {
    auto made = std::make_shared<Request>();
    made->digest = digest_of(byte);
    return RequestPtr(made);
  };
  const std::vector<RequestPtr> ab{request(1), request(2)}, ba{request(2), request(1)}, a{request(1)};
  const std::set<Digest> digests{batch_digest(crypto, {}, {}),  batch_digest(crypto, {1}, {}),
                                 batch_digest(crypto, {1}, a),  batch_digest(crypto, {1}, ab),
                                 batch_digest(crypto, {1}, ba), batch_digest(crypto, {2}, ab)};
  CHECK(digests.size() == 6);
}

}  // namespace pbft::test
