// What the authenticator lets pass because somebody signed it, and the replica refuses all the same.
#include "core/replica.hpp"

#include <doctest/doctest.h>

#include "client_fixture.hpp"
#include "core/authenticator.hpp"

namespace pbft::core::test {

namespace {

AuthenticMessage authentic(Message message) {
  auto judged = Authenticator(crypto(), Quorums(4)).authenticate(std::move(message), std::nullopt);
  REQUIRE(std::holds_alternative<AuthenticMessage>(judged));
  return std::get<AuthenticMessage>(std::move(judged));
}

/// Replica 1 of four, which admits client 7.
struct Subject {
  Subject() : replica(config(), crypto(), sealer()) {
    Outputs out;
    replica.start({}, out);
  }
  static ReplicaConfig config() {
    ReplicaConfig config;
    config.id = ReplicaId{1};
    config.clients = {ClientId{7}};
    return config;
  }
  /// What it says to this message, which it must foresee; and does nothing else.
  Rejection refuses(const Identity& link, const Message& message) {
    const auto foreseen = replica.foresee(link, message);
    REQUIRE(foreseen.has_value());
    REQUIRE(foreseen->reason.has_value());
    Outputs out;
    if (const auto* from = std::get_if<ReplicaId>(&link)) {
      replica.step({{}, FromReplica{*from, authentic(message)}}, out);
    } else {
      replica.step({{}, FromClient{std::get<ClientId>(link), authentic(message)}}, out);
    }
    REQUIRE(out.size() == 1);
    const auto& report = std::get<Report>(out[0]);
    CHECK(std::get<Rejected>(report).from == link);
    CHECK(std::get<Rejected>(report).reason == *foreseen->reason);
    return *foreseen->reason;
  }

  Replica replica;
};

}  // namespace

TEST_CASE("replica: a request of a client that is not admitted is refused, whoever brings it") {
  Subject s;
  const Message stranger = RequestMessage{operations(8, 1, 1, {"x"}), 0};
  CHECK(s.refuses(ClientId{8}, stranger) == Rejection::unknown_client);
  CHECK(s.refuses(ReplicaId{2}, stranger) == Rejection::unknown_client);
}

TEST_CASE("replica: a client speaks for itself, of nothing but requests and reads") {
  Subject s;
  CHECK(s.refuses(ClientId{8}, RequestMessage{operations(7, 1, 1, {"x"}), 0}) == Rejection::wrong_link);
  CHECK(s.refuses(ClientId{7}, Status{}) == Rejection::wrong_link);
}

TEST_CASE("replica: nobody but the other replicas speaks on a replica's link") {
  Subject s;
  CHECK(s.refuses(ReplicaId{1}, Status{}) == Rejection::unknown_replica);
  CHECK(s.refuses(ReplicaId{4}, Status{}) == Rejection::unknown_replica);
}

TEST_CASE("replica: a read of a client that is not admitted is refused") {
  Subject s;
  for (const ClientId reader : {ClientId{8}, client_of(ReplicaId{2})}) {
    Outputs out;
    s.replica.step(
        {{}, FromClient{reader, authentic(Query{RequestNumber{1}, 0, {{QueryNumber{1}, Bytes{1}}}})}}, out);
    REQUIRE(out.size() == 1);
    CHECK(std::get<Rejected>(std::get<Report>(out[0])).reason == Rejection::unknown_client);
  }
}

}  // namespace pbft::core::test
