// What floods must not take from the others.
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

}  // namespace pbft
