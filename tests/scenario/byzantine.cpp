// Every behaviour of lib/adversary, on a primary and on a backup, and every faulty client.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scenario/fixture.hpp"

namespace pbft {

namespace {

constexpr Duration timeout = ms(250);  // the default; clients of these tests repeat a request after 200 ms

ClusterOptions with(std::uint32_t clients, std::uint32_t rogue_clients = 0) {
  ClusterOptions options;
  options.clients = clients;
  options.rogue_clients = rogue_clients;
  options.client_limits.retry_timeout = ms(200);
  options.agreed.checkpoint_interval = 8;
  return options;
}

/// The texts that a usage stands for: without what is in brackets, and with it.
std::vector<std::string> texts_of(const std::string& usage) {
  std::string bare, full;
  bool optional = false;
  for (char c : usage) {
    if (c == '[' || c == ']') {
      optional = c == '[';
      continue;
    }
    full += c;
    if (!optional) bare += c;
  }
  if (bare == full) return {bare};
  return {bare, full};
}

std::vector<std::string> texts_of(const std::vector<adversary::Kind>& kinds) {
  std::vector<std::string> all;
  for (const adversary::Kind& kind : kinds) {
    for (const std::string& text : texts_of(kind.usage)) all.push_back(text);
  }
  return all;
}

/// How many messages of a kind a replica sends, as they leave it.
template <class T>
std::shared_ptr<std::size_t> count(Cluster& cluster, int from) {
  auto count = std::make_shared<std::size_t>(0);
  cluster.network().watch<T>([count](const T&) { ++*count; }).from(from);
  return count;
}

/// Each client one operation, `rounds` times; the longest that one took.
Duration serve(Cluster& cluster, std::size_t clients, int rounds) {
  Duration longest{};
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < clients; ++i) cluster.client(i).send("x" + std::to_string(round));
    cluster.run_until_answered();
    for (std::size_t i = 0; i < clients; ++i) {
      CHECK(cluster.client(i).last().is_ok());
      longest = std::max(longest, cluster.client(i).last().latency());
    }
    cluster.run_for(10ms);
  }
  return longest;
}

}  // namespace

TEST_CASE("every behaviour, on the primary or on a backup: every operation completes in bounded time") {
  for (const std::string& behaviour : texts_of(adversary::behaviours())) {
    for (std::uint32_t faulty : {0U, 3U}) {
      CAPTURE(behaviour);
      CAPTURE(faulty);
      Cluster cluster(with(2));
      cluster.replica(faulty).corrupt(behaviour);
      CHECK(serve(cluster, 2, 40) <= 4 * timeout);
      // A faulty backup harms nobody while it is one.
      if (faulty == 3) CHECK(cluster.replicas(0, 1, 2).view_changes_started() == 0);
    }
  }
}

TEST_CASE("scenario 4: a primary that delays each proposal by 1, 10, 100 ms: as much later, no view change") {
  for (const std::string late : {"1ms", "10ms", "100ms"}) {
    CAPTURE(late);
    Cluster cluster(with(2));
    const Duration usual = serve(cluster, 2, 5);
    cluster.replica(0).corrupt("slow(" + late + ")");
    const Duration slow = serve(cluster, 2, 20);
    const Duration by = ms(std::stoi(late));
    CHECK(slow >= usual + by);
    CHECK(slow <= usual + 2 * by);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE(
    "scenario 4: a primary that delays each proposal by just under the timeout: operations complete within "
    "two") {
  for (const std::string late : {"200ms", "240ms", "249ms", "260ms"}) {
    CAPTURE(late);
    Cluster cluster(with(2));
    cluster.replica(0).corrupt("slow(" + late + ")");
    CHECK(serve(cluster, 2, 20) <= 2 * timeout);
  }
}

TEST_CASE(
    "scenario 5: idle, then a load spike under a slow primary: everything completes, and it stays in "
    "office") {
  Cluster cluster(with(3));
  cluster.replica(0).corrupt("slow(20ms)");
  cluster.run_for(10s);
  for (std::size_t client : {0U, 1U, 2U}) {
    for (int i = 0; i < 100; ++i) cluster.client(client).send("x" + std::to_string(i));
  }
  cluster.run_until_answered(3s);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE(
    "scenario 6: a primary that starves one client: it is replaced, and the client is served within two "
    "timeouts") {
  Cluster cluster(with(3));
  cluster.replica(0).corrupt("starve(client 2)");
  for (std::size_t client : {0U, 1U, 2U}) cluster.client(client).send("x");
  cluster.run_for(20ms);
  CHECK(cluster.client(0).waiting() + cluster.client(2).waiting() == 0);
  CHECK(cluster.client(1).waiting() == 1);
  cluster.run_until_answered();
  CHECK(cluster.client(1).last().latency() <= 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE(
    "scenario g: a primary that lets all but a friend wait: nobody waits longer than for a view change") {
  for (const std::string behaviour : {"selective(client 1)", "selective(client 1 100ms)"}) {
    CAPTURE(behaviour);
    Cluster cluster(with(3));
    cluster.replica(0).corrupt(behaviour);
    CHECK(serve(cluster, 3, 20) <= 2 * timeout);
  }
}

TEST_CASE(
    "scenario 8: a primary whose signatures do not hold: refused by name, replaced within two timeouts") {
  Cluster cluster(with(1));
  cluster.replica(0).corrupt("bad-signature");
  CHECK(serve(cluster, 1, 10) <= 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3).rejections(Rejection::bad_signature) > 0);
  CHECK(cluster.replicas(1, 2, 3).are_exactly_in_view(View{1}));
}

TEST_CASE("scenario 10: a primary that withholds bodies makes nobody wait for the next round of fetching") {
  Cluster cluster;
  cluster.replica(0).corrupt("withhold-body");
  for (int i = 0; i < 20; ++i) {
    cluster.client(0).send("x");
    cluster.run_until_answered();
  }
  CHECK(cluster.now() < 1s);  // a round takes 100 ms
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE(
    "scenario 10: a primary that shows the body to one backup alone: the others fetch it there, no view "
    "change") {
  Cluster cluster(with(1));
  cluster.replica(0).corrupt("withhold-body");
  const auto fetches = count<core::FetchBody>(cluster, 3), bodies = count<core::BodyMessage>(cluster, 0);
  CHECK(serve(cluster, 1, 20) < timeout);
  CHECK(cluster.replicas(1, 2, 3).view_changes_started() == 0);
  CHECK(*fetches >= 20);
  CHECK(*bodies == 0);
}

TEST_CASE(
    "scenario 11: one replica asks for views without end, near, far and the last there is: none is entered") {
  Cluster cluster(with(2));
  cluster.replica(2).corrupt("stale-view(200/s)");
  const auto asked = count<ViewChange>(cluster, 2);
  CHECK(serve(cluster, 2, 200) < 20ms);
  CHECK(*asked > 100);
  CHECK(cluster.replicas(0, 1, 3).are_exactly_in_view(View{0}));
  CHECK(cluster.replicas(0, 1, 3).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 12: after far views were claimed for a while, the next honest primary takes over in one "
    "timeout") {
  ClusterOptions options = with(1);
  options.replicas = 7;
  Cluster cluster(options);
  cluster.replica(6).corrupt("stale-view(200/s)");
  serve(cluster, 1, 50);
  cluster.replica(0).stop();
  CHECK(serve(cluster, 1, 1) <= 2 * timeout);
  CHECK(cluster.replicas(1, 2, 3, 4, 5).are_exactly_in_view(View{1}));
}

TEST_CASE("scenario 32: f colluding liars: the client returns only the right result") {
  ClusterOptions options = with(1);
  options.replicas = 7;
  Cluster cluster(options);
  cluster.replica(5).corrupt("wrong-reply");
  cluster.replica(6).corrupt("wrong-reply");
  std::set<Bytes> lies;
  cluster.network()
      .watch<Reply>([&lies](const Reply& reply) {
        for (const core::ReplyItem& item : reply.items) lies.insert(std::get<Bytes>(item.result));
      })
      .from(5, 6);
  cluster.network().delay<Reply>(30ms).from(0, 1, 2, 3, 4);  // the lies come first, and agree with each other
  for (int i = 1; i <= 7; ++i) {
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(cluster.client(0).last().result == std::to_string(i) + ":x");
    CHECK(lies.size() == 1);
    CHECK(!lies.contains(to_bytes(std::to_string(i) + ":x")));
    lies.clear();
  }
}

TEST_CASE(
    "scenario 34: a flood of junk or of properly signed useless messages: the others are served as before") {
  for (const std::string flood : {"junk-flood(1MB/s)", "valid-flood(1000/s)"}) {
    for (std::uint32_t faulty : {0U, 3U}) {
      CAPTURE(flood);
      CAPTURE(faulty);
      Cluster cluster(with(2));
      const Duration usual = serve(cluster, 2, 10);
      cluster.replica(faulty).corrupt(flood);
      const auto commits = count<Commit>(cluster, static_cast<int>(faulty));
      CHECK(serve(cluster, 2, 100) <= usual + 5ms);
      CHECK((cluster.all().rejections(Rejection::malformed) > 100 || *commits > 300 + 3 * 200));
      CHECK(cluster.all().view_changes_started() == 0);
    }
  }
}

TEST_CASE("several behaviours at once, on f replicas of seven: every operation completes in bounded time") {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"slow(100ms)+no-reply", "wrong-reply+replay"},
      {"equivocate(3 4)+valid-flood(100/s)", "equivocate(3 4)"},
      {"withhold-body+selective(client 1 100ms)", "mute(0 2)+junk-flood(0.1MB/s)"},
      {"drop(30%)+delay(20ms)", "stale-view+bad-signature"}};
  for (const auto& [first, second] : pairs) {
    CAPTURE(first);
    ClusterOptions options = with(2);
    options.replicas = 7;
    Cluster cluster(options);
    cluster.replica(0).corrupt(first, 1);
    cluster.replica(1).corrupt(second, 2);
    CHECK(serve(cluster, 2, 40) <= 8 * timeout);
  }
}

TEST_CASE(
    "scenario 30: every faulty client: no view change, no operation twice, the others are served as before") {
  for (const std::string& behaviour : texts_of(adversary::client_behaviours())) {
    CAPTURE(behaviour);
    Cluster cluster(with(2, 1));
    const Duration usual = serve(cluster, 2, 10);
    cluster.let_loose(0, behaviour);
    std::size_t requests = 0;
    cluster.network().watch<RequestMessage>([&](const RequestMessage&) { ++requests; }).from(cluster.rogue());
    CHECK(serve(cluster, 2, 100) <= usual + 5ms);
    CHECK((requests > 100 || behaviour == "idle"));
    CHECK(cluster.all().view_changes_started() == 0);
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const std::string body = "rogue" + std::to_string(cluster.rogue().value) + "-" + std::to_string(i);
      CHECK(cluster.history().executions(cluster.rogue(), body) <= 1);
    }
  }
}

TEST_CASE("scenario 30: requests that one backup alone is shown reach the primary through it") {
  Cluster cluster(with(1, 1));
  cluster.let_loose(0, "subset(10/s 3)");
  cluster.run_for(1s);
  CHECK(cluster.history().executions(cluster.rogue(), "rogue2-5") == 1);
  CHECK(cluster.all().view_changes_started() == 0);
}

}  // namespace pbft
