// Behaviours that show what is false at second sight only.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "adversary/behaviour.hpp"
#include "adversary/forger.hpp"
#include "core/certificates.hpp"
#include "core/images.hpp"
#include "crypto/sodium.hpp"

namespace pbft::adversary {

namespace {

using namespace std::chrono_literals;
constexpr ReplicaId self{0};

std::shared_ptr<const crypto::KeyRing> ring(const SecretKey& key) {
  auto made = std::make_shared<crypto::KeyRing>();
  made->replicas[self] = key.public_key();
  return made;
}

struct Fixture {
  const SecretKey key = SecretKey::from_seed({});
  const crypto::SodiumCrypto crypto{ring(key), self, key};
  const wire::Sealer sealer{crypto, {}};
  Forger forger{self, crypto};

  std::unique_ptr<Behaviour> make(const std::string& spec, std::uint64_t seed = 1) {
    auto made = make_behaviour(spec, {self, crypto, {}, seed});
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return *std::move(made);
  }
  static std::vector<Letter> sent(Behaviour& behaviour, const core::MessagePtr& message,
                                  Node to = ReplicaId{1}) {
    Traffic traffic;
    behaviour.on_send(0ms, {to, message, nullptr}, traffic);
    return std::move(traffic.out);
  }
  core::MessagePtr proposal_of(std::vector<core::RequestPtr> requests) {
    const core::BodyPtr body = forger.body(Timestamp{10'000'000'000}, std::move(requests));
    return share(forger.pre_prepare({View{0}, SeqNum{1}, body->digest}, body));
  }
  core::RequestPtr request() {
    return sealer.seal({ClientId{1},
                        core::RequestKind::operations,
                        RequestNumber{1},
                        RequestNumber{1},
                        {{to_bytes("x"), false}}});
  }
  /// A view-change of `sender` that tells of one certificate, at 1 in view 0.
  core::ViewChangePtr change_of(ReplicaId sender) {
    core::ViewChange change;
    change.new_view = View{4};
    change.sender = sender;
    core::PreparedCertificate certificate;
    certificate.header = {View{0}, SeqNum{1}, Digest{{7}}};
    for (std::uint32_t id : {1U, 2U}) certificate.prepares.push_back({ReplicaId{id}, {}});
    change.prepared.push_back(certificate);
    return forger.view_change(std::move(change));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "invent: a batch has one more operation in the client's name, to everybody the same") {
  const auto invent = make("invent(100%)");
  const core::MessagePtr truth = proposal_of({request()});
  const auto first = sent(*invent, truth), second = sent(*invent, truth, ReplicaId{2});
  const auto& lie = std::get<core::PrePrepare>(*first.at(0).message);
  REQUIRE(lie.body->requests.size() == 2);
  CHECK(lie.header.digest == lie.body->digest);
  CHECK(lie.body->requests[1]->client == ClientId{1});
  CHECK(lie.body->requests[1]->first == RequestNumber{2});
  CHECK(std::get<core::PrePrepare>(*second.at(0).message).header == lie.header);
}

TEST_CASE_FIXTURE(Fixture, "wrong-time: a batch is proposed an hour away") {
  const auto wrong = make("wrong-time(100%)");
  const auto out = sent(*wrong, proposal_of({request()}));
  const std::uint64_t time = std::get<core::PrePrepare>(*out.at(0).message).body->time.unix_us;
  CHECK((time == 13'600'000'000 || time == 6'400'000'000));
}

TEST_CASE_FIXTURE(Fixture, "eager: a proposal is followed by votes for it, to whom it was shown") {
  const auto out = sent(*make("eager"), proposal_of({}));
  REQUIRE(out.size() == 3);
  const core::BatchHeader header = std::get<core::PrePrepare>(*out[0].message).header;
  CHECK(std::get<core::Prepare>(*out[1].message).header == header);
  CHECK(std::get<core::Commit>(*out[2].message).header == header);
}

TEST_CASE_FIXTURE(Fixture, "bad-donor: no block leaves as it is") {
  const auto donor = make("bad-donor(100%)");
  const core::BlockPtr block = std::make_shared<const Bytes>(Bytes{1, 2, 3});
  for (int i = 0; i < 20; ++i) {
    for (const Letter& letter : sent(*donor, share(core::StateBlock{block}))) {
      CHECK(*std::get<core::StateBlock>(*letter.message).block != *block);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "old-answers: a read is answered with what an earlier one was") {
  const auto old = make("old-answers");
  std::set<Bytes> answers;
  for (std::uint8_t i = 0; i < 30; ++i) {
    core::QueryReply reply;
    reply.items.push_back({core::QueryNumber{i}, Bytes{i}});
    const auto out = sent(*old, share(std::move(reply)), ClientId{1});
    const auto& said = std::get<Bytes>(std::get<core::QueryReply>(*out.at(0).message).items.at(0).result);
    CHECK(said.at(0) <= i);
    answers.insert(said);
  }
  CHECK(answers.size() < 30);
}

TEST_CASE_FIXTURE(Fixture, "forge: a view-change is false, the same for everybody, and properly signed") {
  std::size_t false_ones = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto forge = make("forge(100%)", seed);
    const core::ViewChangePtr truth = change_of(self);
    const core::MessagePtr message = share(truth);
    const auto first = sent(*forge, message), second = sent(*forge, message, ReplicaId{2});
    const auto& lie = std::get<core::ViewChangePtr>(*first.back().message);
    CHECK(std::get<core::ViewChangePtr>(*second.back().message) == lie);
    CHECK(lie->digest == core::view_change_digest(crypto, *lie));
    CHECK(crypto.verify(core::Statement::view_change, self, core::image_of(*lie), lie->signature));
    false_ones += lie->digest != truth->digest;
  }
  CHECK(false_ones > 20);
}

TEST_CASE_FIXTURE(Fixture, "forge: a NewView follows from its sources, whatever they are") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto forge = make("forge(100%)", seed);
    std::map<Digest, core::ViewChangePtr> shown;
    for (std::uint32_t id : {1U, 2U}) sent(*forge, share(change_of(ReplicaId{id})));  // forwarded
    core::NewView truth;
    truth.view = View{4};
    const auto out = sent(*forge, share(forger.new_view(truth)));
    std::vector<core::ViewChangePtr> sources;
    for (const Letter& letter : out) {
      if (const auto* change = std::get_if<core::ViewChangePtr>(letter.message.get())) {
        shown[(*change)->digest] = *change;
      }
    }
    const auto& lie = std::get<core::NewViewPtr>(*out.back().message);
    for (const auto& source : lie->sources) sources.push_back(shown.at(source.view_change));
    const core::Choice choice = core::choose_pre_prepares(sources, forger.body(Timestamp{}, {})->digest);
    CHECK(lie->headers.size() == choice.digests.size());
  }
}

}  // namespace pbft::adversary
