// When a client uses tags, and when it signs.
#include <doctest/doctest.h>

#include <algorithm>

#include "client_fixture.hpp"

namespace pbft::core::test {

namespace {

constexpr ClientId self{7};

struct Subject {
  explicit Subject(std::uint32_t broadcast_share = 0) : client(config(broadcast_share), crypto(), sealer()) {
    ClientOutputs out;
    client.start({now, {}}, out);
    take(out);
    answer();
    REQUIRE(client.is_open());
  }
  static ClientConfig config(std::uint32_t broadcast_share) {
    ClientConfig made;
    made.id = self;
    made.incarnation = RequestNumber{1000};
    made.limits.broadcast_share = broadcast_share;
    made.use_tags = true;
    return made;
  }
  void take(ClientOutputs& out) {
    client.invariants();
    for (const ClientOutput& output : out) {
      if (const auto* send = std::get_if<SendRequest>(&output)) {
        last = std::get<RequestMessage>(*send->message).request;
        to = send->to.size();
      } else if (const auto* timer = std::get_if<SetClientTimer>(&output)) {
        deadline = timer->at;
      }
    }
  }
  void step(ClientEvent event) {
    ClientOutputs out;
    client.step({{now, {}}, std::move(event)}, out);
    take(out);
  }
  /// The proof of what it sends for a new operation.
  Proof submit() {
    step(Submit{{{++ticket, to_bytes("x"), false}}});
    return last->proof;
  }
  /// Nobody answers before the next retry.
  void miss() {
    now = deadline;
    step(ClientTimerFired{});
  }
  void answer() {
    const RequestPtr request = last;
    const Digest operation =
        request->kind == RequestKind::open
            ? open_digest(crypto(), self, request->first)
            : operation_digest(crypto(), self, request->first, false, request->items[0].body);
    for (std::uint32_t replica = 0; replica < 2; ++replica) {
      step(FromReplicaReply{ReplicaId{replica},
                            Reply{{}, {}, self, {{request->first, operation, Outcome::executed, Bytes{1}}}}});
    }
  }

  Instant now{}, deadline{};
  Client client;
  RequestPtr last;
  std::size_t to = 0;
  std::uint64_t ticket = 0;
};

}  // namespace

TEST_CASE("client with tags: its open is signed, its operations go to the primary with tags") {
  Subject subject;
  CHECK(subject.last->proof == Proof::signature);
  CHECK(subject.submit() == Proof::tags);
  CHECK(subject.to == 1);
}

TEST_CASE("client with tags: what goes to all at once is signed") {
  Subject subject(3);
  std::size_t to_all = 0;
  for (int i = 0; i < 60; ++i) {
    const Proof proof = subject.submit();
    CHECK((proof == Proof::signature) == (subject.to == 4));
    to_all += subject.to == 4 ? 1 : 0;
    subject.answer();
  }
  CHECK(to_all > 0);
  CHECK(to_all < 60);
}

TEST_CASE("client with tags: it retries the same request signed, and signs for a while") {
  Subject subject;
  CHECK(subject.submit() == Proof::tags);
  const RequestPtr first = subject.last;
  subject.miss();
  CHECK(subject.last->proof == Proof::signature);
  CHECK(subject.last->digest == first->digest);
  CHECK(subject.to == 4);
  subject.answer();
  CHECK(subject.submit() == Proof::signature);
  CHECK(subject.to == 1);
  subject.answer();
  subject.now += std::chrono::seconds(1);
  CHECK(subject.submit() == Proof::tags);
  subject.answer();
}

TEST_CASE("client with tags: it signs twice as long each time that they fail again, until they do not") {
  Subject subject;
  for (const int seconds : {1, 2, 4, 8, 16, 32, 60, 60}) {
    CAPTURE(seconds);
    CHECK(subject.submit() == Proof::tags);
    subject.miss();
    subject.answer();
    subject.now += std::chrono::seconds(seconds) - std::chrono::milliseconds(1);
    CHECK(subject.submit() == Proof::signature);
    subject.answer();
    subject.now += std::chrono::milliseconds(1);
  }
  CHECK(subject.submit() == Proof::tags);
  subject.answer();
  CHECK(subject.submit() == Proof::tags);
  subject.miss();
  subject.answer();
  subject.now += std::chrono::seconds(1);
  CHECK(subject.submit() == Proof::tags);
}

TEST_CASE("tags: who has no keys for them makes none that hold, and believes none") {
  const Tag made = crypto().tag(ReplicaId{1}, Digest{});
  CHECK(crypto().ours({made, made, made, made}) == nullptr);
  CHECK_FALSE(crypto().holds(made, self, Digest{}));
}

}  // namespace pbft::core::test
