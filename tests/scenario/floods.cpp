// What floods may cost the others: one operation in twenty, of replicas that are busy all the time.
#include <malloc.h>

#include <array>
#include <string>

#include "scenario/load.hpp"

namespace pbft {

namespace {

/// Reading costs what it costs on the measured machine (docs/performance.md), and clients have always more to
/// do than the replicas get done.
ClusterOptions busy() {
  ClusterOptions options;
  options.clients = 4;
  options.rogue_clients = 1;
  options.tempo.frame = 5us;
  options.tempo.signature = 60us;
  return options;
}

/// Operations answered within 400 ms of virtual time.
std::size_t throughput(Cluster& cluster) {
  Load load(cluster, 4, 16);
  load.run(100ms);
  return load.run(400ms);
}

std::size_t usual_throughput() {
  Cluster cluster(busy());
  return throughput(cluster);
}

/// What of it the heap holds.
std::size_t heap_bytes() { return ::mallinfo2().uordblks; }

}  // namespace

TEST_CASE("scenario 31: a retransmission storm: the others keep 95%, answers are bounded") {
  const std::size_t usual = usual_throughput();
  Cluster cluster(busy());
  cluster.let_loose(0, "storm(2000/s)");
  std::size_t storm = 0, answers = 0;
  cluster.network().watch<RequestMessage>([&](const RequestMessage&) { ++storm; }).from(cluster.rogue());
  cluster.network().watch<Reply>([&](const Reply&) { ++answers; }).to(cluster.rogue());
  const std::size_t kept = throughput(cluster);
  CHECK(usual > 1000);
  CHECK(kept >= usual * 95 / 100);
  CHECK(storm >= 4 * 900);
  CHECK(answers <= storm);
  CHECK(cluster.all().view_changes_started() == 0);
}

TEST_CASE("scenario 34: a flood of junk or of validly signed useless messages: the others keep 95%") {
  const std::size_t usual = usual_throughput();
  for (const std::string flood : {"junk-flood(10MB/s)", "valid-flood(1000/s)"}) {
    CAPTURE(flood);
    Cluster cluster(busy());
    cluster.replica(3).corrupt(flood);
    CHECK(throughput(cluster) >= usual * 95 / 100);
    CHECK(cluster.all().view_changes_started() == 0);
  }
}

namespace {

/// One of what replica 3 may say about views, sequence numbers and digests that are none of its business.
void lie(Cluster& cluster, sim::Random& random, ReplicaId victim) {
  const auto number = [&] {
    return random.chance(0.5) ? random.below(64) : random.next() >> random.below(64);
  };
  const ReplicaId liar{3};
  const auto& forge = cluster.forge();
  core::BatchHeader header{View{number()}, SeqNum{cluster.next().value + number()}, Digest{}};
  for (std::size_t i : {0U, 1U}) header.digest.bytes[i] = static_cast<std::uint8_t>(random.below(256));
  core::BatchHeader own = header;
  own.view = View{own.view.value / 4 * 4 + 3};  // of which it is the primary
  core::ViewChange change;
  change.new_view = header.view;
  change.sender = liar;
  core::NewView entered;
  entered.view = own.view;
  entered.first = header.seq;
  const std::array<core::Message, 8> lies{forge.prepare(liar, header),
                                          forge.commit(liar, header),
                                          forge.pre_prepare(own, nullptr),
                                          forge.checkpoint(liar, header.seq, header.digest),
                                          forge.complaint(liar, header.view, header.seq),
                                          forge.view_change(change),
                                          forge.new_view(entered),
                                          core::FetchState{header.seq, {header.digest}}};
  cluster.network().inject(liar, victim, lies[random.below(lies.size())]);
}

/// What the heap has grown by from the tenth to the sixtieth minute of a cluster that has little to do.
std::int64_t growth_in_an_hour(bool flooded) {
  ClusterOptions options;
  options.agreed.checkpoint_interval = 8;
  Cluster cluster(options);
  cluster.replica(3).distrust();
  sim::Random random(7);
  std::size_t early = 0;
  for (int minute = 1; minute <= 60; ++minute) {
    for (int i = 0; flooded && i < 240; ++i) {
      cluster.after(i * 250ms,
                    [&, i] { lie(cluster, random, ReplicaId{static_cast<std::uint32_t>(i) % 3}); });
    }
    for (int i = 0; i < 2; ++i) {
      cluster.client(0).send("x");
      cluster.run_for(30s);
      CHECK(cluster.all_answered());
    }
    if (minute == 10) early = heap_bytes();
  }
  const std::uint64_t window = options.agreed.window() + options.agreed.checkpoint_interval;
  for (std::uint32_t id : {0U, 1U, 2U}) {
    CHECK(cluster.replica(id).state().slots <= window + 16 * options.agreed.checkpoint_interval);
    CHECK(cluster.replica(id).view_changes_started() == 0);
  }
  return static_cast<std::int64_t>(heap_bytes()) - static_cast<std::int64_t>(early);
}

}  // namespace

TEST_CASE("scenario 35: an hour of floods of future views, sequence numbers and digests: memory stays flat") {
  // The simulation itself remembers the history. A hundred bytes for each of 12,000 lies would be a megabyte.
  CHECK(growth_in_an_hour(true) < growth_in_an_hour(false) + 256 * 1024);
}

TEST_CASE("a batch that its primary cannot prove, shown again and again, takes room once") {
  Cluster cluster({.rogue_clients = 1});
  cluster.replica(0).distrust();
  core::RequestDraft draft;
  draft.client = cluster.rogue();
  draft.first = draft.lowest_unanswered = RequestNumber{1};
  draft.items.push_back({to_bytes("forged"), false});
  const auto body =
      cluster.forge().body(cluster.wall(), {cluster.forge().request_signed_by(ClientId{1}, draft)});
  const auto proposal = cluster.forge().pre_prepare(View{0}, cluster.next(), body);
  const auto show = [&](int times) {
    for (int i = 0; i < times; ++i) cluster.network().inject(ReplicaId{0}, ReplicaId{1}, proposal);
    cluster.run_for(5ms);
    return heap_bytes();
  };
  const std::size_t early = show(10'000);
  CHECK(show(10'000) < early + 64 * 1024);
  CHECK(cluster.replica(1).rejections(Rejection::bad_request_in_batch) > 15'000);
}

}  // namespace pbft
