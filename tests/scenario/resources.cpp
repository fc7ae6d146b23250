// What floods must not take from the others.
#include <algorithm>
#include <string>

#include "scenario/fixture.hpp"

namespace pbft {

TEST_CASE("scenario h: faulty clients fill the primary's pool: no view change, correct clients complete") {
  ClusterOptions options;
  options.rogue_clients = 2;
  options.limits.max_pool_bytes_per_client = 16 * 1024;
  Cluster cluster(options);
  std::uint64_t number = 1;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t rogue : {0U, 1U}) {
      for (std::uint64_t i = 0; i < 20; ++i) {
        const core::RequestPtr junk =
            cluster.forge().request(cluster.rogue(rogue), number + i, {std::string(2000, 'j')}, number);
        cluster.network().inject(junk->client, ReplicaId{0}, RequestMessage{junk, 0});
        cluster.network().inject(junk->client, ReplicaId{1}, RequestMessage{junk, 0});
      }
    }
    number += 20;
    cluster.client(0).send("x");
    cluster.run_for(40ms);
    CHECK(cluster.all_answered());
    for (std::uint32_t i = 0; i < 4; ++i) CHECK(cluster.replica(i).state().waiting_bytes < 100 * 1024);
  }
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 31: a retransmission storm: answers are bounded, others are served") {
  ClusterOptions options;
  options.clients = 2;
  Cluster cluster(options);
  cluster.client(0).send("x");
  cluster.run_until_answered();
  const core::RequestPtr again = cluster.forge().request(ClientId{1}, 1, {"old"});
  for (int i = 0; i < 2000; ++i) {
    for (std::uint32_t to = 0; to < 4; ++to) {
      cluster.network().inject(ClientId{1}, ReplicaId{to}, RequestMessage{again, 0});
    }
  }
  const std::uint64_t before = cluster.network().sent();
  cluster.client(1).send("y");
  cluster.run_until_answered();
  cluster.settle();
  CHECK(cluster.client(1).last().latency() < 20ms);
  CHECK(cluster.network().sent() - before <
        4 * 2000 + 200);  // one answer each at most, and nothing among replicas
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE(
    "scenario 34: floods of validly signed useless messages: refused by name, others are served as before") {
  ClusterOptions options;
  options.replicas = 7;
  options.rogue_clients = 1;
  core::BatchHeader known;
  Cluster cluster(options);
  cluster.network().watch<PrePrepare>([&](const PrePrepare& message) { known = message.header; });
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  const Duration usual = cluster.client(0).last().latency();

  for (std::uint32_t liar : {5U, 6U}) cluster.replica(liar).distrust();
  const auto& forge = cluster.forge();
  const core::RequestPtr again = forge.request(cluster.rogue(), 1, {"again"});
  const core::BatchHeader voted = known;
  for (int round = 0; round < 50; ++round) {
    for (std::uint32_t to = 0; to < 5; ++to) {
      const ReplicaId victim{to}, liar{5 + static_cast<std::uint32_t>(round) % 2};
      for (int i = 0; i < 4; ++i) {
        cluster.network().inject(again->client, victim, RequestMessage{again, 0});
        cluster.network().inject(liar, victim, forge.prepare(liar, voted));
        cluster.network().inject(liar, victim, forge.commit(liar, voted));
        cluster.network().inject(liar, victim, core::FetchBody{SeqNum{1}, Digest{}});
        cluster.network().inject(liar, victim, core::FetchViewChange{ReplicaId{1}, Digest{}});
        cluster.network().inject(liar, victim, Status{});
      }
    }
    cluster.client(0).send("x");
    cluster.run_until_answered();
    CHECK(cluster.client(0).last().latency() <= usual + 1ms);
  }
  for (const Rejection reason : {Rejection::repeated, Rejection::not_held, Rejection::too_often}) {
    CHECK(cluster.replicas(0, 1, 2, 3, 4).rejections(reason) > 0);
  }
  CHECK(cluster.replicas(0, 1, 2, 3, 4).view_changes_started() == 0);
}

TEST_CASE(
    "scenario 35: floods of future views, sequence numbers and digests: what is held of them stays bounded") {
  ClusterOptions options;
  options.agreed.checkpoint_interval = 8;
  Cluster cluster(options);
  cluster.replica(3).distrust();
  const auto& forge = cluster.forge();
  sim::Random random(7);
  const auto number = [&] {
    return random.chance(0.5) ? random.below(64) : random.next() >> random.below(64);
  };
  for (int i = 0; i < 3000; ++i) {
    core::BatchHeader header{View{number()}, SeqNum{number()}, Digest{}};
    header.digest.bytes[0] = static_cast<std::uint8_t>(random.below(256));
    const ReplicaId liar{3}, victim{static_cast<std::uint32_t>(random.below(3))};
    core::BatchHeader own = header;
    own.view = View{own.view.value / 4 * 4 + 3};  // of which it is the primary
    cluster.network().inject(liar, victim, forge.prepare(liar, header));
    cluster.network().inject(liar, victim, forge.commit(liar, header));
    cluster.network().inject(liar, victim, forge.pre_prepare(own, nullptr));
    cluster.network().inject(liar, victim, forge.checkpoint(liar, header.seq, header.digest));
    cluster.network().inject(liar, victim, forge.complaint(liar, header.view, header.seq));
    if (i % 100 == 0) {
      cluster.client(0).send("x");
      cluster.run_until_answered();
    }
  }
  cluster.settle();
  const std::uint64_t window = options.agreed.window() + options.agreed.checkpoint_interval;
  for (std::uint32_t id : {0U, 1U, 2U}) {
    const core::ReplicaState state = cluster.replica(id).state();
    CHECK(state.slots <= window + 16 * options.agreed.checkpoint_interval);  // with what is kept below
    CHECK(cluster.replica(id).view_changes_started() == 0);
  }
}

TEST_CASE("what is none of its sender's business is refused by name, and nothing comes of it") {
  Cluster cluster({.rogue_clients = 1});
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  cluster.replica(3).distrust();
  const auto& forge = cluster.forge();
  const ReplicaId liar{3}, victim{1};
  const ClientId rogue = cluster.rogue();
  const core::BodyPtr body = forge.body(cluster.wall(), {});
  const core::BatchHeader header{View{0}, cluster.next(), body->digest};
  const core::RequestPtr request = forge.request(rogue, 1, {"x"});
  core::NewView entered;
  entered.view = View{3};
  entered.sources = {{ReplicaId{0}, body->digest}};
  core::CheckpointProof unproven{SeqNum{128}, body->digest, {}};
  core::CheckpointProof astray{SeqNum{129}, body->digest, {}};
  const std::vector<std::pair<Rejection, core::Message>> from_replica{
      {Rejection::wrong_link,
       Reply{{}, {}, rogue, {{RequestNumber{1}, {}, core::Outcome::executed, Bytes{}}}}},
      {Rejection::wrong_link, core::Query{RequestNumber{1}, 0, {{core::QueryNumber{1}, Bytes{1}}}}},
      {Rejection::not_primary, forge.prepare(ReplicaId{0}, header)},
      {Rejection::not_primary, core::Introduction{View{0}, 1, {{request, {}}}}},
      {Rejection::wrong_view, core::Vouch{View{0}, 1, {request->digest}}},
      {Rejection::wrong_view, core::Vouch{View{1}, 1, {request->digest}}},
      {Rejection::wrong_view, forge.pre_prepare({View{3}, header.seq, header.digest}, body)},
      {Rejection::not_asked_for, core::BodyMessage{header.seq, body}},
      {Rejection::outside_window, forge.checkpoint(liar, SeqNum{129}, body->digest)},
      {Rejection::bad_certificate, unproven},
      {Rejection::bad_certificate, astray},
      {Rejection::bad_new_view, forge.new_view(entered)},
      {Rejection::not_held, core::FetchBody{header.seq, body->digest}},
      {Rejection::not_held, core::FetchViewChange{ReplicaId{0}, body->digest}}};
  const std::vector<std::pair<Rejection, core::Message>> from_client{
      {Rejection::wrong_link, Status{}},
      {Rejection::wrong_link, RequestMessage{forge.request(ClientId{1}, 7, {"in another's name"}), 0}}};
  const auto refused = [&](Rejection reason, const sim::Node& sender, const core::Message& message) {
    CAPTURE(core::name_of(reason));
    const std::uint64_t before = cluster.replica(1).rejections(reason), sent = cluster.network().sent();
    cluster.network().inject(sender, victim, message);
    cluster.run_for(2ms);
    CHECK(cluster.replica(1).rejections(reason) == before + 1);
    CHECK(cluster.network().sent() == sent);
  };
  for (const auto& [reason, message] : from_replica) refused(reason, liar, message);
  for (const auto& [reason, message] : from_client) refused(reason, rogue, message);
  // Its own words, and those of somebody who is no member, do not come on a link.
  refused(Rejection::unknown_replica, victim, Status{});
  refused(Rejection::unknown_replica, ReplicaId{4}, Status{});
  cluster.replica(1).link_down(ReplicaId{4});
  cluster.client(0).send("y");
  cluster.run_until_answered();
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("what is kept for replicas behind is bounded in bytes") {
  ClusterOptions options;
  options.agreed.checkpoint_interval = 4;
  options.agreed.client_cache_bytes = 1024 * 1024;
  Cluster cluster(options);
  std::size_t most = 0;
  for (int round = 0; round < 8; ++round) {
    std::vector<std::string> large(16, std::string(250'000, static_cast<char>('a' + round)));
    cluster.client(0).send_together(large);
    cluster.run_until_answered();
    cluster.settle();
    most = std::max(most, cluster.replica(1).state().slots);
  }
  // 32 MB in batches of half a megabyte; of small ones sixteen intervals, 64, and more would be here.
  CHECK(cluster.history().last() > SeqNum{30});
  CHECK(most <= 33 + 8 + 2);
}

TEST_CASE("a fetcher that asks for more blocks than it may is told so, and served no faster") {
  Cluster cluster;
  cluster.client(0).send("x");
  cluster.run_until_answered();
  cluster.settle();
  cluster.replica(3).distrust();
  core::FetchState fetch;
  for (std::size_t i = 0; i < core::FetchState::max_blocks; ++i) {
    fetch.blocks.emplace_back();
    fetch.blocks.back().bytes[0] = static_cast<std::uint8_t>(i);
  }
  cluster.replica(1).tempo.block = 10ms;
  for (int i = 0; i < 3; ++i) {
    cluster.network().inject(ReplicaId{3}, ReplicaId{1}, fetch);
    for (Digest& block : fetch.blocks) ++block.bytes[1];
  }
  fetch.blocks[1] = fetch.blocks[0];  // asked for once
  cluster.network().inject(ReplicaId{3}, ReplicaId{1}, fetch);
  cluster.run_for(5ms);
  CHECK(cluster.replicas(1).rejections(Rejection::too_often) >= 2);
  cluster.client(0).send("y");
  cluster.run_until_answered(1s);
}

}  // namespace pbft
