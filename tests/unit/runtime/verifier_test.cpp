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
  std::map<core::Identity, std::vector<std::uint64_t>> expected;
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

TEST_CASE_FIXTURE(Fixture, "verifier: a message that is dismissed costs no signature check") {
  make(0);
  core::Message seen = core::Status{};
  bool needless = true;
  verifier->dismiss_with([&](const core::Identity&, const core::Message& message) {
    seen = message;
    return needless;
  });
  CHECK(verifier->submit(ReplicaId{1}, prepare(1, 5)));
  CHECK(std::get<core::Prepare>(seen).header.seq == SeqNum{5});
  CHECK(delivered == 0);
  needless = false;
  CHECK(verifier->submit(ReplicaId{1}, prepare(1, 6)));
  CHECK(seqs.at(ReplicaId{1}) == std::vector<std::uint64_t>{6});
}

TEST_CASE_FIXTURE(Fixture, "verifier: workers keep each peer's order, also of what they reject") {
  make(3);
  const auto submit = [this](std::uint32_t replica, std::uint64_t seq) {
    Bytes frame = prepare(replica, seq);
    const bool spoilt = seq % 2 == 0;  // known at once, while the one before is still being checked
    if (spoilt) frame.pop_back();
    REQUIRE(verifier->submit(ReplicaId{replica}, frame));
    expected[ReplicaId{replica}].push_back(spoilt ? 0 : seq);
  };
  for (std::uint64_t seq = 1; seq <= 200; ++seq) submit(1, seq);  // all workers on one peer
  for (std::uint64_t seq = 1; seq <= 50; ++seq) {
    submit(2, seq);
    submit(3, seq);
  }
  REQUIRE(deliver(300));
  CHECK(seqs == expected);
}

namespace {
/// Checks no signature before the gate opens.
struct Gated : core::Crypto {
  explicit Gated(const core::Crypto& inner) : crypto(inner) {}
  Digest hash(std::string_view domain, BytesView bytes) const override { return crypto.hash(domain, bytes); }
  core::Signature sign(core::Statement statement, BytesView image) const override {
    return crypto.sign(statement, image);
  }
  bool verify(core::Statement statement, const core::Identity& signer, BytesView image,
              const core::Signature& signature) const override {
    return gate.reaches(1) && crypto.verify(statement, signer, image, signature);
  }
  const core::Tag* ours(const std::vector<core::Tag>& tags) const override { return crypto.ours(tags); }
  bool holds(const core::Tag& tag, ClientId client, const Digest& request) const override {
    return crypto.holds(tag, client, request);
  }
  const core::Crypto& crypto;
  mutable testing::Tally gate;
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "verifier: what is judged first waits for what came first") {
  Gated gated(own);
  testing::Tally judged;
  Verifier slow(
      gated, wire::DecodeLimits{n, cluster.config.limits}, 2,
      [this](const core::Identity& from, const Verdict& verdict) {
        seqs[from].push_back(std::holds_alternative<core::AuthenticMessage>(verdict));
      },
      [&judged] { judged.add(); });
  slow.submit(ReplicaId{1}, prepare(1, 1));
  slow.submit(ReplicaId{1}, to_bytes("nonsense"));
  REQUIRE(judged.reaches(1));  // the nonsense
  slow.deliver_finished();
  CHECK(seqs.empty());
  gated.gate.add();
  REQUIRE(judged.reaches(2));
  slow.deliver_finished();
  CHECK(seqs.at(ReplicaId{1}) == std::vector<std::uint64_t>{1, 0});
}

TEST_CASE_FIXTURE(Fixture,
                  "verifier: a request with tags takes no way round, unless something of its peer waits") {
  Gated gated(own);
  testing::Tally judged;
  Verifier slow(
      gated, wire::DecodeLimits{n, cluster.config.limits}, 1,
      [this](const core::Identity& from, const Verdict& verdict) {
        seqs[from].push_back(std::holds_alternative<core::AuthenticMessage>(verdict) ? 1 : 0);
      },
      [&judged] { judged.add(); });
  const ClientKey& key = cluster.client_keys.at(0);
  const crypto::SodiumCrypto client(ring, key.id, key.key);
  core::RequestDraft draft{key.id, core::RequestKind::operations, RequestNumber{1}, RequestNumber{1}, {}};
  draft.items.push_back({to_bytes("x"), false});
  const wire::Sealer sealer(client, wire::DecodeLimits{n, cluster.config.limits});
  const Bytes tagged = wire::encode(core::RequestMessage{sealer.seal_with_tags(draft), 0});
  const Bytes with_signature = wire::encode(core::RequestMessage{sealer.seal(draft), 0});

  CHECK(slow.submit(key.id, tagged));
  CHECK(seqs.at(key.id) == std::vector<std::uint64_t>{1});
  CHECK(slow.submit(key.id, with_signature));
  CHECK(slow.submit(key.id, tagged));
  CHECK(seqs.at(key.id).size() == 1);
  CHECK(slow.submit(ReplicaId{1}, tagged));  // another's is not held up
  CHECK(seqs.at(ReplicaId{1}) == std::vector<std::uint64_t>{1});
  gated.gate.add();
  while (seqs.at(key.id).size() < 3) {
    REQUIRE(judged.reaches(1));
    slow.deliver_finished();
    std::this_thread::yield();
  }
  CHECK(seqs.at(key.id) == std::vector<std::uint64_t>{1, 1, 1});
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
