#include "core/client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "client_fixture.hpp"

namespace pbft::core::test {

namespace {

constexpr std::uint64_t incarnation = 1000;
constexpr ClientId self{7};

Instant at(std::int64_t ms) { return std::chrono::milliseconds(ms); }

ClientConfig config_with(std::uint32_t replicas = 4) {
  ClientConfig config;
  config.id = self;
  config.replicas = replicas;
  config.incarnation = RequestNumber{incarnation};
  config.limits.broadcast_share = 0;
  return config;
}

/// A client whose outputs are collected; replicas are played by the test.
struct Subject {
  struct Sent {
    std::vector<ReplicaId> to;
    RequestPtr request;
    std::uint32_t attempt;
  };

  explicit Subject(ClientConfig c = config_with()) : config(c), client(c, crypto(), sealer()) {
    ClientOutputs out;
    client.start({now, {}}, out);
    take(out);
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
        const auto& message = std::get<RequestMessage>(*send->message);
        sent.push_back({send->to, message.request, message.attempt});
      } else if (auto* completed = std::get_if<Completed>(&output)) {
        CHECK(done.emplace(completed->ticket, std::move(*completed)).second);
      } else if (auto* timer = std::get_if<SetClientTimer>(&output)) {
        deadline = timer->at;
      } else {
        deadline.reset();
      }
    }
  }

  /// Fires every timer due until `instant`.
  void run_until(Instant instant) {
    while (deadline && *deadline <= instant) {
      now = std::max(now, *deadline);
      deadline.reset();
      step(ClientTimerFired{});
    }
    now = instant;
  }
  void submit(std::uint64_t ticket, const std::string& body) {
    submit_all({{ticket, to_bytes(body), false}});
  }
  void submit_all(std::vector<Submit::Item> items) { step(Submit{std::move(items)}); }

  static ReplyItem answer(const Request& request, std::size_t item, Outcome outcome, Bytes result = {}) {
    const RequestNumber number{request.first.value + item};
    const Digest digest = request.kind == RequestKind::open
                              ? open_digest(crypto(), request.client, number)
                              : operation_digest(crypto(), request.client, number,
                                                 request.items[item].read_only, request.items[item].body);
    return {number, digest, outcome, std::move(result)};
  }
  void reply(std::uint32_t replica, ReplyItem item, View view = {}, Epoch epoch = {}) {
    step(FromReplicaReply{ReplicaId{replica}, Reply{epoch, view, self, {std::move(item)}}});
  }
  void reply(std::uint32_t replica, const RequestPtr& request, const std::string& result,
             std::size_t item = 0) {
    reply(replica, answer(*request, item, Outcome::executed, to_bytes(result)));
  }
  void reply_digest(std::uint32_t replica, const RequestPtr& request, const std::string& result) {
    ReplyItem item = answer(*request, 0, Outcome::executed);
    item.result = result_digest(crypto(), view_of(result));
    reply(replica, std::move(item));
  }
  void refuse(std::uint32_t replica, const RequestPtr& request, Outcome outcome, std::size_t item = 0) {
    reply(replica, answer(*request, item, outcome));
  }
  void reply_stale(std::uint32_t replica, const RequestPtr& request, std::uint64_t highest) {
    Bytes result;
    for (int shift = 0; shift < 64; shift += 8) result.push_back(static_cast<std::uint8_t>(highest >> shift));
    reply(replica, answer(*request, 0, Outcome::stale_incarnation, result));
  }

  /// The replicas answer the open request.
  Subject& opened() {
    for (std::uint32_t replica = 0; replica <= (config.replicas - 1) / 3; ++replica) {
      reply(replica, sent.back().request, "opened");
    }
    REQUIRE(client.is_open());
    sent.clear();
    return *this;
  }
  RequestPtr last() const {
    REQUIRE(!sent.empty());
    return sent.back().request;
  }
  std::string result(std::uint64_t ticket) const {
    auto found = done.find(ticket);
    if (found == done.end()) return "(none)";
    if (found->second.completion != Completion::ok) return "(failed)";
    return to_text(BytesView(found->second.result));
  }
  Completion completion(std::uint64_t ticket) const {
    REQUIRE(done.contains(ticket));
    return done.at(ticket).completion;
  }
  Outcome outcome(std::uint64_t ticket) const {
    REQUIRE(done.contains(ticket));
    return done.at(ticket).outcome;
  }

  ClientConfig config;
  Instant now{};
  Client client;
  std::vector<Sent> sent;
  std::map<std::uint64_t, Completed> done;
  std::optional<Instant> deadline;
};

std::vector<ReplicaId> replicas(std::uint32_t n) {
  std::vector<ReplicaId> all;
  for (std::uint32_t id = 0; id < n; ++id) all.push_back(ReplicaId{id});
  return all;
}

// Where exactly is left to chance: two processes that open above one number must not meet.
bool is_just_above(std::uint64_t bound, RequestNumber number) {
  return number.value > bound && number.value - bound <= 2'000'000;
}

std::string bodies_of(const RequestPtr& request) {
  std::string text;
  for (const Request::Item& item : request->items) text += (text.empty() ? "" : " ") + to_text(item.body);
  return text;
}

}  // namespace

// ---- Opening
// ------------------------------------------------------------------------------------------------

TEST_CASE("client: nothing but the open request leaves before f+1 replicas have answered it") {
  Subject s;
  REQUIRE(s.sent.size() == 1);
  CHECK(s.sent[0].to == replicas(4));
  CHECK(s.last()->kind == RequestKind::open);
  CHECK(s.last()->first == RequestNumber{incarnation});
  const RequestPtr open = s.last();
  s.submit(1, "a");
  s.reply(2, open, "opened");
  s.reply(2, open, "opened");
  s.reply(3, open, "something else");
  CHECK(s.sent.size() == 1);
  CHECK(!s.client.is_open());

  s.reply(0, open, "opened");
  CHECK(s.client.is_open());
  REQUIRE(s.sent.size() == 2);
  CHECK(s.last()->kind == RequestKind::operations);
  CHECK(s.last()->first == RequestNumber{incarnation + 1});
  CHECK(s.last()->lowest_unanswered == RequestNumber{incarnation + 1});
  CHECK(bodies_of(s.last()) == "a");
}

TEST_CASE("client: the open request is repeated until it is answered") {
  Subject s;
  s.run_until(at(2000));
  CHECK(s.sent.size() >= 3);
  CHECK(s.sent[2].attempt == 2);
  CHECK(s.sent[2].request == s.sent[0].request);
  s.opened();
  CHECK(!s.deadline);
}

TEST_CASE("client: a clock that went back is overcome by opening above what the replicas have seen") {
  Subject s;
  const RequestPtr first = s.last();
  s.reply_stale(0, first, 5000);
  s.reply_stale(1, first, 5000);
  CHECK(s.last() == first);
  s.reply_stale(2, first, 5000);
  CHECK(is_just_above(5000, s.last()->first));
  s.reply(0, first, "opened");
  s.reply(1, first, "opened");
  CHECK(!s.client.is_open());
  s.opened();
  s.submit(1, "a");
  CHECK(is_just_above(5001, s.last()->first));
}

TEST_CASE("client: a lying replica neither exhausts the incarnations nor holds the client back") {
  Subject s;
  s.reply_stale(0, s.last(), ~std::uint64_t{0});
  s.reply_stale(1, s.last(), 5000);
  s.reply_stale(2, s.last(), 5000);
  CHECK(is_just_above(5000, s.last()->first));

  Subject t;
  t.reply_stale(0, t.last(), incarnation);
  t.reply_stale(1, t.last(), 5000);
  t.reply_stale(2, t.last(), 5000);
  CHECK(is_just_above(5000, t.last()->first));
}

TEST_CASE("client: what replicas answer to an open counts if it is about this open, and says something") {
  Subject s;
  const RequestPtr open = s.last();
  for (std::uint32_t replica : {0U, 1U, 2U})
    s.refuse(replica, open, Outcome::stale_incarnation);  // above what?
  ReplyItem stale = Subject::answer(*open, 0, Outcome::stale_incarnation);
  stale.result = Digest{};
  s.reply(3, stale);
  CHECK(s.last() == open);
  ReplyItem other = Subject::answer(*open, 0, Outcome::executed, to_bytes("opened"));
  other.operation.bytes[0] ^= 1;
  for (std::uint32_t replica : {0U, 1U, 2U}) s.reply(replica, other);
  CHECK(!s.client.is_open());
  for (std::uint32_t replica : {0U, 1U}) s.refuse(replica, open, Outcome::invalid);
  CHECK(!s.client.is_open());
  s.opened();
}

TEST_CASE("client: a process that counts on while we open is overtaken") {
  Subject s;
  std::uint64_t other = 1'000'000;
  int rounds = 0;
  for (; rounds < 40 && s.last()->first.value <= other; ++rounds) {
    const RequestPtr open = s.last();
    for (std::uint32_t replica : {0U, 1U, 3U}) s.reply_stale(replica, open, other);
    other += 1000;
  }
  CHECK(rounds < 20);
}

TEST_CASE("client: two processes that open above the same number choose different ones") {
  auto chosen = [](std::uint64_t seed) {
    auto config = config_with();
    config.seed = seed;
    Subject s(config);
    const RequestPtr open = s.last();
    for (std::uint32_t replica : {0U, 1U, 3U}) s.reply_stale(replica, open, 5000);
    return s.last()->first;
  };
  CHECK(chosen(1) != chosen(2));
}

TEST_CASE("client: when there is no incarnation left, all is rejected") {
  Subject s;
  s.submit(1, "a");
  const RequestPtr open = s.last();
  for (std::uint32_t replica : {0U, 1U, 3U}) s.reply_stale(replica, open, ~std::uint64_t{0} - replica);
  CHECK(s.completion(1) == Completion::rejected);
  CHECK(s.outcome(1) == Outcome::stale_incarnation);
  s.submit(2, "b");
  CHECK(s.completion(2) == Completion::rejected);
  CHECK(s.client.outstanding() == 0);
  CHECK(!s.deadline);
}

// ---- Sending
// ------------------------------------------------------------------------------------------------

TEST_CASE("client: operations submitted together travel under one signature to the primary") {
  Subject s;
  s.opened().submit_all({{1, to_bytes("a"), false}, {2, to_bytes("b"), false}, {3, to_bytes("c"), false}});
  REQUIRE(s.sent.size() == 1);
  CHECK(s.sent[0].to == std::vector{ReplicaId{0}});
  CHECK(bodies_of(s.last()) == "a b c");
  CHECK(s.client.outstanding() == 3);
}

TEST_CASE("client: while enough requests are unanswered, operations gather for the next") {
  auto config = config_with();
  config.limits.max_requests_in_flight = 2;
  Subject s(config);
  s.opened();
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) s.submit(ticket, std::to_string(ticket));
  REQUIRE(s.sent.size() == 2);
  const RequestPtr first = s.sent[0].request;
  s.reply(0, first, "r"), s.reply(1, first, "r");
  REQUIRE(s.sent.size() == 3);
  CHECK(bodies_of(s.last()) == "3 4 5");
  CHECK(s.last()->lowest_unanswered == RequestNumber{incarnation + 2});
}

TEST_CASE("client: a request keeps within operations, bytes and the window") {
  auto config = config_with();
  config.agreed.max_request_operations = 3;
  config.agreed.max_request_bytes = 2000;
  config.agreed.client_window = 6;
  Subject s(config);
  s.opened();
  std::vector<Submit::Item> items;
  for (std::uint64_t ticket = 1; ticket <= 9; ++ticket) {
    items.push_back({ticket, Bytes(ticket == 4 || ticket == 5 ? 1000 : 1, 'x'), false});
  }
  s.submit_all(std::move(items));
  REQUIRE(s.sent.size() == 3);
  CHECK(s.sent[0].request->items.size() == 3);
  CHECK(s.sent[1].request->items.size() == 1);
  CHECK(s.sent[2].request->items.size() == 2);

  // The window follows the lowest unanswered number, whatever else is answered.
  s.reply(0, s.sent[1].request, "r"), s.reply(1, s.sent[1].request, "r");
  CHECK(s.result(4) == "r");
  CHECK(s.sent.size() == 3);
  const RequestPtr first = s.sent[0].request;
  s.reply(0, first, "r"), s.reply(1, first, "r");
  REQUIRE(s.sent.size() == 4);
  CHECK(s.last()->items.size() == 1);
  CHECK(s.last()->last().value - s.last()->lowest_unanswered.value < 6);
}

TEST_CASE("client: one request in so many goes to all at once, by the seed") {
  auto count = [](std::uint64_t seed) {
    auto config = config_with();
    config.limits.broadcast_share = 4;
    config.seed = seed;
    Subject s(config);
    s.opened();
    std::vector<bool> to_all;
    for (std::uint64_t ticket = 1; ticket <= 400; ++ticket) {
      s.submit(ticket, "a");
      to_all.push_back(s.sent.back().to.size() == 4);
      const RequestPtr request = s.last();
      s.reply(0, request, "r"), s.reply(1, request, "r");
    }
    return to_all;
  };
  const auto drawn = count(1);
  const auto share = std::count(drawn.begin(), drawn.end(), true);
  CHECK(share > 60);
  CHECK(share < 140);
  CHECK(count(1) == drawn);
  CHECK(count(2) != drawn);
}

TEST_CASE("client: at least once a second a request goes to all at once") {
  auto config = config_with();
  config.limits.broadcast_share = 1'000'000'000;
  Subject s(config);
  s.opened();
  int to_all = 0;
  for (std::uint64_t ticket = 1; ticket <= 100; ++ticket) {
    s.now += std::chrono::milliseconds(100);
    s.submit(ticket, "a");
    if (s.sent.back().to.size() == 4) ++to_all;
    const RequestPtr request = s.last();
    s.reply(0, request, "r"), s.reply(1, request, "r");
  }
  CHECK(to_all == 10);
}

TEST_CASE("client: when the link to the primary breaks, the others learn at once what it alone has got") {
  Subject s;
  s.opened();
  s.submit(1, "a");
  const std::size_t before = s.sent.size();
  s.step(ClientLinkDown{ReplicaId{2}});
  s.run_until(s.now + std::chrono::milliseconds(10));
  CHECK(s.sent.size() == before);  // not the primary
  s.step(ClientLinkDown{ReplicaId{0}});
  s.run_until(s.now + std::chrono::milliseconds(10));
  REQUIRE(s.sent.size() == before + 1);
  CHECK(s.sent.back().to.size() == 4);
  s.run_until(s.now + std::chrono::milliseconds(100));
  CHECK(s.sent.size() == before + 1);
}

TEST_CASE("client: an operation longer than the agreed limit is rejected at once") {
  Subject s;
  s.opened().submit_all(
      {{1, Bytes(s.config.agreed.max_operation_bytes + 1), false}, {2, to_bytes("b"), false}});
  CHECK(s.completion(1) == Completion::rejected);
  CHECK(s.outcome(1) == Outcome::invalid);
  CHECK(bodies_of(s.last()) == "b");
}

TEST_CASE(
    "client: what is unanswered goes to all, naming another replica for the result, with doubling pauses") {
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  std::vector<Instant> sent_at;
  while (s.sent.size() < 7) {
    s.run_until(*s.deadline);
    if (s.sent.size() > sent_at.size() + 1) sent_at.push_back(s.now);
  }
  Duration expected = s.config.limits.retry_timeout;
  Instant before{};
  for (std::uint32_t attempt = 1; attempt < 7; ++attempt) {
    CHECK(s.sent[attempt].request == request);
    CHECK(s.sent[attempt].to == replicas(4));
    CHECK(s.sent[attempt].attempt == attempt);
    const Duration pause = sent_at[attempt - 1] - before;
    CHECK(pause >= expected);
    CHECK(pause <= expected + expected / 4 + Duration{1});
    before = sent_at[attempt - 1];
    expected = std::min(2 * expected, s.config.limits.max_retry_timeout);
  }
}

TEST_CASE("client: an answered request is not repeated") {
  Subject s;
  s.opened().submit(1, "a");
  s.submit(2, "b");
  const RequestPtr first = s.sent[0].request, second = s.sent[1].request;
  s.reply(0, first, "r"), s.reply(1, first, "r");
  s.run_until(at(400));
  REQUIRE(s.sent.size() == 3);
  CHECK(s.last() == second);
  s.reply(2, second, "r"), s.reply(3, second, "r");
  CHECK(!s.deadline);
}

TEST_CASE("client: the view that f+1 replicas report names the primary, f liars cannot") {
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr first = s.last();
  s.reply(3, Subject::answer(*first, 0, Outcome::executed, to_bytes("lie")), View{~std::uint64_t{0}});
  CHECK(s.client.believed_view() == View{0});
  s.reply(1, Subject::answer(*first, 0, Outcome::executed, to_bytes("r")), View{5});
  CHECK(s.client.believed_view() == View{5});
  s.reply(1, Subject::answer(*first, 0, Outcome::overloaded), View{4});  // said before, come late
  CHECK(s.client.believed_view() == View{5});
  s.submit(2, "b");
  CHECK(s.sent.back().to == std::vector{ReplicaId{1}});
}

TEST_CASE("client: a link to the primary that breaks hurries nothing that all replicas have got") {
  Subject s;
  s.opened().submit(1, "a");
  s.run_until(at(400));
  REQUIRE(s.sent.size() == 2);
  const auto deadline = s.deadline;
  s.step(ClientLinkDown{ReplicaId{0}});
  CHECK(s.deadline == deadline);
}

TEST_CASE("client: of a refused bundle only what is unanswered travels again") {
  Subject s;
  s.opened().submit_all({{1, to_bytes("a"), false}, {2, to_bytes("b"), false}});
  const RequestPtr request = s.last();
  for (std::uint32_t replica : {0U, 1U}) s.reply(replica, request, "r", 1);
  for (std::uint32_t replica : {0U, 1U}) s.refuse(replica, request, Outcome::invalid);
  REQUIRE(s.sent.size() == 2);
  CHECK(s.last()->first == request->first);
  CHECK(s.last()->items.size() == 1);
}

TEST_CASE("client: a replica that comes back gets what it may have missed") {
  Subject s;
  s.step(ClientLinkUp{ReplicaId{2}});
  CHECK(s.sent.back().to == std::vector{ReplicaId{2}});
  CHECK(s.last()->kind == RequestKind::open);
  s.opened().submit(1, "a");
  s.step(ClientLinkUp{ReplicaId{2}});
  CHECK(s.sent.size() == 1);
  s.step(ClientLinkUp{ReplicaId{0}});
  CHECK(s.sent.size() == 2);
  s.run_until(at(400));
  REQUIRE(s.sent.size() == 3);
  s.step(ClientLinkUp{ReplicaId{2}});
  CHECK(s.sent.size() == 4);
  CHECK(s.sent.back().to == std::vector{ReplicaId{2}});
  CHECK(s.sent.back().attempt == 1);
  s.step(ClientLinkUp{ReplicaId{99}});
  CHECK(s.sent.size() == 4);
}

// ---- Answers
// ------------------------------------------------------------------------------------------------

TEST_CASE("client: f replicas cannot make a result, however often and whatever they answer") {
  Subject s(config_with(7));
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  for (int i = 0; i < 5; ++i) {
    s.reply(5, request, "lie");
    s.reply(6, request, "lie");
    s.refuse(5, request, Outcome::number_void);
    s.refuse(6, request, Outcome::number_void);
    s.refuse(6, request, Outcome::result_gone);
  }
  s.reply(0, request, "truth");
  s.reply(1, request, "truth");
  CHECK(s.done.empty());
  s.reply(5, request, "lie");
  s.reply(6, request, "lie");
  CHECK(s.done.empty());
  s.reply(2, request, "truth");
  CHECK(s.result(1) == "truth");
  s.reply(3, request, "truth");
  CHECK(s.done.size() == 1);
}

TEST_CASE("client: a reply counts for its own operation, client and epoch only") {
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  ReplyItem other = Subject::answer(*request, 0, Outcome::executed, to_bytes("x"));
  other.operation = operation_digest(crypto(), self, other.number, false, view_of("b"));
  s.reply(0, other), s.reply(1, other);
  ReplyItem unknown = Subject::answer(*request, 0, Outcome::executed, to_bytes("x"));
  for (std::uint64_t number : {std::uint64_t{0}, incarnation, incarnation + 2, ~std::uint64_t{0}}) {
    unknown.number = RequestNumber{number};
    s.reply(0, unknown), s.reply(1, unknown);
  }
  const ReplyItem right = Subject::answer(*request, 0, Outcome::executed, to_bytes("x"));
  for (std::uint32_t replica : {0U, 1U}) {
    s.step(FromReplicaReply{ReplicaId{replica}, Reply{Epoch{}, View{}, ClientId{8}, {right}}});
    s.step(FromReplicaReply{ReplicaId{replica + 4}, Reply{Epoch{}, View{}, self, {right}}});
  }
  s.reply(0, right, View{}, Epoch{1});
  s.reply(1, right, View{}, Epoch{2});
  CHECK(s.done.empty());
  s.reply(2, right, View{3}, Epoch{2});
  CHECK(s.result(1) == "x");
}

TEST_CASE("client: the whole result may come from anyone, before or after the digests, if it hashes right") {
  const std::string truth(1000, 't');
  for (int order = 0; order < 2; ++order) {
    Subject s;
    s.opened().submit(1, "a");
    const RequestPtr request = s.last();
    if (order == 0) s.reply(3, request, truth);
    s.reply_digest(0, request, truth);
    if (order == 1) {
      s.reply_digest(1, request, truth);
      s.reply(2, request, std::string(1000, 'f'));
      CHECK(s.done.empty());
      s.reply(3, request, truth);
    }
    CHECK(s.result(1) == truth);
  }
}

TEST_CASE("client: when the designated replica withholds the result, another one is asked soon") {
  const std::string truth(1000, 't');
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  s.now = at(10);
  s.reply_digest(0, request, truth);
  s.reply_digest(1, request, truth);
  CHECK(s.done.empty());
  s.run_until(at(25));
  REQUIRE(s.sent.size() == 2);
  CHECK(s.sent[1].attempt == 1);
  CHECK(s.sent[1].to == replicas(4));
  s.reply(2, request, truth);
  CHECK(s.result(1) == truth);
}

TEST_CASE("client: a replica may correct itself, its latest answer counts") {
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  s.refuse(0, request, Outcome::overloaded);
  s.refuse(1, request, Outcome::overloaded);
  CHECK(s.done.empty());
  s.reply(0, request, "r");
  s.reply(1, request, "r");
  CHECK(s.result(1) == "r");
}

TEST_CASE("client: what a replica once executed it has executed, even if the result is gone later") {
  Subject s;
  s.opened().submit(1, "a");
  const RequestPtr request = s.last();
  s.reply_digest(0, request, "truth");
  s.refuse(0, request, Outcome::result_gone);
  s.reply(1, request, "truth");
  CHECK(s.result(1) == "truth");

  s.submit(2, "b");
  const RequestPtr second = s.last();
  s.reply_digest(0, second, "lost");
  s.reply_digest(1, second, "lost");
  s.refuse(0, second, Outcome::result_gone);
  CHECK(!s.done.contains(2));
  s.refuse(1, second, Outcome::result_gone);
  CHECK(s.completion(2) == Completion::rejected);
  CHECK(s.outcome(2) == Outcome::result_gone);
}

TEST_CASE("client: what f+1 replicas say instead of a result rejects the operation") {
  for (Outcome outcome : {Outcome::number_reused, Outcome::result_too_large, Outcome::invalid}) {
    Subject s;
    s.opened().submit(1, "a");
    const RequestPtr request = s.last();
    s.refuse(3, request, outcome);
    CHECK(s.done.empty());
    s.refuse(2, request, outcome);
    CHECK(s.completion(1) == Completion::rejected);
    CHECK(s.outcome(1) == outcome);
    s.submit(2, "b");
    CHECK(bodies_of(s.last()) == "b");
    CHECK(s.last()->lowest_unanswered == s.last()->first);
  }
}

TEST_CASE("client: another process with our key ends this one") {
  auto config = config_with();
  config.limits.max_requests_in_flight = 2;
  Subject s(config);
  s.opened();
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) s.submit(ticket, "a");
  const RequestPtr first = s.sent[0].request, second = s.sent[1].request;
  s.refuse(0, first, Outcome::number_void);
  CHECK(s.done.empty());
  s.refuse(1, first, Outcome::number_void);
  CHECK(s.outcome(1) == Outcome::number_void);
  CHECK(s.outcome(3) == Outcome::stale_incarnation);
  CHECK(s.outcome(4) == Outcome::stale_incarnation);
  s.submit(5, "b");
  CHECK(s.outcome(5) == Outcome::stale_incarnation);
  // What was sent may have been executed before.
  s.reply(0, second, "r"), s.reply(1, second, "r");
  CHECK(s.result(2) == "r");
  CHECK(s.sent.size() == 2);
}

TEST_CASE("client: one bad operation does not take the others of its request with it") {
  Subject s;
  s.opened().submit_all(
      {{1, to_bytes("good"), false}, {2, to_bytes("bad"), false}, {3, to_bytes("fine"), false}});
  const RequestPtr whole = s.last();
  auto refuse_whole = [&](std::uint32_t replica) {
    for (std::size_t item = 0; item < 3; ++item) s.refuse(replica, whole, Outcome::invalid, item);
  };
  refuse_whole(0);
  CHECK(s.sent.size() == 1);
  refuse_whole(1);
  CHECK(s.done.empty());
  REQUIRE(s.sent.size() == 4);
  const RequestPtr parts[] = {s.sent[1].request, s.sent[2].request, s.sent[3].request};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(parts[i]->first.value == whole->first.value + i);
    CHECK(bodies_of(parts[i]) == to_text(whole->items[i].body));
  }
  refuse_whole(2);
  refuse_whole(3);
  CHECK(s.done.empty());

  s.reply(2, parts[0], "r"), s.reply(3, parts[0], "r");
  s.reply(0, parts[2], "r"), s.reply(1, parts[2], "r");
  s.refuse(0, parts[1], Outcome::invalid), s.refuse(1, parts[1], Outcome::invalid);
  s.run_until(at(400));
  s.refuse(0, parts[1], Outcome::invalid), s.refuse(1, parts[1], Outcome::invalid);
  CHECK(s.result(1) == "r");
  CHECK(s.completion(2) == Completion::rejected);
  CHECK(s.result(3) == "r");
}

// ---- Giving up
// ----------------------------------------------------------------------------------------------

TEST_CASE("client: an operation that times out is abandoned and the window moves past it") {
  auto config = config_with();
  config.limits.max_requests_in_flight = 2;
  config.agreed.client_window = 2;
  config.limits.operation_timeout = std::chrono::seconds(3);
  Subject s(config);
  s.opened().submit(1, "lost");
  s.now = at(100);
  s.submit(2, "b");
  s.submit(3, "c");
  const RequestPtr lost = s.sent[0].request, second = s.sent[1].request;
  s.reply(0, second, "r"), s.reply(1, second, "r");
  s.run_until(at(2999));
  CHECK(!s.done.contains(1));
  s.run_until(at(3000));
  CHECK(s.completion(1) == Completion::timed_out);
  CHECK(bodies_of(s.last()) == "c");
  CHECK(s.last()->lowest_unanswered == s.last()->first);
  s.reply(0, lost, "late"), s.reply(1, lost, "late");
  CHECK(s.completion(1) == Completion::timed_out);
}

TEST_CASE("client: operations that were never sent time out too") {
  Subject s;
  s.submit(1, "a");
  s.run_until(at(31'000));
  CHECK(s.completion(1) == Completion::timed_out);
  CHECK(s.client.outstanding() == 0);
  CHECK(s.deadline.has_value());
}

TEST_CASE("client: overloaded is what a timeout is called when f+1 replicas had no room") {
  Subject s;
  s.opened().submit(1, "a");
  s.submit(2, "b");
  const RequestPtr first = s.sent[0].request, second = s.sent[1].request;
  for (std::uint32_t replica = 0; replica < 4; ++replica) s.refuse(replica, first, Outcome::overloaded);
  s.refuse(0, second, Outcome::overloaded);
  CHECK(s.done.empty());
  s.run_until(at(30'000));
  CHECK(s.completion(1) == Completion::overloaded);
  CHECK(s.completion(2) == Completion::timed_out);
}

TEST_CASE("client: stopping ends everything outstanding, once") {
  auto config = config_with();
  config.limits.max_requests_in_flight = 1;
  Subject s(config);
  s.opened().submit(1, "a");
  s.submit(2, "queued");
  const RequestPtr request = s.last();
  s.reply(0, request, "r");
  s.step(CancelAll{});
  CHECK(s.completion(1) == Completion::stopped);
  CHECK(s.completion(2) == Completion::stopped);
  CHECK(!s.deadline);
  s.reply(1, request, "r");
  s.step(CancelAll{});
  s.step(ClientLinkUp{ReplicaId{0}});
  s.submit(3, "c");
  CHECK(s.completion(3) == Completion::stopped);
  CHECK(s.sent.size() == 1);
  CHECK(s.client.outstanding() == 0);
}

TEST_CASE("client: stopping does not touch what was answered behind something that was not") {
  Subject s;
  s.opened().submit_all({{1, to_bytes("a"), false}, {2, to_bytes("b"), false}});
  const RequestPtr request = s.last();
  for (std::uint32_t replica : {0U, 1U}) s.reply(replica, request, "r", 1);
  s.step(CancelAll{});
  CHECK(s.completion(1) == Completion::stopped);
  CHECK(s.result(2) == "r");
  s.step(ClientLinkDown{ReplicaId{0}});
  CHECK(!s.deadline);
}

// ---- Memory
// -------------------------------------------------------------------------------------------------

TEST_CASE("client: a lying replica's results take a bounded share of memory and no right result its place") {
  auto config = config_with();
  config.agreed.client_cache_bytes = 10'000;
  config.agreed.max_result_bytes = 4000;
  config.limits.max_requests_in_flight = 1;
  Subject s(config);
  s.opened();
  std::vector<Submit::Item> items;
  for (std::uint64_t ticket = 0; ticket < 20; ++ticket) items.push_back({ticket, to_bytes("op"), false});
  s.submit_all({{100, to_bytes("occupies the one place"), false}});
  s.submit_all(std::move(items));
  const RequestPtr blocker = s.last();
  s.reply(0, blocker, "r"), s.reply(1, blocker, "r");
  const RequestPtr request = s.last();
  REQUIRE(request->items.size() == 20);

  const std::string truth(4000, 't');
  for (std::size_t item = 0; item < 20; ++item) s.reply(3, request, std::string(4000, 'l'), item);
  s.reply(3, request, std::string(4001, 'l'));
  for (std::size_t item = 0; item < 20; ++item) s.reply(2, request, truth, item);
  for (std::size_t item = 0; item < 20; ++item) s.reply(1, request, truth, item);
  for (std::uint64_t ticket = 0; ticket < 20; ++ticket) CHECK(s.result(ticket) == truth);
}

}  // namespace pbft::core::test
