// Reads that are not ordered, as the client sees them.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client_fixture.hpp"
#include "core/client.hpp"

namespace pbft::core::test {

namespace {

constexpr ClientId self{7};
constexpr RequestNumber incarnation{1000};
Instant at(std::int64_t ms) { return std::chrono::milliseconds(ms); }

/// An open client of four replicas, which the test plays.
struct Reader {
  explicit Reader(const ClientLimits& limits = calm()) : client(config_with(limits), crypto(), sealer()) {
    ClientOutputs out;
    client.start({now, {}}, out);
    take(out);
    for (std::uint32_t replica : {0U, 1U}) {
      Reply opened{{}, {}, self, {}};
      opened.items.push_back(
          {incarnation, open_digest(crypto(), self, incarnation), Outcome::executed, to_bytes("opened")});
      step(FromReplicaReply{ReplicaId{replica}, opened});
    }
    REQUIRE(client.is_open());
    requests.clear();
  }
  static ClientLimits calm() {
    ClientLimits limits;
    limits.broadcast_share = 0;
    return limits;
  }
  static ClientConfig config_with(const ClientLimits& limits) {
    ClientConfig config;
    config.id = self;
    config.incarnation = incarnation;
    config.limits = limits;
    config.agreed.max_request_operations = 4;
    return config;
  }

  void step(ClientEvent event) {
    ClientOutputs out;
    client.step({{now, {}}, std::move(event)}, out);
    take(out);
  }
  void take(ClientOutputs& out) {
    client.invariants();
    for (ClientOutput& output : out) {
      if (auto* send = std::get_if<SendRequest>(&output)) {
        if (const auto* query = std::get_if<Query>(send->message.get())) {
          queries.emplace_back(send->to.size(), *query);
        } else {
          requests.push_back(std::get<RequestMessage>(*send->message).request);
        }
      } else if (auto* completed = std::get_if<Completed>(&output)) {
        CHECK(done.emplace(completed->ticket, std::move(*completed)).second);
      } else if (auto* timer = std::get_if<SetClientTimer>(&output)) {
        deadline = timer->at;
      } else {
        deadline.reset();
      }
    }
  }
  void run_until(Instant instant) {
    while (deadline && *deadline <= instant) {
      now = std::max(now, *deadline);
      deadline.reset();
      step(ClientTimerFired{});
    }
    now = instant;
  }
  void read(std::uint64_t ticket, const std::string& body = "read") {
    step(Submit{{{ticket, to_bytes(body), true}}});
  }

  using Result = decltype(QueryReply::Item::result);
  void answer(std::uint32_t replica, std::uint64_t number, Result result,
              RequestNumber process = incarnation) {
    step(FromReplicaQueryReply{ReplicaId{replica},
                               {{}, {}, process, {{QueryNumber{number}, std::move(result)}}}});
  }
  void whole(std::uint32_t replica, std::uint64_t number, const std::string& result) {
    answer(replica, number, to_bytes(result));
  }
  void digest(std::uint32_t replica, std::uint64_t number, const std::string& result) {
    answer(replica, number, result_digest(crypto(), view_of(result)));
  }
  void decline(std::uint32_t replica, std::uint64_t number) {
    answer(replica, number, QueryReply::Declined{});
  }
  std::string result(std::uint64_t ticket) const {
    const auto found = done.find(ticket);
    if (found == done.end()) return "(none)";
    return found->second.completion == Completion::ok ? to_text(found->second.result) : "(failed)";
  }
  static std::string numbers(const Query& query) {
    std::string text;
    for (const Query::Item& item : query.items)
      text += (text.empty() ? "" : " ") + std::to_string(item.number.value);
    return text;
  }

  Instant now{};
  Client client;
  std::vector<std::pair<std::size_t, Query>> queries;  ///< To how many replicas, and what.
  std::vector<RequestPtr> requests;
  std::map<std::uint64_t, Completed> done;
  std::optional<Instant> deadline;
};

}  // namespace

TEST_CASE("client: a read goes to all replicas and takes a quorum of equal answers, no operation number") {
  Reader r;
  r.read(1);
  REQUIRE(r.queries.size() == 1);
  CHECK(r.queries[0].first == 4);
  CHECK(r.queries[0].second.incarnation == incarnation);
  CHECK(Reader::numbers(r.queries[0].second) == "1");
  CHECK(r.requests.empty());
  r.whole(0, 1, "a");
  r.whole(0, 1, "a");
  r.whole(1, 1, "a");
  CHECK(r.result(1) == "(none)");
  r.whole(2, 1, "a");
  CHECK(r.result(1) == "a");
  CHECK(r.client.ordered_queries() == 0);
  CHECK(r.client.outstanding() == 0);
  CHECK(!r.deadline);
  r.step(Submit{{{2, to_bytes("write"), false}}});
  CHECK(r.requests.back()->first == incarnation.next());
}

TEST_CASE("client: one liar or one silent replica changes nothing, whoever it is") {
  for (std::uint32_t odd = 0; odd < 4; ++odd) {
    for (const bool lies : {false, true}) {
      Reader r;
      r.read(1);
      if (lies) r.whole(odd, 1, "lie");
      for (std::uint32_t replica = 0; replica < 4; ++replica) {
        if (replica != odd) r.whole(replica, 1, "truth");
      }
      CHECK(r.result(1) == "truth");
      CHECK(r.client.ordered_queries() == 0);
    }
  }
}

TEST_CASE("client: a read is ordered as soon as no quorum of equal answers is left") {
  Reader r;
  r.read(1);
  r.whole(0, 1, "a");
  r.whole(1, 1, "a");
  r.whole(2, 1, "b");
  CHECK(r.requests.empty());  // one more "a" would do
  r.whole(3, 1, "b");
  REQUIRE(r.requests.size() == 1);
  CHECK(r.requests[0]->items[0].read_only);
  CHECK(to_text(r.requests[0]->items[0].body) == "read");
  CHECK(r.client.ordered_queries() == 1);
  r.whole(2, 1, "a");  // too late
  CHECK(r.result(1) == "(none)");
  for (std::uint32_t replica : {0U, 1U}) {
    Reply reply{{}, {}, self, {}};
    reply.items.push_back({r.requests[0]->first,
                           operation_digest(crypto(), self, r.requests[0]->first, true, view_of("read")),
                           Outcome::executed, to_bytes("c")});
    r.step(FromReplicaReply{ReplicaId{replica}, reply});
  }
  CHECK(r.result(1) == "c");
}

TEST_CASE("client: declined by two, a read is ordered at once; by one, it is not") {
  Reader r;
  r.read(1);
  r.read(2);
  r.decline(0, 1);
  r.decline(0, 2);
  CHECK(r.requests.empty());
  r.decline(3, 1);
  CHECK(r.requests.size() == 1);
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 2, "a");
  CHECK(r.result(2) == "a");
}

TEST_CASE("client: what is unanswered after retry_timeout is ordered, and nothing else") {
  Reader r;
  r.step(Submit{{{1, to_bytes("one"), true}, {2, to_bytes("two"), true}, {3, to_bytes("three"), true}}});
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 2, "b");
  r.run_until(at(299));
  CHECK(r.requests.empty());
  r.run_until(at(300));
  REQUIRE(r.requests.size() == 1);
  REQUIRE(r.requests[0]->items.size() == 2);
  CHECK(to_text(r.requests[0]->items[0].body) == "one");
  CHECK(to_text(r.requests[0]->items[1].body) == "three");
  CHECK(r.client.outstanding() == 2);
}

TEST_CASE("client: a read that is ordered keeps its deadline, also where others were submitted since") {
  ClientLimits limits = Reader::calm();
  limits.operation_timeout = at(1000);
  Reader r(limits);
  r.read(1);
  r.run_until(at(200));
  r.step(Submit{{{2, to_bytes("write"), false}}});
  r.run_until(at(300));
  CHECK(r.client.ordered_queries() == 1);
  r.run_until(at(1200));
  CHECK(r.done.at(1).completion == Completion::timed_out);
  CHECK(r.done.at(2).completion == Completion::timed_out);
}

TEST_CASE("client: a read whose time is over is not ordered any more") {
  ClientLimits limits = Reader::calm();
  limits.operation_timeout = at(100);
  Reader r(limits);
  r.read(1);
  r.run_until(at(100));
  CHECK(r.done.at(1).completion == Completion::timed_out);
  CHECK(r.requests.empty());
}

TEST_CASE("client: the bytes of an agreed result are asked of another replica, soon, and those alone") {
  Reader r;
  const std::string big(500, 'b');
  r.read(1);
  r.read(2);
  r.now = at(2);
  for (std::uint32_t replica : {0U, 2U, 3U}) r.digest(replica, 1, big);
  CHECK(r.result(1) == "(none)");
  r.run_until(at(6));
  CHECK(r.queries.size() == 2);
  r.run_until(at(7));
  REQUIRE(r.queries.size() == 3);
  CHECK(r.queries[2].second.attempt == 1);
  CHECK(Reader::numbers(r.queries[2].second) == "1");
  r.whole(0, 1, "lie");
  r.whole(2, 1, big);
  CHECK(r.result(1) == "(none)");  // 2 and 3 are no quorum
  r.whole(0, 1, big);
  CHECK(r.result(1) == big);
}

TEST_CASE("client: answers to another process, to no read of ours or too large do not count") {
  Reader r;
  r.read(1);
  for (std::uint32_t replica = 0; replica < 4; ++replica) {
    r.answer(replica, 1, to_bytes("old"), RequestNumber{999});
    r.whole(replica, 2, "never asked");
    r.whole(replica, 1, std::string(AgreedLimits{}.max_result_bytes + 1, 'x'));
  }
  r.whole(17, 1, "no replica");
  CHECK(r.result(1) == "(none)");
  CHECK(r.requests.empty());
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 1, "a");
  CHECK(r.result(1) == "a");
}

TEST_CASE("client: reads that wait travel together, so many messages at a time") {
  ClientLimits limits = Reader::calm();
  limits.max_requests_in_flight = 2;
  Reader r(limits);
  r.read(1);
  r.read(2);
  for (std::uint64_t ticket = 3; ticket <= 8; ++ticket) r.read(ticket);
  CHECK(r.queries.size() == 2);
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 1, "a");
  REQUIRE(r.queries.size() == 3);
  CHECK(Reader::numbers(r.queries[2].second) == "3 4 5 6");  // max_request_operations
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 4, "a");
  CHECK(r.queries.size() == 3);
  r.step(ClientLinkUp{ReplicaId{2}});
  REQUIRE(r.queries.size() == 5);  // what it may not have got
  CHECK(Reader::numbers(r.queries[3].second) == "2");
  CHECK(Reader::numbers(r.queries[4].second) == "3 5 6");
  CHECK(r.queries[4].first == 1);
}

TEST_CASE("client: reads that wait travel together up to the bytes of a request") {
  ClientLimits limits = Reader::calm();
  limits.max_requests_in_flight = 1;
  Reader r(limits);
  r.read(1);
  const std::string large(200 * 1024, 'x');
  for (std::uint64_t ticket = 2; ticket <= 4; ++ticket) r.read(ticket, large);
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 1, "a");
  REQUIRE(r.queries.size() == 2);
  CHECK(Reader::numbers(r.queries[1].second) == "2 3");
}

TEST_CASE("client: of reads that were asked at different times the oldest are ordered first") {
  Reader r;
  r.read(1);
  r.run_until(at(100));
  r.read(2);
  // Agreed, but for the bytes; and one more that has only the digest.
  for (std::uint32_t replica : {0U, 1U, 2U, 3U}) r.digest(replica, 2, "a");
  r.run_until(at(100));
  r.run_until(at(320));
  CHECK(r.client.ordered_queries() == 1);
  REQUIRE(r.requests.size() == 1);
  r.whole(3, 2, "a");
  CHECK(r.result(2) == "a");
}

TEST_CASE("client: a read that cannot be decided any more after another process took our key is rejected") {
  Reader r;
  r.read(1);
  r.step(Submit{{{2, to_bytes("op"), false}}});
  const RequestNumber number = r.requests.back()->first;
  for (std::uint32_t replica : {0U, 1U}) {
    Reply settled{{}, {}, self, {}};
    settled.items.push_back({number, operation_digest(crypto(), self, number, false, view_of("op")),
                             Outcome::number_void, Bytes{}});
    r.step(FromReplicaReply{ReplicaId{replica}, settled});
  }
  REQUIRE(r.done.at(2).completion == Completion::rejected);
  CHECK(r.result(1) == "(none)");
  for (std::uint32_t replica : {0U, 1U}) r.decline(replica, 1);
  CHECK(r.done.at(1).completion == Completion::rejected);
  CHECK(r.done.at(1).outcome == Outcome::stale_incarnation);
}

TEST_CASE("client: reads wait for the opening, and end when the client stops") {
  Client client(Reader::config_with(Reader::calm()), crypto(), sealer());
  ClientOutputs out;
  client.start({}, out);
  out.clear();
  client.step({{}, Submit{{{1, to_bytes("read"), true}}}}, out);
  for (const ClientOutput& output : out) CHECK(!std::holds_alternative<SendRequest>(output));

  Reader r;
  r.read(1);
  r.whole(0, 1, "a");
  r.step(CancelAll{});
  CHECK(r.done.at(1).completion == Completion::stopped);
  for (std::uint32_t replica : {1U, 2U, 3U}) r.whole(replica, 1, "a");
  CHECK(r.client.outstanding() == 0);
  CHECK(!r.deadline);
}

}  // namespace pbft::core::test
