#include "core/lobby.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "client_fixture.hpp"
#include "core/vouched.hpp"

namespace pbft::core::test {

namespace {

constexpr std::size_t plenty = 1024 * 1024;

RequestPtr tagged(std::uint64_t client, std::uint64_t number, std::size_t bytes = 1) {
  RequestDraft draft{
      ClientId{client}, RequestKind::operations, RequestNumber{number}, RequestNumber{number}, {}};
  draft.items.push_back({Bytes(bytes), false});
  return sealer().seal_with_tags(draft);
}

/// With f = 1.
struct Fixture {
  ~Fixture() { lobby.invariants(); }
  std::uint64_t introduce(std::size_t max_requests = 100) {
    const auto draw = lobby.draw(plenty, max_requests);
    lobby.invariants();
    REQUIRE(draw);
    return draw->number;
  }
  std::size_t vouch(std::uint32_t by, std::uint64_t number, const std::vector<RequestPtr>& requests) {
    std::vector<Digest> digests;
    for (const RequestPtr& request : requests) digests.push_back(request->digest);
    const std::size_t ready = lobby.vouch(ReplicaId{by}, number, digests).size();
    lobby.invariants();
    return ready;
  }
  void age() {
    for (std::uint32_t i = 0; i < Lobby::max_ticks; ++i) {
      CHECK(lobby.size() > 0);
      lobby.tick();
      lobby.invariants();
    }
  }
  Lobby lobby{2, plenty};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "lobby: a request leaves when enough different backups vouch for it, and once") {
  const RequestPtr a = tagged(1, 1), b = tagged(2, 1);
  CHECK(lobby.add(a) == Lobby::Added::added);
  CHECK(lobby.add(tagged(1, 1)) == Lobby::Added::known);
  CHECK(lobby.add(b) == Lobby::Added::added);
  const std::uint64_t number = introduce();
  CHECK(vouch(1, number, {a, b}) == 0);
  CHECK(vouch(1, number, {a, a}) == 0);
  CHECK(vouch(2, number + 1, {a}) == 0);
  CHECK(vouch(2, number, {a, tagged(9, 9)}) == 1);
  CHECK(vouch(3, number, {a}) == 0);
  CHECK(lobby.size() == 1);
  CHECK(vouch(3, number, {b}) == 1);
  CHECK(lobby.size() == 0);
}

TEST_CASE_FIXTURE(Fixture, "lobby: what comes while introductions are unanswered gathers for the next one") {
  for (std::uint64_t i = 1; i <= 2; ++i) {
    lobby.add(tagged(1, i));
    introduce();
  }
  lobby.add(tagged(1, 3));
  lobby.add(tagged(1, 4));
  CHECK_FALSE(lobby.draw(plenty, 100));
  CHECK(vouch(1, 1, {}) == 0);
  CHECK_FALSE(lobby.draw(plenty, 100));
  CHECK(vouch(2, 1, {}) == 0);  // a no is an answer
  const auto draw = lobby.draw(plenty, 100);
  REQUIRE(draw);
  CHECK(draw->requests.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "lobby: clients take turns, within the bounds of a batch") {
  for (std::uint64_t i = 1; i <= 10; ++i) lobby.add(tagged(1, i, 100));
  lobby.add(tagged(2, 1, 100));
  lobby.add(tagged(3, 1, 100));
  auto draw = lobby.draw(plenty, 3);
  REQUIRE(draw);
  std::set<ClientId> clients;
  for (const RequestPtr& request : draw->requests) clients.insert(request->client);
  CHECK(clients.size() == 3);
  draw = lobby.draw(2 * tagged(1, 1, 100)->payload.size(), 100);
  REQUIRE(draw);
  CHECK(draw->requests.size() == 2);
  age();
  draw = lobby.draw(1, 100);
  REQUIRE(draw);
  CHECK(draw->requests.size() == 1);  // the first fits always
}

TEST_CASE_FIXTURE(Fixture, "lobby: a client fills its own share only, and what found nobody leaves") {
  std::uint64_t number = 0;
  while (lobby.add(tagged(1, ++number)) == Lobby::Added::added) {
  }
  CHECK(number == Lobby::max_per_client + 1);
  CHECK(lobby.add(tagged(2, 1)) == Lobby::Added::added);
  introduce(100);
  CHECK(lobby.add(tagged(1, number)) == Lobby::Added::full);
  age();
  CHECK(lobby.add(tagged(1, number)) == Lobby::Added::added);

  Lobby small(2, 1000);
  CHECK(small.add(tagged(1, 1, 600)) == Lobby::Added::added);
  CHECK(small.add(tagged(1, 2, 600)) == Lobby::Added::full);
}

TEST_CASE_FIXTURE(Fixture, "lobby: all leave when the view is over") {
  lobby.add(tagged(1, 1));
  const std::uint64_t number = introduce();
  lobby.add(tagged(1, 2));
  CHECK(lobby.clear().size() == 2);
  CHECK(lobby.size() == 0);
  CHECK(vouch(1, number, {tagged(1, 1)}) == 0);
  CHECK(vouch(2, number, {tagged(1, 1)}) == 0);
}

TEST_CASE("vouched: only what is done is forgotten") {
  ClientTable table({}, {ClientId{1}});
  Vouched vouched;
  std::uint64_t number = 0;
  while (vouched.add(*tagged(1, number + 1), table)) ++number;
  CHECK(number == Vouched::max_per_client);
  CHECK(vouched.add(*tagged(1, 1), table));  // known
  CHECK(vouched.contains(*tagged(1, 1)));
  CHECK_FALSE(vouched.contains(*tagged(1, number + 1)));

  // Executing a request that says so voids what lies below.
  table.begin(*tagged(1, 10), {SeqNum{1}, {}}, crypto());
  CHECK(vouched.add(*tagged(1, number + 1), table));
  CHECK_FALSE(vouched.contains(*tagged(1, 9)));
  CHECK(table.is_done(*tagged(1, 9)));
  CHECK(vouched.contains(*tagged(1, 11)));
  CHECK(vouched.size() == number + 1 - 9);
  vouched.drop(*tagged(1, 11));
  CHECK_FALSE(vouched.contains(*tagged(1, 11)));
}

}  // namespace pbft::core::test
