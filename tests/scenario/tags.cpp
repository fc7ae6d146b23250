// Requests with tags: faulty clients, faulty primaries, faulty backups, and signatures as the way out.
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "scenario/fixture.hpp"

namespace pbft {

namespace {

using core::Introduction;
using core::Vouch;

ClusterOptions with_tags(std::uint32_t replicas = 4) {
  ClusterOptions options;
  options.replicas = replicas;
  options.rogue_clients = 1;
  options.use_tags = true;
  return options;
}

/// How many requests on the way to a replica are signed.
struct Signed {
  explicit Signed(Cluster& cluster) {
    cluster.network().watch<RequestMessage>([this](const RequestMessage& message) {
      if (message.request->proof == core::Proof::signature) ++count;
    });
  }
  std::size_t count = 0;
};

void tell(Cluster& cluster, std::initializer_list<std::uint32_t> to, const core::RequestPtr& request) {
  for (std::uint32_t replica : to) {
    cluster.network().inject(request->client, ReplicaId{replica}, RequestMessage{request, 0});
  }
}

/// Says what `change` makes of each message; null: nothing.
class Saying : public adversary::Behaviour {
 public:
  using Change = std::function<core::MessagePtr(const core::MessagePtr&)>;
  explicit Saying(Change change) : change_(std::move(change)) {}
  void on_send(core::Instant, adversary::Letter letter, adversary::Traffic& traffic) override {
    letter.message = change_(letter.message);
    if (letter.message) traffic.out.push_back(std::move(letter));
  }

 private:
  Change change_;
};
std::unique_ptr<adversary::Behaviour> saying(Saying::Change change) {
  return std::make_unique<Saying>(std::move(change));
}
core::MessagePtr only_vouches(const core::MessagePtr& message) {
  return std::holds_alternative<Vouch>(*message) ? message : nullptr;
}

std::set<ReplicaId> only(std::initializer_list<std::uint32_t> ids) {
  std::set<ReplicaId> set;
  for (std::uint32_t id : ids) set.insert(ReplicaId{id});
  return set;
}

}  // namespace

TEST_CASE("tags: operations are executed without a signature of their client") {
  for (std::uint32_t n : {4U, 5U, 7U, 10U}) {
    CAPTURE(n);
    Cluster cluster(with_tags(n));
    Signed signatures(cluster);
    for (int i = 0; i < 5; ++i) {
      cluster.client(0).send("x" + std::to_string(i));
      cluster.settle();
      CHECK(cluster.client(0).last().is_ok());
    }
    CHECK(signatures.count == 0);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

TEST_CASE("tags: real ones of libsodium do as well as ideal ones") {
  ClusterOptions options = with_tags();
  options.signatures = sim::Signatures::ed25519;
  Cluster cluster(options);
  Signed signatures(cluster);
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
  CHECK(signatures.count == 0);
}

TEST_CASE("tags: f silent backups cost no signature") {
  for (std::uint32_t n : {4U, 7U}) {
    Cluster cluster(with_tags(n));
    for (std::uint32_t id = 1; id <= cluster.quorums().f(); ++id) {
      cluster.replica(n - id).corrupt("mute");
    }
    Signed signatures(cluster);
    cluster.client(0).send("x");
    cluster.settle();
    CHECK(cluster.client(0).last().is_ok());
    CHECK(signatures.count == 0);
  }
}

TEST_CASE("scenario q: tags right for some replicas and wrong for others with one mute replica: no stall") {
  for (std::uint32_t mute = 1; mute < 4; ++mute) {
    for (std::uint32_t mask = 0; mask < 16; ++mask) {
      CAPTURE(mute);
      CAPTURE(mask);
      Cluster cluster(with_tags());
      const ClientId rogue = cluster.rogue();
      cluster.replica(mute).corrupt(saying(only_vouches));  // it promises, and says no more
      std::set<ReplicaId> right;
      for (std::uint32_t id = 0; id < 4; ++id) {
        if ((mask >> id & 1) != 0) right.insert(ReplicaId{id});
      }
      tell(cluster, {0, 1, 2, 3}, cluster.forge().tagged(rogue, 1, {"odd"}, right));
      cluster.client(0).send("x");
      cluster.settle();
      CHECK(cluster.client(0).last().is_ok());
      CHECK(cluster.client(0).last().latency() < 50ms);
      cluster.run_for(2s);
      CHECK(cluster.all().view_changes_started() == 0);
      // The primary and two backups have to be able to check it, the mute one included.
      const bool introduced = (mask & 1) != 0 && right.size() >= 3;
      CHECK(cluster.history().executions(rogue, "odd") == (introduced ? 1 : 0));
    }
  }
}

TEST_CASE("tags: wrong ones never stall others nor cause a view change") {
  Cluster cluster(with_tags(7));
  const ClientId rogue = cluster.rogue();
  for (std::uint64_t number = 1; number <= 128; ++number) {
    std::set<ReplicaId> right;
    for (std::uint32_t id = 0; id < 7; ++id) {
      if (((number - 1) >> id & 1) != 0) right.insert(ReplicaId{id});
    }
    const core::RequestPtr odd =
        cluster.forge().tagged(rogue, number, {"odd" + std::to_string(number)}, right);
    tell(cluster, {0, 1, 2, 3, 4, 5, 6}, odd);
    cluster.client(0).send("x" + std::to_string(number));
    cluster.settle();
    REQUIRE(cluster.client(0).last().is_ok());
    CHECK(cluster.client(0).last().latency() < 50ms);
  }
  cluster.run_for(5s);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("tags: a flood of requests that nobody vouches for leaves room for others") {
  Cluster cluster(with_tags());
  for (std::uint64_t number = 1; number <= 3000; ++number) {
    tell(cluster, {0}, cluster.forge().tagged(cluster.rogue(), number, {"odd"}, only({0})));
  }
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
  CHECK(cluster.replica(0).rejections(Rejection::pool_full) > 0);
  CHECK(cluster.all().view_changes_started() == 0);
  cluster.run_for(1s);  // what found nobody has left
  cluster.client(0).send("y");
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
}

TEST_CASE("tags: what f backups falsely refuse to vouch for is executed without a signature") {
  Cluster cluster(with_tags(7));
  for (std::uint32_t id : {2U, 5U}) {
    cluster.network().alter<Vouch>([](Vouch& vouch) { vouch.requests.clear(); }).from(ReplicaId{id});
    cluster.replica(id).distrust();
  }
  Signed signatures(cluster);
  cluster.client(0).send("x");
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
  CHECK(signatures.count == 0);
}

TEST_CASE("tags: false refusals by too many cost only the signature path") {
  Cluster cluster(with_tags());
  cluster.network().alter<Vouch>([](Vouch& vouch) { vouch.requests.clear(); });
  cluster.client(0).send("x");
  cluster.run_for(500ms);
  CHECK(cluster.client(0).last().is_ok());
  cluster.client(0).send("y");  // at once: the client has learnt
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
  CHECK(cluster.client(0).last().latency() < 50ms);
  CHECK(cluster.all().view_changes_started() == 0);

  cluster.network().heal();
  cluster.run_for(2s);
  Signed signatures(cluster);
  cluster.client(0).send("z");  // and tries again
  cluster.settle();
  CHECK(cluster.client(0).last().is_ok());
  CHECK(signatures.count == 0);
}

TEST_CASE("tags: a request that the primary invents is never executed, though f replicas vote for it") {
  for (std::uint32_t n : {4U, 7U}) {
    Cluster cluster(with_tags(n));
    const std::uint32_t f = cluster.quorums().f();
    // The primary and f-1 backups are faulty, and all of them vote for it.
    const core::RequestPtr forged =
        cluster.forge().tagged(ClientId{1}, cluster.wall().unix_us, {"forged"}, {});
    const core::BodyPtr body = cluster.forge().body(cluster.wall(), {forged});
    const core::PrePrepare proposal = cluster.forge().pre_prepare(View{0}, cluster.next(), body);
    for (std::uint32_t id = 0; id < f; ++id) cluster.replica(id).distrust();
    for (std::uint32_t to = f; to < n; ++to) {
      cluster.network().inject(ReplicaId{0}, ReplicaId{to}, proposal);
      for (std::uint32_t by = 1; by < f; ++by) {
        cluster.network().inject(ReplicaId{by}, ReplicaId{to},
                                 cluster.forge().prepare(ReplicaId{by}, proposal.header));
        cluster.network().inject(ReplicaId{by}, ReplicaId{to},
                                 cluster.forge().commit(ReplicaId{by}, proposal.header));
      }
    }
    cluster.run_for(100ms);
    CHECK(cluster.replica(f).rejections(Rejection::wrong_tag) > 0);
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(cluster.history().executions(ClientId{1}, "forged") == 0);
    CHECK(cluster.all().view_changes_started() > 0);  // it holds up its own view
  }
}

TEST_CASE("tags: a primary that spoils them for some backups is replaced, not believed") {
  Cluster cluster(with_tags());
  cluster.replica(0).corrupt(saying([](const core::MessagePtr& message) {
    const auto* mine = std::get_if<Introduction>(message.get());
    if (mine == nullptr) return message;
    Introduction spoilt = *mine;
    for (Introduction::Item& item : spoilt.items) item.tag.bytes[0] ^= 1;
    return std::make_shared<const core::Message>(spoilt);
  }));
  cluster.client(0).send("x");
  cluster.run_for(500ms);
  CHECK(cluster.client(0).last().is_ok());  // signed
}

TEST_CASE("tags: a primary that proposes what nobody was shown is vouched for by f+1 votes or replaced") {
  Cluster cluster(with_tags());
  // A right request, proposed without an introduction.
  const core::RequestPtr request = cluster.forge().tagged(cluster.rogue(), 1, {"odd"});
  const core::BodyPtr body = cluster.forge().body(cluster.wall(), {request});
  const core::PrePrepare proposal = cluster.forge().pre_prepare(View{0}, cluster.next(), body);
  cluster.replica(0).distrust();
  for (std::uint32_t to = 1; to < 4; ++to) cluster.network().inject(ReplicaId{0}, ReplicaId{to}, proposal);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.history().executions(cluster.rogue(), "odd") == 0);
}

TEST_CASE("tags: f+1 votes, the primary's among them, vouch to a backup that cannot check") {
  Cluster cluster(with_tags());
  cluster.replica(3).corrupt("mute");
  // Replica 2 promises nothing, yet its vote is needed: it follows the primary and replica 1.
  const core::RequestPtr request = cluster.forge().tagged(cluster.rogue(), 1, {"odd"}, only({0, 1, 3}));
  cluster.replica(3).corrupt(saying(only_vouches));
  tell(cluster, {0}, request);
  cluster.settle();
  CHECK(cluster.replicas(0, 1, 2).have_executed(cluster.history().last()));
  CHECK(cluster.history().executions(cluster.rogue(), "odd") == 1);
  CHECK(cluster.replica(2).rejections(Rejection::wrong_tag) > 0);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("tags: a request that was sent with tags and again signed is executed once") {
  Cluster cluster(with_tags());
  const ClientId rogue = cluster.rogue();
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const std::string body = "once" + std::to_string(number);
    const core::RequestPtr tagged = cluster.forge().tagged(rogue, number, {body});
    const core::RequestPtr same = cluster.forge().request(rogue, number, {body}, number);
    CHECK(tagged->digest == same->digest);
    if (number % 2 == 0) tell(cluster, {0}, tagged);
    cluster.run_for(Duration{static_cast<Duration::rep>(number) * 300});  // any moment of its way
    tell(cluster, {0, 1, 2, 3}, same);
    if (number % 2 == 1) tell(cluster, {0}, tagged);
    cluster.settle();
    CHECK(cluster.history().executions(rogue, body) == 1);
  }
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("tags: answers lost, the client signs and gets the first result") {
  Cluster cluster(with_tags());
  cluster.network().drop<Reply>().only(4);
  Signed signatures(cluster);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  CHECK(cluster.client(0).last().result == "1:x");
  CHECK(signatures.count > 0);
  CHECK(cluster.history().executions(ClientId{1}, "x") == 1);
}

TEST_CASE("tags: a view change with requests on their way loses none and doubles none") {
  for (int moment = 0; moment < 12; ++moment) {
    CAPTURE(moment);
    ClusterOptions options = with_tags();
    options.clients = 3;
    Cluster cluster(options);
    for (std::size_t client = 0; client < 3; ++client) {
      cluster.client(client).send("a" + std::to_string(client));
    }
    cluster.run_for(Duration{moment * 600});
    cluster.replica(0).stop();
    for (std::size_t client = 0; client < 3; ++client) {
      cluster.client(client).send("b" + std::to_string(client));
    }
    cluster.run_until_answered();
    for (std::size_t client = 0; client < 3; ++client) CHECK(cluster.client(client).last().is_ok());

    // In the new view tags are as good as before.
    cluster.run_for(3s);
    Signed signatures(cluster);
    cluster.client(0).send("c");
    cluster.settle();
    CHECK(cluster.client(0).last().is_ok());
    CHECK(signatures.count == 0);
  }
}

TEST_CASE("tags: what a primary had introduced in vain is brought to the next one") {
  Cluster cluster(with_tags());
  cluster.network().drop<Vouch>().to(0);
  cluster.network().drop<PrePrepare>().from(0);
  cluster.client(0).send("x");
  cluster.run_for(300ms);
  std::uint64_t told = 0;
  while (cluster.all().view_changes_started() == 0) {
    ++told;
    tell(cluster, {0}, cluster.forge().tagged(cluster.rogue(), told, {"odd" + std::to_string(told)}));
    cluster.run_for(20ms);
  }
  cluster.run_for(500ms);
  CHECK(cluster.history().executions(cluster.rogue(), "odd" + std::to_string(told)) == 1);
}

TEST_CASE("tags: who is writing the NewView of a view down vouches in it already") {
  Cluster cluster(with_tags());
  cluster.replica(2).tempo.persist = cluster.replica(3).tempo.persist = 30ms;
  cluster.replica(0).stop();
  cluster.client(0).send("x");
  cluster.run_until("the new primary is in office", [&] { return cluster.replicas(1).are_in_view(View{1}); });
  CHECK_FALSE(cluster.replicas(2).are_in_view(View{1}));
  tell(cluster, {1}, cluster.forge().tagged(cluster.rogue(), 1, {"odd"}));
  cluster.run_for(500ms);
  CHECK(cluster.history().executions(cluster.rogue(), "odd") == 1);
  CHECK(cluster.replica(1).state().view == View{1});
}

TEST_CASE("tags: they are of use again when answers that were lost come through again") {
  Cluster cluster(with_tags());
  cluster.network().drop<Vouch>();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    tell(cluster, {0}, cluster.forge().tagged(cluster.rogue(), number, {"odd"}));
    cluster.run_for(10ms);
  }
  cluster.network().heal();
  cluster.run_for(1s);
  Signed signatures(cluster);
  cluster.client(0).send("x");
  cluster.run_for(100ms);
  CHECK(cluster.all_answered());
  CHECK(signatures.count == 0);
}

TEST_CASE("tags: a promise that backups have forgotten, since its request is void, is kept all the same") {
  Cluster cluster(with_tags());
  const ClientId rogue = cluster.rogue();
  sim::Rule& held = cluster.network().hold<Vouch>();
  for (std::uint64_t number = 1; number <= 1024; ++number) {
    tell(cluster, {0}, cluster.forge().tagged(rogue, number, {"void"}));
  }
  cluster.settle();  // all backups have vouched for all that one client may have
  cluster.network().delay<Commit>(150ms).to(0);
  tell(cluster, {0}, cluster.forge().request(rogue, 1100, {"later"}, 1100));
  cluster.run_for(20ms);
  CHECK(cluster.replicas(1, 2, 3).have_executed(cluster.history().last()));
  CHECK_FALSE(cluster.replicas(0).have_executed(cluster.history().last()));
  // One more, and there is room for it: the others are void.
  const core::RequestPtr more = cluster.forge().tagged(rogue, 1101, {"more"});
  for (std::uint32_t to = 1; to < 4; ++to) {
    cluster.network().inject(ReplicaId{0}, ReplicaId{to},
                             Introduction{View{0}, 99, {{more, more->tags[to]}}});
  }
  cluster.run_for(10ms);
  // The primary hears of the promises before it knows.
  cluster.network().lift(held);
  cluster.network().release();
  cluster.run_for(2s);
  CHECK(cluster.all().view_changes_started() == 0);
  CHECK(cluster.history().executions(rogue, "void") == 0);
  CHECK(cluster.history().executions(rogue, "later") == 1);
}

TEST_CASE("tags: a backup passes on what it cannot check, and is not blamed for it") {
  Cluster cluster(with_tags());
  tell(cluster, {1, 2, 3}, cluster.forge().tagged(cluster.rogue(), 1, {"odd"}, only({1, 2, 3})));
  cluster.run_for(2s);
  CHECK(cluster.history().executions(cluster.rogue(), "odd") == 0);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("tags: introductions by others than the primary, and of other views, promise nothing") {
  Cluster cluster(with_tags());
  const core::RequestPtr request = cluster.forge().tagged(cluster.rogue(), 1, {"odd"});
  for (const View view : {View{0}, View{1}, View{4}}) {
    const Introduction introduction{view, 1, {{request, request->tags[2]}}};
    cluster.network().inject(ReplicaId{1}, ReplicaId{2}, introduction);
  }
  std::size_t vouches = 0;
  cluster.network().watch<Vouch>([&](const Vouch&) { ++vouches; });
  cluster.settle();
  CHECK(vouches == 0);
  CHECK(cluster.replica(2).rejections(Rejection::not_primary) == 2);
  CHECK(cluster.replica(2).rejections(Rejection::wrong_view) == 1);
}

}  // namespace pbft
