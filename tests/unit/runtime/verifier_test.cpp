#include <map>

#include "core/images.hpp"
#include "crypto/sodium.hpp"
#include "local_cluster.hpp"
#include "runtime/verifier.hpp"

using namespace pbft;
using pbft::runtime::Verdict;
using pbft::runtime::Verifier;

namespace {

constexpr std::uint32_t n = 4;

/// Replicas that vote, and a verifier that hears them; deliver_finished() is called by the test's thread.
struct Fixture {
  testing::LocalCluster cluster;
  std::shared_ptr<const crypto::KeyRing> ring =
      std::make_shared<const crypto::KeyRing>(crypto::key_ring(cluster.config));
  crypto::SodiumCrypto own{ring, ReplicaId{0}, cluster.replica_keys[0].key};
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::map<core::Identity, std::vector<std::uint64_t>> seqs;  // 0: rejected
  std::size_t delivered = 0;
  std::unique_ptr<Verifier> verifier;

  void make(unsigned workers) {
    verifier = std::make_unique<Verifier>(
        own, wire::DecodeLimits{n, cluster.config.limits}, workers,
        [this](const core::Identity& from, const Verdict& verdict) {
          ++delivered;
          const auto* message = std::get_if<core::AuthenticMessage>(&verdict);
          seqs[from].push_back(message ? std::get<core::Prepare>(message->get()).header.seq.value : 0);
        },
        [this] {
          const std::lock_guard lock(mutex);
          ready = true;
          changed.notify_all();
        });
  }
  Bytes prepare(std::uint32_t replica, std::uint64_t seq) const {
    const crypto::SodiumCrypto signer(ring, ReplicaId{replica}, cluster.replica_keys[replica].key);
    core::Prepare vote;
    vote.header = {View{0}, SeqNum{seq}, Digest{}};
    vote.sender = ReplicaId{replica};
    vote.signature = signer.sign(core::Statement::prepare, core::image_of(vote.header));
    return wire::encode(core::Message(vote));
  }
  bool deliver(std::size_t count) {
    while (delivered < count) {
      {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, testing::deadline, [this] { return ready; })) return false;
        ready = false;
      }
      verifier->deliver_finished();
    }
    return true;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "verifier: without workers the verdict is there when submit returns") {
  make(0);
  CHECK(verifier->submit(ReplicaId{1}, prepare(1, 5)));
  CHECK(seqs.at(ReplicaId{1}) == std::vector<std::uint64_t>{5});
  CHECK(verifier->submit(ReplicaId{2}, view_of("nonsense")));
  CHECK(seqs.at(ReplicaId{2}) == std::vector<std::uint64_t>{0});
}

TEST_CASE_FIXTURE(Fixture, "verifier: workers keep each peer's order, also of what they reject") {
  make(3);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t seq = 1; seq <= 60; ++seq) {
    const bool spoilt = seq % 7 == 0;
    for (std::uint32_t replica = 1; replica < n; ++replica) {
      Bytes frame = prepare(replica, seq);
      if (spoilt) frame.pop_back();
      REQUIRE(verifier->submit(ReplicaId{replica}, frame));
    }
    expected.push_back(spoilt ? 0 : seq);
  }
  REQUIRE(deliver(180));
  for (std::uint32_t replica = 1; replica < n; ++replica) CHECK(seqs.at(ReplicaId{replica}) == expected);
}

TEST_CASE_FIXTURE(Fixture, "verifier: a peer that floods the workers is refused, others are not") {
  make(1);
  std::size_t accepted = 0;
  const Bytes junk = to_bytes("junk");
  for (std::size_t i = 0; i < 2 * Verifier::max_waiting_frames; ++i) {
    if (verifier->submit(ClientId{1}, junk)) ++accepted;
  }
  CHECK(accepted == Verifier::max_waiting_frames);  // nothing is delivered before the loop asks
  CHECK(verifier->submit(ReplicaId{1}, prepare(1, 1)));
  REQUIRE(deliver(accepted + 1));
  CHECK(seqs.at(ReplicaId{1}) == std::vector<std::uint64_t>{1});
  CHECK(verifier->submit(ClientId{1}, junk));
}

TEST_CASE_FIXTURE(Fixture, "verifier: stops with work waiting") {
  make(2);
  for (std::uint64_t seq = 1; seq <= 200; ++seq) verifier->submit(ReplicaId{1}, prepare(1, 1));
  verifier->stop();
  verifier->stop();
}
