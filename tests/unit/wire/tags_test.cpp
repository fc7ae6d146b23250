// Requests with tags and without proof: where they may travel, and what of them.
#include <doctest/doctest.h>

#include <memory>

#include "core/images.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

struct Fixture {
  const RequestPtr tagged = some_tagged_request(ClientId{2}, RequestNumber{9});

  RequestPtr with(std::vector<Tag> tags) const {
    auto request = std::const_pointer_cast<Request>(without_proof(*tagged));
    request->proof = Proof::tags;
    request->tags = std::move(tags);
    return request;
  }
};

}  // namespace

TEST_CASE_FIXTURE(
    Fixture,
    "tags: the client makes one for each replica, over the digest, and it is the same request signed") {
  REQUIRE(tagged->tags.size() == 4);
  for (std::uint32_t id = 0; id < 4; ++id) {
    CHECK(ToyCrypto(ReplicaId{id}).holds(tagged->tags[id], ClientId{2}, tagged->digest));
    CHECK(ToyCrypto(ReplicaId{id}).ours(tagged->tags) == &tagged->tags[id]);
  }
  const ToyCrypto client(ClientId{2});
  const RequestPtr same = wire::Sealer(client, {}).sign(*tagged);
  REQUIRE(same);
  CHECK(same->proof == Proof::signature);
  CHECK(same->digest == tagged->digest);
  CHECK(same->payload == tagged->payload);
  CHECK(client.verify(Statement::request, ClientId{2}, same->payload, same->signature));
}

TEST_CASE_FIXTURE(Fixture, "tags: there is one for each replica, no more and no less") {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{5}, std::size_t{64}}) {
    const RequestPtr odd = with(std::vector<Tag>(count, some_tag(1)));
    CHECK(must_refuse(wire::encode(RequestMessage{odd, 0})) == Rejection::malformed);
  }
  wire::DecodeLimits seven;
  seven.replicas = 7;
  CHECK(must_refuse(wire::encode(RequestMessage{tagged, 0}), seven) == Rejection::malformed);
}

TEST_CASE_FIXTURE(Fixture, "tags: a request on its own proves itself, and one in a batch shows no tags") {
  CHECK(must_refuse(wire::encode(RequestMessage{without_proof(*tagged), 0})) == Rejection::malformed);
  const auto message =
      std::get<BodyMessage>(must_decode(wire::encode(BodyMessage{SeqNum{1}, some_body({tagged})})));
  const Request& in_batch = *message.body->requests.at(0);
  CHECK(in_batch.proof == Proof::none);
  CHECK(in_batch.tags.empty());
  CHECK(in_batch.digest == tagged->digest);
  CHECK(message.body->digest == some_body({tagged})->digest);
}

TEST_CASE_FIXTURE(Fixture,
                  "tags: an introduction is not empty, keeps the limits of a batch, and judges nothing") {
  CHECK(must_refuse(wire::encode(Introduction{View{1}, 1, {}})) == Rejection::malformed);
  const Introduction::Item item{without_proof(*tagged), tagged->tags[1], true};
  const Introduction two{View{1}, 1, {item, item}};
  CHECK_FALSE(std::get<Introduction>(must_decode(wire::encode(two))).items[0].authentic);
  wire::DecodeLimits limits;
  limits.agreed.max_batch_requests = 1;
  CHECK(must_refuse(wire::encode(two), limits) == Rejection::too_large);
  limits = {};
  limits.agreed.max_batch_bytes = 2 * tagged->payload.size() - 1;
  CHECK(must_refuse(wire::encode(two), limits) == Rejection::too_large);
  CHECK(must_refuse(wire::encode(Vouch{View{1}, 1, std::vector<Digest>(2049, some_digest(1))})) ==
        Rejection::malformed);
}

TEST_CASE("tags: what needs no signature to check is seen at a glance") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.name);
    const bool expected = std::holds_alternative<Introduction>(sample.message) ||
                          std::holds_alternative<Vouch>(sample.message) || sample.name == "request with tags";
    const Bytes frame = wire::encode(sample.message);
    CHECK(wire::has_no_signature(frame) == expected);
    for (std::size_t size = 0; size < std::min<std::size_t>(frame.size(), 200); ++size) {
      wire::has_no_signature(BytesView(frame).first(size));  // a part of it does no harm
    }
  }
  CHECK_FALSE(wire::has_no_signature(Bytes(128, 0xff)));
}

}  // namespace pbft::test
