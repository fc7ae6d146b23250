// Faulty clients, restarted clients, and replies that lie.
#include <algorithm>
#include <limits>

#include "scenario/fixture.hpp"

namespace pbft {

namespace {

void send(Cluster& cluster, std::initializer_list<std::uint32_t> to, const core::RequestPtr& request) {
  for (std::uint32_t replica : to) {
    cluster.network().inject(request->client, ReplicaId{replica}, RequestMessage{request, 0});
  }
}

}  // namespace

TEST_CASE(
    "scenario 30: conflicting operations under one number; number jumps; zero, huge: no crash, no view "
    "change, no "
    "double "
    "execution") {
  Cluster cluster({.rogue_clients = 1});
  constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  const ClientId rogue = cluster.rogue();
  for (std::uint64_t number :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{5000}, std::uint64_t{0}, huge - 1, huge}) {
    for (std::uint64_t lowest : {std::uint64_t{0}, std::uint64_t{1}, number, huge}) {
      core::RequestDraft draft;
      draft.client = rogue;
      draft.first = RequestNumber{number};
      draft.lowest_unanswered = RequestNumber{lowest};
      for (std::uint32_t replica = 0; replica < 4; ++replica) {
        draft.items = {{to_bytes("to " + std::to_string(replica)), false}};
        if (const core::RequestPtr request = cluster.forge().request(draft))
          send(cluster, {replica}, request);
      }
      cluster.client(0).send("x");
      cluster.run_for(50ms);
      CHECK(cluster.all_answered());
    }
  }
  cluster.run_for(2s);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 30: two processes with one client key: no crash, no view change, no double execution") {
  Cluster cluster;
  sim::ClientProcess& other = cluster.add_client_process(0);
  for (int i = 0; i < 10; ++i) {
    cluster.client(0).send("mine" + std::to_string(i));
    other.send("other" + std::to_string(i));
    cluster.run_for(20ms);
  }
  cluster.run_until_answered();
  CHECK(other.operations().back().is_ok());
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE(
    "scenario i: conflicting overlapping bundles of one client {6:x} and {6:z,7:w}: 7 completes once, 6 "
    "once") {
  for (bool small_first : {true, false}) {
    Cluster cluster({.rogue_clients = 1});
    const ClientId rogue = cluster.rogue();
    const core::RequestPtr small = cluster.forge().request(rogue, 6, {"x"}, 6);
    const core::RequestPtr large = cluster.forge().request(rogue, 6, {"z", "w"}, 6);
    send(cluster, {0, 1}, small_first ? small : large);
    send(cluster, {2, 3}, small_first ? large : small);
    cluster.run_for(2s);
    CHECK(cluster.history().executions(rogue, "w") == 1);
    CHECK(cluster.history().executions(rogue, "x") + cluster.history().executions(rogue, "z") == 1);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("scenario j: a number abandoned by a client: its window still moves") {
  ClusterOptions options;
  options.agreed.client_window = 4;
  options.client_limits.operation_timeout = 500ms;
  Cluster cluster(options);
  cluster.network().drop<RequestMessage>();
  for (int i = 0; i < 3; ++i) cluster.client(0).send("abandoned" + std::to_string(i));
  cluster.run_for(2s);
  CHECK(cluster.client(0).operations()[2].completion == core::Completion::timed_out);
  cluster.network().heal();
  for (int i = 0; i < 12; ++i) {
    const std::size_t index = cluster.client(0).send("x" + std::to_string(i));
    cluster.run_until_answered();
    CHECK(cluster.client(0).operations()[index].is_ok());
  }
}

TEST_CASE("scenario k: a restarted client begins to count anew: it never receives the old result") {
  Cluster cluster;
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().result == "1:x");
  cluster.network().hold<Reply>();  // answers to the first process that are still on their way
  cluster.client(0).send("y");
  cluster.run_for(20ms);
  sim::ClientProcess& again = cluster.restart_client(0);
  again.send("x");
  cluster.network().release();
  cluster.network().heal();
  cluster.run_until_answered();
  CHECK(again.last().result == "3:x");
  CHECK(cluster.history().executions(ClientId{1}, "x") == 2);
}

TEST_CASE(
    "scenario 32: forged, withheld, late or contradictory replies from f replicas: the client returns only "
    "the right "
    "result") {
  using Lie = std::function<void(Reply&)>;
  auto items = [](auto change) {
    return [change](Reply& reply) {
      for (core::ReplyItem& item : reply.items) change(item);
    };
  };
  const std::vector<std::pair<std::string, Lie>> lies{
      {"another result", items([](core::ReplyItem& item) { item.result = to_bytes("forged"); })},
      {"another result's digest", items([](core::ReplyItem& item) { item.result = Digest{}; })},
      {"refused", items([](core::ReplyItem& item) { item.outcome = core::Outcome::number_reused; })},
      {"overloaded", items([](core::ReplyItem& item) { item.outcome = core::Outcome::overloaded; })},
      {"another operation's", items([](core::ReplyItem& item) { item.operation.bytes[0] ^= 1; })},
      {"another number's", items([](core::ReplyItem& item) { item.number = item.number.next(); })},
      {"another client's", [](Reply& reply) { reply.client = ClientId{2}; }},
      {"another epoch's", [](Reply& reply) { reply.epoch = Epoch{1}; }},
      {"a far view", [](Reply& reply) { reply.view = View{std::numeric_limits<std::uint64_t>::max()}; }}};
  for (const auto& [name, lie] : lies) {
    for (const std::string body : {"small", "big"}) {
      CAPTURE(name);
      Cluster cluster({.replicas = 7});
      for (unsigned liar : {5U, 6U}) cluster.replica(liar).distrust();
      cluster.network().alter<Reply>(lie).from(5, 6);
      cluster.network().delay<Reply>(30ms).from(0, 1, 2, 3, 4);  // lies come first, and agree with each other
      for (int i = 0; i < 7; ++i) {  // each replica's turn to send the result whole
        cluster.client(0).send(body);
        cluster.run_until_answered();
        CHECK(cluster.client(0).last().is_ok());
      }
      CHECK(cluster.client(0).believed_view() == View{0});
      CHECK(cluster.all().view_changes_started() == 0);
    }
  }
}

TEST_CASE(
    "scenario 32: replies withheld by f replicas, those with the whole result among them: another one is "
    "asked for "
    "it") {
  Cluster cluster;
  for (int silent = 0; silent < 4; ++silent) {
    sim::Rule& withheld = cluster.network().drop<Reply>().from(silent);
    for (int i = 0; i < 4; ++i) {
      cluster.client(0).send("big");
      cluster.run_until_answered(2s);
      CHECK(cluster.client(0).last().result.size() == 1000);
    }
    cluster.network().lift(withheld);
  }
}

TEST_CASE("scenario 32: f+1 replies of one replica count once") {
  Cluster cluster;
  class Insists : public adversary::Behaviour {
    void on_send(core::Instant, adversary::Letter letter, adversary::Traffic& traffic) override {
      const auto* reply = std::get_if<Reply>(letter.message.get());
      traffic.out.insert(traffic.out.end(), reply != nullptr ? 5 : 1, letter);
    }
  };
  cluster.replica(3).corrupt(std::make_unique<Insists>());
  cluster.network()
      .alter<Reply>([](Reply& reply) {
        for (core::ReplyItem& item : reply.items) item.result = to_bytes("forged");
      })
      .from(3);
  cluster.network().delay<Reply>(50ms).from(0, 1, 2);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().result == "1:x");
}

TEST_CASE("an operation that the application refuses is answered as such, and takes no others with it") {
  ClusterOptions options;
  options.rogue_clients = 1;
  options.configure = [](core::ReplicaConfig& config) {
    config.valid = [](const core::Request& request) {
      return std::none_of(request.items.begin(), request.items.end(), [](const core::Request::Item& item) {
        return to_text(item.body).starts_with("refused");
      });
    };
  };
  Cluster cluster(options);
  const std::size_t first = cluster.client(0).send_together({"x", "refused", "y"});
  cluster.run_until_answered();
  const auto& operations = cluster.client(0).operations();
  CHECK(operations[first].is_ok());
  CHECK(operations[first + 1].completion == core::Completion::rejected);
  CHECK(operations[first + 1].outcome == core::Outcome::invalid);
  CHECK(operations[first + 2].is_ok());

  // Half of it is done already; and another replica brings what it should have refused.
  const ClientId rogue = cluster.rogue();
  send(cluster, {0, 1, 2, 3}, cluster.forge().request(rogue, 1, {"z"}));
  cluster.run_for(20ms);
  std::size_t answers = 0;
  cluster.network().watch<Reply>([&](const Reply& reply) { answers += reply.items.size(); }).to(rogue);
  const core::RequestPtr half = cluster.forge().request(rogue, 1, {"z", "refused too"});
  send(cluster, {2}, half);
  cluster.run_for(20ms);
  CHECK(answers == 2);  // the old result, and the refusal
  cluster.replica(3).distrust();
  cluster.network().inject(ReplicaId{3}, ReplicaId{2}, RequestMessage{half, 0});
  cluster.run_for(20ms);
  CHECK(answers == 2);
  CHECK(cluster.replicas(2).rejections(Rejection::refused_by_application) >= 2);
  CHECK(cluster.history().executions(rogue, "refused too") == 0);
  CHECK(cluster.all().view_changes_started() == 0);
}

}  // namespace pbft
