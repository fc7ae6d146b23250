// Faulty members among honest ones, on real links.
#include "faulty/faulty_replica.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "adversary/behaviour.hpp"
#include "adversary/client_behaviour.hpp"
#include "faulty/faulty_client.hpp"
#include "unit/runtime/local_cluster.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

/// Replica 0, the first primary, does as it is told; the others are honest.
struct Fixture {
  LocalCluster cluster;
  std::optional<faulty::FaultyReplica> faulty;

  Fixture() {
    // So long that a busy machine does not look like a faulty primary.
    cluster.replica_options.limits.request_timeout = std::chrono::milliseconds(500);
    auto started = faulty::FaultyReplica::start(cluster.config, cluster.replica_keys[0], *cluster.journals[0],
                                                cluster.replica_options);
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    faulty.emplace(*std::move(started));
    for (const std::uint32_t id : {1U, 2U, 3U}) cluster.start(id);
  }
  void behave(const std::string& spec) {
    const Result<void> behaves = faulty->behave(spec);
    REQUIRE_MESSAGE(behaves.has_value(), (behaves ? "" : behaves.error().message));
  }
  /// Of the honest ones: what one executed is the beginning of what any other did, and nothing twice.
  void check_histories() const {
    std::string longest;
    for (const std::uint32_t id : {1U, 2U, 3U}) {
      const std::string text = cluster.journals[id]->text();
      CHECK(text.substr(0, longest.size()) == longest.substr(0, text.size()));
      if (text.size() > longest.size()) longest = text;
    }
    std::set<std::string> seen;
    std::istringstream lines(longest);
    for (std::string line; std::getline(lines, line);) CHECK(seen.insert(line).second);
  }
};

/// A usage's text without what may be left out.
std::string shortest(const char* usage) {
  std::string text = usage;
  if (const auto from = text.find('['); from != std::string::npos) {
    text.erase(from, text.find(']') + 1 - from);
  }
  return text;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "a primary that sends each backup a different batch is replaced, and the others agree") {
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  CHECK(cluster.replicas[1]->status().view == View{0});  // so far it is honest

  behave("equivocate");
  CHECK(text_of(invoke(client, "b")) == "2");
  CHECK(text_of(invoke(client, "c")) == "3");
  for (const std::uint32_t id : {1U, 2U, 3U}) {
    CHECK(cluster.await(id, [&](const ReplicaStatus& s) { return s.view > View{0} && s.operations >= 3; }));
    CHECK(cluster.journals[id]->text() == "a\nb\nc\n");
  }
}

TEST_CASE("every behaviour of a real primary: operations complete, one history, and it can be honest again") {
  for (const adversary::Kind& kind : adversary::behaviours()) {
    const std::string behaviour = shortest(kind.usage);
    CAPTURE(behaviour);
    Fixture f;
    Client clients[] = {f.cluster.connect(0), f.cluster.connect(1)};
    CHECK(text_of(invoke(clients[0], "before")) == "1");
    f.behave(behaviour);
    for (int i = 0; i < 4; ++i) {
      CHECK(text_of(invoke(clients[i % 2], std::to_string(i))) == std::to_string(2 + i));
    }
    f.behave("honest");
    CHECK(text_of(invoke(clients[1], "after")) == "6");
    f.check_histories();
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "scenario 34: a replica that floods the others with junk is cut off, and they go on") {
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  behave("junk-flood(5MB/s)");
  CHECK(cluster.await(1, [](const ReplicaStatus& s) {
    const auto malformed = s.rejections.find("malformed");
    return malformed != s.rejections.end() && malformed->second >= 16 && s.connected_replicas == 2;
  }));
  CHECK(text_of(invoke(client, "b")) == "2");
}

TEST_CASE_FIXTURE(Fixture, "a delay is kept: no proposal arrives before it") {
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  behave("slow(40ms)");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(text_of(invoke(client, "b")) == "2");
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(40));
}

TEST_CASE_FIXTURE(Fixture, "a behaviour that there is not changes nothing; after stop() none does") {
  const Result<void> refused = faulty->behave("slo");
  REQUIRE(!refused);
  CHECK(refused.error().message.find("there is no behaviour \"slo\"") == 0);
  Client client = cluster.connect();
  CHECK(text_of(invoke(client, "a")) == "1");
  faulty->stop();
  CHECK(faulty->behave("mute").has_value());
  CHECK(text_of(invoke(client, "b")) == "2");
}

TEST_CASE("every faulty client of a real cluster: others' operations complete, and nothing executes twice") {
  for (const adversary::Kind& kind : adversary::client_behaviours()) {
    const std::string behaviour = shortest(kind.usage);
    CAPTURE(behaviour);
    Fixture f;
    faulty::FaultyClientOptions options;
    options.operation = [](std::uint64_t i) { return to_bytes("rogue " + std::to_string(i)); };
    auto rogue = faulty::FaultyClient::start(f.cluster.config, f.cluster.client_keys[1], options);
    REQUIRE(rogue.has_value());
    Client client = f.cluster.connect(0);
    CHECK(text_of(invoke(client, "before")) == "1");
    CHECK(!rogue->behave("nonsense"));
    REQUIRE(rogue->behave(behaviour).has_value());
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    for (int i = 0; i < 10 || std::chrono::steady_clock::now() < end; ++i) {
      CHECK(invoke(client, "x" + std::to_string(i)).has_value());
    }
    CHECK((rogue->counts().frames_sent > 0) == (behaviour != "idle"));
    rogue->stop();
    f.check_histories();
  }
}
