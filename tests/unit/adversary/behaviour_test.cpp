// Texts, what they are refused for, and what the behaviours do to one message.
#include "adversary/behaviour.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "adversary/client_behaviour.hpp"
#include "adversary/forger.hpp"
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
  Forger forger{self, crypto};

  std::unique_ptr<Behaviour> make(const std::string& spec, std::uint64_t seed = 1) {
    auto made = make_behaviour(spec, {self, crypto, {}, seed});
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return *std::move(made);
  }
  std::string error(const std::string& spec) {
    const auto made = make_behaviour(spec, {self, crypto, {}, 1});
    return made ? "" : made.error().message;
  }
  core::MessagePtr proposal() {
    const core::BodyPtr body = forger.body(Timestamp{7}, {});
    return share(forger.pre_prepare({View{0}, SeqNum{1}, body->digest}, body));
  }
};

std::size_t sent(Behaviour& behaviour, Instant now, const Node& to, const core::MessagePtr& message) {
  Traffic traffic;
  behaviour.on_send(now, {to, message, nullptr}, traffic);
  return traffic.out.size();
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "every usage without its brackets is understood") {
  for (const Kind& kind : behaviours()) {
    std::string text;
    bool optional = false;
    for (const char* c = kind.usage; *c != 0; ++c) {
      if (*c == '[' || *c == ']') {
        optional = *c == '[';
      } else if (!optional) {
        text += *c;
      }
    }
    CHECK(error(text).empty());
    CHECK(error(" " + text + " + " + text).empty());
  }
}

TEST_CASE_FIXTURE(Fixture, "what is not understood is named, with the remedy") {
  CHECK(error("slw(10ms)").find("there is no behaviour \"slw\"; there are honest, mute, partition") == 0);
  CHECK(error("slow(ten)") ==
        "slow: \"ten\" is not a time such as 500us, 10ms or 2s; write it as slow[(10ms)]");
  CHECK(error("slow(2h)") ==
        "slow: \"2h\" is not a time such as 500us, 10ms or 2s; write it as slow[(10ms)]");
  CHECK(error("slow(61s)") == "slow: \"61s\" is not at most 60s; write it as slow[(10ms)]");
  CHECK(error("slow(-1s)") ==
        "slow: \"-1s\" is not a time such as 500us, 10ms or 2s; write it as slow[(10ms)]");
  CHECK(error("slow(1ms 2ms)") == "slow: \"2ms\" is one argument too many; write it as slow[(10ms)]");
  CHECK(error("drop(120%)") == "drop: \"120%\" is not at most 100%; write it as drop[(20%)]");
  CHECK(error("mute(4)") == "mute: \"4\" is not the id of a replica, 0 to 3; write it as mute[(1 2)]");
  CHECK(error("starve(2)") == "starve: \"2\" is not a client such as client 2; write it as starve(client 2)");
  CHECK(error("junk-flood(5)") ==
        "junk-flood: \"5\" is not a rate such as 5MB/s; write it as junk-flood[(1MB/s)]");
  CHECK(error("") == "\"\" lacks a name");
  CHECK(error("mute+") == "\"mute+\" lacks a name on one side of a \"+\"");
  CHECK(error("slow(1ms") == "\"slow(1ms\" is not of the form name(argument ...)");
  CHECK(error("slow)") == "\"slow)\" has a \")\" without a \"(\"");
}

TEST_CASE_FIXTURE(Fixture, "what a faulty client shall do is refused in the same way") {
  const FaultyClientSelf client{ClientId{1}, crypto, {}, 1, RequestNumber{1}, nullptr};
  const auto made = make_client_behaviour("strom", client);
  REQUIRE(!made);
  CHECK(made.error().message.find("there is no behaviour of clients \"strom\"; there are idle, conflict") ==
        0);
}

TEST_CASE_FIXTURE(Fixture, "what is held leaves when its time has come, in order, and not before") {
  const auto slow = make("slow(10ms)");
  CHECK(!slow->next());
  CHECK(sent(*slow, 100ms, ReplicaId{1}, proposal()) == 0);
  CHECK(sent(*slow, 101ms, ReplicaId{2}, proposal()) == 0);
  CHECK(sent(*slow, 102ms, ReplicaId{1}, share(forger.commit({}))) == 1);  // no proposal
  CHECK(slow->next() == Instant(110ms));
  Traffic early, due;
  slow->on_time(109ms, early);
  CHECK(early.out.empty());
  slow->on_time(110ms, due);
  REQUIRE(due.out.size() == 1);
  CHECK(due.out[0].to == Node(ReplicaId{1}));
  CHECK(slow->next() == Instant(111ms));
}

TEST_CASE_FIXTURE(Fixture,
                  "what one behaviour lets pass, or says when its time has come, goes through the next") {
  const auto both = make("delay(10ms)+mute(2)");
  CHECK(sent(*both, 0ms, ReplicaId{1}, proposal()) == 0);
  CHECK(sent(*both, 0ms, ReplicaId{2}, proposal()) == 0);
  CHECK(both->next() == Instant(10ms));
  Traffic due;
  both->on_time(10ms, due);
  REQUIRE(due.out.size() == 1);
  CHECK(due.out[0].to == Node(ReplicaId{1}));
}

TEST_CASE_FIXTURE(Fixture,
                  "two faces: the deceived see another batch, with a signature and votes that go with it") {
  const auto faces = make("equivocate(2)");
  const core::MessagePtr truth = proposal();
  Traffic traffic;
  for (unsigned to : {1U, 2U}) faces->on_send(0ms, {ReplicaId{to}, truth, nullptr}, traffic);
  REQUIRE(traffic.out.size() == 2);
  CHECK(traffic.out[0].message == truth);
  const auto& lie = std::get<core::PrePrepare>(*traffic.out[1].message);
  const auto& header = std::get<core::PrePrepare>(*truth).header;
  CHECK(lie.header.digest != header.digest);
  CHECK(lie.header.digest == lie.body->digest);
  CHECK(crypto.verify(core::Statement::pre_prepare, self, core::image_of(lie.header), lie.signature));

  Traffic votes;
  faces->on_send(0ms, {ReplicaId{2}, share(forger.commit(header)), nullptr}, votes);
  CHECK(std::get<core::Commit>(*votes.out.at(0).message).header == lie.header);
}

TEST_CASE_FIXTURE(Fixture,
                  "a flood keeps its rate, and after a standstill makes up for a tenth of a second only") {
  const auto flood = make("valid-flood(1000/s)");
  Traffic start, second, late;
  flood->on_time(1s, start);
  for (Instant now = 1s; now <= 2s; now += 5ms) flood->on_time(now, second);
  flood->on_time(60s, late);
  CHECK(start.out.empty());
  CHECK(second.out.size() >= 3 * 999);
  CHECK(second.out.size() <= 3 * 1001);
  CHECK(late.out.size() <= 3 * 101);
}

TEST_CASE_FIXTURE(Fixture, "equal seeds, equal choices") {
  for (const std::string spec : {"drop(50%)", "mutate(50%)", "junk-flood(1MB/s)", "stale-view(100/s)"}) {
    CAPTURE(spec);
    Traffic traffic[3];
    const std::uint64_t seeds[] = {7, 7, 8};
    for (int run = 0; run < 3; ++run) {
      const auto behaviour = make(spec, seeds[run]);
      for (Instant now = 0ms; now < 1s; now += 10ms) {
        behaviour->on_send(now, {ReplicaId{1}, share(forger.commit({View{0}, SeqNum{1}, {}})), nullptr},
                           traffic[run]);
        behaviour->on_time(now, traffic[run]);
      }
    }
    const auto bytes_of = [](const Traffic& all) {
      Bytes bytes;
      for (const Letter& letter : all.out) {
        const Bytes frame = letter.message ? wire::encode(*letter.message) : *letter.frame;
        bytes.insert(bytes.end(), frame.begin(), frame.end());
      }
      return bytes;
    };
    CHECK(bytes_of(traffic[0]) == bytes_of(traffic[1]));
    CHECK(bytes_of(traffic[0]) != bytes_of(traffic[2]));
  }
}

}  // namespace pbft::adversary
