// A replica that the others have left behind takes the state from them.
#include "core/state_tree.hpp"
#include "scenario/disk_fixture.hpp"

namespace pbft {

namespace {

/// Replica 3 is away until the others keep no batches for it any more.
void leave_behind(Cluster& cluster, int operations = 100) {
  cluster.replica(3).stop();
  send(cluster, operations, "away");
  cluster.settle();
}

bool has_caught_up(const Cluster& cluster, std::uint32_t replica = 3) {
  return cluster.replica(replica).reports<core::StateTaken>().size() > 0 &&
         cluster.history().executed_by(ReplicaId{replica}) == cluster.history().last();
}

void run_until_caught_up(Cluster& cluster, Duration limit = 10s) {
  cluster.run_until("replica 3 has caught up", [&] { return has_caught_up(cluster); }, limit);
}

}  // namespace

TEST_CASE("transfer: a replica that was away for many checkpoints takes the blocks that differ, and votes") {
  Cluster cluster(with_big_state(on_disk()));
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  REQUIRE(cluster.replica(3).restart());
  run_until_caught_up(cluster);
  const auto taken = cluster.replica(3).reports<core::StateTaken>();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].seq == cluster.replica(0).state().stable);
  CHECK(taken[0].bytes > 0);
  CHECK(taken[0].bytes < big_bytes / 2);  // three quarters of the state are as they were
  CHECK(cluster.replica(3).reports<core::DonorDropped>().empty());
  cluster.replica(1).stop();  // now its vote is needed
  send(cluster, 3, "y");
}

TEST_CASE("transfer: a replica without a disk takes everything") {
  ClusterOptions options = with_big_state(on_disk());
  options.storage = sim::Storage::memory;
  Cluster cluster(options);
  send(cluster, 100);
  cluster.settle();
  cluster.replica(3).stop();
  REQUIRE(cluster.replica(3).restart());
  send(cluster, 10, "y");
  run_until_caught_up(cluster);
  CHECK(cluster.replica(3).reports<core::StateTaken>()[0].bytes > big_bytes);
}

TEST_CASE(
    "scenario 23: lying, slow or vanishing donors: each chunk is verified, the state comes from the others") {
  Cluster cluster(with_big_state(on_disk()));
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  cluster.replica(1).distrust();
  std::size_t lies = 0;
  cluster.network()
      .alter<core::StateBlock>([&](core::StateBlock& message) {
        Bytes changed = *message.block;
        changed.back() ^= 1;
        message.block = std::make_shared<const Bytes>(std::move(changed));
        ++lies;
      })
      .from(1);
  cluster.network().delay<core::StateBlock>(30s).from(2);
  REQUIRE(cluster.replica(3).restart());
  run_until_caught_up(cluster, 5s);
  const auto dropped = cluster.replica(3).reports<core::DonorDropped>();
  CHECK(lies > 0);
  CHECK(cluster.replicas(3).rejections(Rejection::bad_block) >= 1);
  for (std::uint32_t donor : {1U, 2U}) {
    CAPTURE(donor);
    CHECK(std::any_of(dropped.begin(), dropped.end(), [&](const auto& d) { return d.donor.value == donor; }));
  }
}

TEST_CASE(
    "scenario 23: a donor that ends in the middle: the state comes from the others, and progress with it") {
  Cluster cluster(with_big_state(on_disk()));
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  std::size_t blocks = 0;
  cluster.network()
      .watch<core::StateBlock>([&](const core::StateBlock&) {
        if (++blocks == 2) cluster.after(Duration{}, [&] { cluster.replica(1).stop(); });
      })
      .from(1);
  REQUIRE(cluster.replica(3).restart());
  cluster.run_until("a donor is gone", [&] { return cluster.replica(1).is_stopped(); });
  send(cluster, 1, "y");  // with replicas 0, 2 and 3
  run_until_caught_up(cluster, 100ms);
}

TEST_CASE("scenario 23: all donors vanish and come back: what is here is not asked for again") {
  ClusterOptions options = with_big_state(on_disk());
  options.tempo.block = 5ms;
  Cluster cluster(options);
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  std::size_t blocks = 0;
  cluster.network().watch<core::StateBlock>([&](const core::StateBlock&) { ++blocks; });
  REQUIRE(cluster.replica(3).restart());
  cluster.run_until("some blocks are here", [&] { return blocks >= 4; });
  cluster.network().isolate({ReplicaId{3}}, 4);
  cluster.run_for(5s);
  cluster.network().mend();
  run_until_caught_up(cluster);
  const auto taken = cluster.replica(3).reports<core::StateTaken>();
  CHECK(blocks <= taken[0].blocks + 3 * 8 + 4);  // what was on its way when the link broke
}

TEST_CASE("scenario 23: the fetcher loses power in the middle: it begins with what its disk holds") {
  ClusterOptions options = with_big_state(on_disk());
  options.tempo.block = 5ms;
  Cluster cluster(options);
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    REQUIRE(cluster.replica(3).restart());
    cluster.run_for(static_cast<std::int64_t>(round) * 7ms + 100ms);
    if (cluster.replica(3).reports<core::StateTaken>().empty()) cluster.replica(3).lose_power(round);
    if (!cluster.replica(3).is_stopped()) break;
  }
  if (cluster.replica(3).is_stopped()) REQUIRE(cluster.replica(3).restart());
  run_until_caught_up(cluster);
}

TEST_CASE("transfer: the batches come after all, while the last block is on its way") {
  Cluster cluster(with_big_state(on_disk()));
  send(cluster, 8);
  cluster.settle();
  // Replica 3 hears that others are ahead, and nothing that would bring it forward.
  sim::Rule& commits = cluster.network().drop<Commit>().to(3);
  send(cluster, 9, "y");
  cluster.run_until("it collects", [&] { return cluster.replica(3).state().collecting; });
  sim::Rule& blocks = cluster.network().hold<core::StateBlock>().to(3);
  cluster.run_for(150ms);
  const SeqNum target = cluster.replica(3).reports<core::StateNeeded>().back().target;
  cluster.network().lift(commits);
  cluster.run_until("its own snapshot is there",
                    [&] { return cluster.replica(3).state().checkpoint >= target; });
  cluster.network().lift(blocks);
  cluster.network().release();
  cluster.settle();
  send(cluster, 20, "z");
  CHECK(cluster.replica(3).refusal() == "");
  CHECK(cluster.replica(3).is_running());
}

TEST_CASE("scenario 24: view change, state transfer and window movement at once: each operation once") {
  for (std::uint32_t n : {4U, 7U}) {
    CAPTURE(n);
    ClusterOptions options = with_big_state(on_disk());
    options.replicas = n;
    options.tempo.block = 2ms;
    Cluster cluster(options);
    send(cluster, 8);
    cluster.settle();
    leave_behind(cluster);
    keep_busy(cluster, 7ms, 2s);
    REQUIRE(cluster.replica(3).restart());
    cluster.run_until("it collects", [&] { return cluster.replica(3).state().collecting; });
    cluster.replica(0).pause();  // with n = 4 nothing goes on before the state is here
    cluster.run_until_view(View{1});
    const SeqNum then = cluster.history().last();
    cluster.run_until("the window moves", [&] { return cluster.history().last().value > then.value + 12; });
    if (n == 4) CHECK(!cluster.replica(3).reports<core::StateTaken>().empty());
    cluster.replica(0).resume();
    run_until_caught_up(cluster);
  }
}

TEST_CASE("scenario p: fetch of a large state while the cluster makes a checkpoint every 25 ms: completes") {
  ClusterOptions options = with_big_state(on_disk());
  options.limits.max_transfer_bytes = 64 * 1024;  // a tick: it takes longer than many checkpoints
  options.limits.status_interval = 200ms;
  Cluster cluster(options);
  send(cluster, 8);
  cluster.settle();
  leave_behind(cluster);
  cluster.replica(3).lose_data();
  keep_busy(cluster, 6ms, 4s);
  REQUIRE(cluster.replica(3).restart());
  const SeqNum began = cluster.replica(0).state().stable;
  cluster.run_until(
      "the state is here", [&] { return !cluster.replica(3).reports<core::StateTaken>().empty(); }, 3s);
  const SeqNum ended = cluster.replica(0).state().stable;
  CHECK(ended.value - began.value > 10 * 4);
  cluster.run_for(1s);
  CHECK(cluster.history().last().value - cluster.history().executed_by(ReplicaId{3}).value < 10);
}

TEST_CASE(
    "scenario p: who hears of each checkpoint late, when the next one is near, gets a state all the same") {
  ClusterOptions options = with_big_state(on_disk(2));
  options.limits.status_interval = 168ms;
  Cluster cluster(options);
  cluster.replica(3).stop();
  send(cluster, 100);
  // Replica 0 is mute towards it, so that it learns of checkpoints by proofs alone, in answer to its Status.
  cluster.replica(0).distrust();
  cluster.network().drop().from(0).to(3);
  REQUIRE(cluster.replica(3).restart());
  keep_busy(cluster, 100ms, 40s);
  cluster.run_until(
      "it has taken a state", [&] { return cluster.replica(3).state().executed > SeqNum{90}; }, 20s);
}

}  // namespace pbft
