// Who may say what: nothing passes that its named signer did not sign.
#include "core/authenticator.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>

#include "core/images.hpp"
#include "unit/wire/toy_crypto.hpp"

namespace pbft::test {

using namespace core;

namespace {

const ToyCrypto crypto;
const Authenticator authenticator(crypto, Quorums(4));

Signature by(const Identity& signer, Statement statement, BytesView image) {
  return ToyCrypto::signature_of(signer, statement, image);
}

bool passes(Message message) {
  return std::holds_alternative<AuthenticMessage>(authenticator.authenticate(std::move(message)));
}
Message authentic(Message message) {
  auto verdict = authenticator.authenticate(std::move(message));
  REQUIRE(std::holds_alternative<AuthenticMessage>(verdict));
  return std::get<AuthenticMessage>(std::move(verdict)).take();
}
std::string refusal(Message message) {
  const auto verdict = authenticator.authenticate(std::move(message));
  const auto* reason = std::get_if<Rejection>(&verdict);
  return reason != nullptr ? name_of(*reason) : "none";
}

RequestPtr request(ClientId client, const Identity& signer) {
  auto made = std::make_shared<Request>();
  made->client = client;
  made->payload = {1, 2, 3};
  made->signature = by(signer, Statement::request, made->payload);
  return made;
}
RequestPtr request(ClientId client) { return request(client, client); }

BodyPtr body(std::vector<RequestPtr> requests, bool claimed = false) {
  auto made = std::make_shared<Body>();
  made->requests = std::move(requests);
  made->requests_authentic = claimed;
  return made;
}

const BatchHeader header{View{6}, SeqNum{1}, {}};  // its primary is replica 2

PrePrepare pre_prepare(ReplicaId signer, BodyPtr carried = nullptr) {
  return {header, by(signer, Statement::pre_prepare, image_of(header)), std::move(carried)};
}

ViewChangePtr view_change(ReplicaId sender, ReplicaId signer) {
  auto made = std::make_shared<ViewChange>();
  made->new_view = View{7};
  made->sender = sender;
  made->signature = by(signer, Statement::view_change, image_of(*made));
  return made;
}

NewViewPtr new_view(ReplicaId signer) {
  auto made = std::make_shared<NewView>();
  made->view = View{6};
  made->signature = by(signer, Statement::new_view, image_of(*made));
  return made;
}

template <class Kind>
Kind vote(Statement statement, ReplicaId sender, ReplicaId signer) {
  return {{header, sender, by(signer, statement, image_of(header))}};
}

Checkpoint checkpoint(ReplicaId sender, ReplicaId signer) {
  return {SeqNum{128}, {}, sender, by(signer, Statement::checkpoint, checkpoint_image(SeqNum{128}, {}))};
}

}  // namespace

TEST_CASE("authenticator: a request is its client's, whoever brings it") {
  CHECK(passes(RequestMessage{request(ClientId{1}), 0}));
  CHECK(refusal(RequestMessage{request(ClientId{1}, ClientId{2}), 0}) == "bad_signature");
  CHECK(refusal(RequestMessage{request(ClientId{9}), 0}) == "bad_signature");
}

TEST_CASE("authenticator: votes are their sender's") {
  CHECK(passes(vote<Prepare>(Statement::prepare, ReplicaId{1}, ReplicaId{1})));
  CHECK(passes(vote<Commit>(Statement::commit, ReplicaId{1}, ReplicaId{1})));
  CHECK(passes(checkpoint(ReplicaId{1}, ReplicaId{1})));
  CHECK(refusal(vote<Prepare>(Statement::prepare, ReplicaId{1}, ReplicaId{2})) == "bad_signature");
  CHECK(refusal(vote<Commit>(Statement::commit, ReplicaId{1}, ReplicaId{2})) == "bad_signature");
  CHECK(refusal(checkpoint(ReplicaId{1}, ReplicaId{2})) == "bad_signature");
}

TEST_CASE("authenticator: a commit that its sender brings itself is not checked, and marked so") {
  const ReplicaId one{1}, two{2};
  const auto brought_by = [](const Identity& link, Message message) {
    auto verdict = authenticator.authenticate(std::move(message), link);
    const auto* passed = std::get_if<AuthenticMessage>(&verdict);
    return passed ? std::optional(std::get<Commit>(passed->get()).is_signed) : std::nullopt;
  };
  const Commit good = vote<Commit>(Statement::commit, one, one),
               bad = vote<Commit>(Statement::commit, one, two);
  CHECK(brought_by(one, good) == Vote::Signed::unchecked);
  CHECK(brought_by(one, bad) == Vote::Signed::unchecked);
  CHECK(brought_by(two, good) == Vote::Signed::checked);
  CHECK(brought_by(two, bad) == std::nullopt);
  CHECK(brought_by(ClientId{1}, bad) == std::nullopt);
  const auto prepare = authenticator.authenticate(vote<Prepare>(Statement::prepare, one, two), one);
  CHECK(std::holds_alternative<Rejection>(prepare));
}

TEST_CASE("scenario 27: authenticator: a signed statement does not pass for one of another type") {
  CHECK(refusal(vote<Commit>(Statement::prepare, ReplicaId{1}, ReplicaId{1})) == "bad_signature");
  CHECK(refusal(vote<Prepare>(Statement::commit, ReplicaId{1}, ReplicaId{1})) == "bad_signature");
  CHECK(refusal(vote<Prepare>(Statement::pre_prepare, ReplicaId{2}, ReplicaId{2})) == "bad_signature");
}

TEST_CASE("authenticator: nobody outside the cluster is asked for a signature") {
  const ReplicaId stranger{4};
  CHECK(refusal(vote<Prepare>(Statement::prepare, stranger, stranger)) == "unknown_replica");
  CHECK(refusal(vote<Commit>(Statement::commit, stranger, stranger)) == "unknown_replica");
  CHECK(refusal(checkpoint(stranger, stranger)) == "unknown_replica");
  CHECK(refusal(view_change(stranger, stranger)) == "unknown_replica");
}

TEST_CASE("authenticator: pre-prepare and new-view come from the primary of their view") {
  CHECK(passes(pre_prepare(ReplicaId{2})));
  CHECK(passes(new_view(ReplicaId{2})));
  for (const std::uint32_t other : {0U, 1U, 3U}) {
    CHECK(refusal(pre_prepare(ReplicaId{other})) == "bad_signature");
    CHECK(refusal(new_view(ReplicaId{other})) == "bad_signature");
  }
}

TEST_CASE("authenticator: a changed field breaks the signature") {
  PrePrepare message = pre_prepare(ReplicaId{2});
  message.header.seq = SeqNum{2};
  CHECK(refusal(message) == "bad_signature");
  auto changed = std::make_shared<NewView>(*new_view(ReplicaId{2}));
  changed->first = SeqNum{5};
  CHECK(refusal(NewViewPtr(changed)) == "bad_signature");
}

TEST_CASE("authenticator: a view-change is its sender's and gets its digest") {
  const ViewChangePtr received = view_change(ReplicaId{3}, ReplicaId{3});
  const auto checked = std::get<ViewChangePtr>(authentic(received));
  CHECK(checked->digest == view_change_digest(crypto, *received));
  CHECK(received->digest == Digest{});  // shared values do not change
  CHECK(refusal(view_change(ReplicaId{3}, ReplicaId{2})) == "bad_signature");
}

TEST_CASE(
    "authenticator: a body says whether all of its requests are authentic, and is never refused for it") {
  const RequestPtr good = request(ClientId{1}), also_good = request(ClientId{2});
  const RequestPtr forged = request(ClientId{1}, ClientId{2}), unknown = request(ClientId{9});
  const auto judged = [](std::vector<RequestPtr> requests, bool claimed) {
    const Message proposal = authentic(pre_prepare(ReplicaId{2}, body(requests, claimed)));
    const Message fetched = authentic(BodyMessage{SeqNum{1}, body(requests, claimed)});
    const bool verdict = std::get<PrePrepare>(proposal).body->requests_authentic;
    CHECK(std::get<BodyMessage>(fetched).body->requests_authentic == verdict);
    CHECK(std::get<BodyMessage>(fetched).body->requests == requests);
    return verdict;
  };
  for (const bool claimed : {false, true}) {
    CHECK(judged({}, claimed));
    CHECK(judged({good, also_good}, claimed));
    CHECK_FALSE(judged({good, forged}, claimed));
    CHECK_FALSE(judged({unknown, good}, claimed));
  }
}

TEST_CASE("authenticator: claims without a signature are left to link and core") {
  CHECK(passes(CheckpointProof{}));
  CHECK(passes(Reply{}));
  CHECK(passes(Status{}));
  CHECK(passes(FetchBody{}));
  CHECK(passes(FetchViewChange{ReplicaId{9}, {}}));
  CHECK(passes(FetchState{SeqNum{128}, {Digest{}}}));
  CHECK(passes(StateBlock{std::make_shared<const Bytes>(1)}));
}

TEST_CASE("rejections: every reason has a name of its own") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < rejection_count; ++i) names.insert(name_of(static_cast<Rejection>(i)));
  CHECK(names.size() == rejection_count);
  CHECK_FALSE(names.contains("unknown"));
  CHECK(name_of(static_cast<Rejection>(rejection_count)) == std::string("unknown"));
}

TEST_CASE("authenticator: a request with tags needs the right one for us") {
  auto made = std::make_shared<Request>();
  made->client = ClientId{1};
  made->proof = Proof::tags;
  made->digest.bytes.fill(7);
  for (std::uint32_t id = 0; id < 4; ++id) {
    made->tags.push_back(ToyCrypto::tag_of(ClientId{1}, ReplicaId{id}, made->digest));
  }
  CHECK(passes(RequestMessage{made, 0}));
  std::swap(made->tags[1], made->tags[2]);  // others' are no affair of ours
  CHECK(passes(RequestMessage{made, 0}));
  std::swap(made->tags[0], made->tags[1]);
  CHECK(refusal(RequestMessage{made, 0}) == "wrong_tag");
  made->tags.clear();
  CHECK(refusal(RequestMessage{made, 0}) == "wrong_tag");
}

TEST_CASE("authenticator: it judges each tag of an introduction, and of a batch the signatures that it has") {
  auto made = std::make_shared<Request>();
  made->client = ClientId{1};
  made->proof = Proof::none;
  made->digest.bytes.fill(7);
  const Tag right = ToyCrypto::tag_of(ClientId{1}, ReplicaId{0}, made->digest);
  const Tag wrong = ToyCrypto::tag_of(ClientId{1}, ReplicaId{1}, made->digest);
  const auto judged =
      std::get<Introduction>(authentic(Introduction{View{}, 1, {{made, right, false}, {made, wrong, true}}}));
  CHECK(judged.items[0].authentic);
  CHECK_FALSE(judged.items[1].authentic);

  const auto authentic_body = [](std::vector<RequestPtr> requests) {
    return std::get<BodyMessage>(authentic(BodyMessage{SeqNum{1}, body(std::move(requests))}))
        .body->requests_authentic;
  };
  CHECK(authentic_body({made, request(ClientId{2})}));
  CHECK_FALSE(authentic_body({made, request(ClientId{2}, ClientId{1})}));
}

}  // namespace pbft::test
