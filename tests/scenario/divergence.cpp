// A replica whose state is not the agreed one.
#include "scenario/disk_fixture.hpp"

namespace pbft {

namespace {

sim::BigState& state_of(Cluster& cluster, std::uint32_t replica) {
  return dynamic_cast<sim::BigState&>(cluster.replica(replica).machine());
}

/// Of the log and what follows it, as BigState saves them.
constexpr std::size_t head_bytes = 16;

}  // namespace

TEST_CASE(
    "scenario 22: a diverged replica stops answering, reports chunk and range, repairs itself, answers "
    "again") {
  for (auto storage : {sim::Storage::memory, sim::Storage::disk}) {
    ClusterOptions options = with_big_state(on_disk());
    options.storage = storage;
    Cluster cluster(options);
    send(cluster, 5);
    cluster.settle();
    constexpr std::size_t spoilt = 900'000;
    cluster.replica(2).distrust_state();
    state_of(cluster, 2).flip_bit(spoilt);
    std::size_t answers = 0;
    cluster.network().watch<Reply>([&](const Reply&) { ++answers; }).from(2);

    sim::Rule& blocks = cluster.network().hold<core::StateBlock>().to(2);
    send(cluster, 4, "y");
    cluster.run_until("it notices", [&] { return !cluster.replica(2).state().answering; }, 1s);
    REQUIRE(cluster.replica(2).reports<core::Diverged>().size() == 1);
    answers = 0;
    send(cluster, 3, "z");
    CHECK(answers == 0);

    cluster.network().lift(blocks);
    cluster.network().release();
    cluster.run_until("it is repaired", [&] { return cluster.replica(2).state().answering; }, 3s);
    const auto repaired = cluster.replica(2).reports<core::Repaired>();
    REQUIRE(repaired.size() == 1);
    if (repaired[0].difference) {
      CHECK(repaired[0].difference->from <= spoilt + head_bytes);
      CHECK(repaired[0].difference->to > spoilt + head_bytes);
    }
    CHECK(repaired[0].difference.has_value());
    send(cluster, 3, "answered");
    CHECK(answers >= 3);
    cluster.replica(1).stop();  // its vote counts
    send(cluster, 6, "last");
    CHECK(cluster.all().rejections(Rejection::conflicting) == 0);
  }
}

TEST_CASE("scenario 22: a diverged replica that restarts in the middle repairs itself all the same") {
  Cluster cluster(with_big_state(on_disk()));
  send(cluster, 5);
  cluster.settle();
  cluster.replica(2).distrust_state();
  state_of(cluster, 2).flip_bit(900'000);
  cluster.network().hold<core::StateBlock>().to(2);
  send(cluster, 4, "y");
  cluster.run_until("it notices", [&] { return !cluster.replica(2).state().answering; }, 1s);
  // Its newest checkpoint is one more that nobody shares, and it does not hear what the others agree on
  // there.
  cluster.network().drop<Checkpoint>().to(2);
  cluster.network().drop<core::CheckpointProof>().to(2);
  send(cluster, 4, "z");
  cluster.settle();
  REQUIRE(cluster.replica(2).state().checkpoint > cluster.replica(2).state().stable);
  cluster.replica(2).lose_power(3);
  REQUIRE(cluster.replica(2).restart());
  cluster.run_for(300ms);
  CHECK(!cluster.replica(2).state().answering);
  cluster.network().heal();
  cluster.run_until("it is repaired", [&] { return cluster.replica(2).state().answering; }, 3s);
}

TEST_CASE("scenario 22: conflicting checkpoint digests: none is falsely stable") {
  Cluster cluster(on_disk());
  // Replica 3 says something else; replica 2 does nothing for a while.
  cluster.replica(3).distrust();
  cluster.network()
      .alter<Checkpoint>([&](Checkpoint& message) {
        Digest lie = message.state;
        lie.bytes[0] ^= 1;
        message = cluster.forge().checkpoint(ReplicaId{3}, message.seq, lie);
      })
      .from(3);
  cluster.network().drop<core::CheckpointProof>().from(
      3);  // it has the right one, as it gets the others' votes
  cluster.replica(2).pause();
  send(cluster, 4);
  cluster.run_for(200ms);
  for (std::uint32_t id : {0U, 1U}) {
    CHECK(cluster.replica(id).state().stable == SeqNum{});
    CHECK(cluster.replica(id).reports<core::NoAgreement>().empty());
  }
  cluster.replica(2).resume();
  send(cluster, 4, "y");
  cluster.run_for(1s);
  CHECK(cluster.replica(0).state().stable >= SeqNum{4});
}

namespace {
/// "dice" writes what no two replicas agree on.
class Gambler : public sim::BigState {
 public:
  Gambler(std::size_t bytes, int luck) : BigState(bytes), luck_(luck) {}
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (to_text(operation.body).starts_with("dice")) {
      for (int i = 0; i < luck_; ++i) flip_bit(700'000 + static_cast<std::size_t>(i));
    }
    return BigState::execute(operation, agreed);
  }

 private:
  int luck_;
};

/// `lucky`: a bit for each replica that has luck of its own.
ClusterOptions casino(unsigned lucky) {
  ClusterOptions options = on_disk();
  options.machine = [lucky, made = std::make_shared<unsigned>(0)] {
    const unsigned id = (*made)++;
    return std::make_unique<Gambler>(big_bytes, (lucky >> id & 1) != 0 ? static_cast<int>(id) : 0);
  };
  return options;
}
}  // namespace

TEST_CASE(
    "scenario 40: a state machine that is not deterministic: found at the next checkpoint, named by first "
    "chunk") {
  Cluster cluster(casino(0b0100));
  send(cluster, 5);
  cluster.settle();
  for (int round = 1; round <= 2; ++round) {
    CAPTURE(round);
    cluster.replica(2).distrust_state();
    const SeqNum rolled = cluster.next();
    send(cluster, 1, "dice" + std::to_string(round));
    const SeqNum checkpoint{(rolled.value + 3) / 4 * 4};
    send(cluster, static_cast<int>(checkpoint.value - rolled.value), "x" + std::to_string(round));
    cluster.run_until(
        "it is repaired",
        [&] {
          return cluster.replica(2).reports<core::Repaired>().size() == static_cast<std::size_t>(round);
        },
        3s);
    CHECK(cluster.replica(2).reports<core::Diverged>().back().seq == checkpoint);
    const auto repaired = cluster.replica(2).reports<core::Repaired>().back();
    REQUIRE(repaired.difference.has_value());
    CHECK(repaired.difference->from <= 700'000 + head_bytes);
    CHECK(repaired.difference->to > 700'000 + head_bytes);
    send(cluster, 2, "after" + std::to_string(round));
  }
  for (std::uint32_t id : {0U, 1U, 3U}) CHECK(cluster.replica(id).reports<core::Diverged>().empty());
}

TEST_CASE(
    "scenario 40: a state machine that is deterministic nowhere: all halt and say so, no state spreads") {
  Cluster cluster(casino(0b1111));
  send(cluster, 5);
  cluster.settle();
  for (std::uint32_t id = 0; id < 4; ++id) cluster.replica(id).distrust_state();
  cluster.client(0).send("dice");
  cluster.run_for(50ms);
  for (int i = 0; i < 8; ++i) cluster.client(0).send("y" + std::to_string(i));
  cluster.run_for(5s);
  for (std::uint32_t id = 0; id < 4; ++id) {
    CAPTURE(id);
    CHECK(cluster.replica(id).reports<core::NoAgreement>().size() == 1);
    CHECK(!cluster.replica(id).state().answering);
    CHECK(cluster.replica(id).reports<core::StateTaken>().empty());
  }
  cluster.expect_no_progress();
}

}  // namespace pbft
