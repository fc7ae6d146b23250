#include "core/certificates.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "core/images.hpp"
#include "crypto/sodium.hpp"

using namespace pbft;
using namespace pbft::core;

namespace {

constexpr std::uint64_t window = 16;
const Quorums quorums(4);
const Digest genesis{{9}};
const Digest null_batch{{0}};

Digest batch(std::uint8_t name) { return Digest{{name}}; }

/// Four replicas that sign whatever a test asks of them.
struct Signers {
  std::vector<std::unique_ptr<crypto::SodiumCrypto>> of;
  Signers() {
    auto ring = std::make_shared<crypto::KeyRing>();
    std::vector<SecretKey> keys;
    for (std::uint32_t id = 0; id < 4; ++id) {
      keys.push_back(SecretKey::from_seed({static_cast<std::uint8_t>(id + 1)}));
      ring->replicas[ReplicaId{id}] = keys.back().public_key();
    }
    for (std::uint32_t id = 0; id < 4; ++id) {
      of.push_back(std::make_unique<crypto::SodiumCrypto>(ring, ReplicaId{id}, keys[id]));
    }
  }
  PreparedCertificate prepared(std::uint64_t view, std::uint64_t seq, const Digest& digest) const {
    const BatchHeader header{View{view}, SeqNum{seq}, digest};
    PreparedCertificate certificate;
    certificate.header = header;
    const ReplicaId primary = quorums.primary(header.view);
    certificate.pre_prepare = of[primary.value]->sign(Statement::pre_prepare, image_of(header));
    for (std::uint32_t id = 0; certificate.prepares.size() < quorums.quorum() - 1; ++id) {
      if (ReplicaId{id} == primary) continue;
      certificate.prepares.push_back({ReplicaId{id}, of[id]->sign(Statement::prepare, image_of(header))});
    }
    return certificate;
  }
  CheckpointProof stable(std::uint64_t seq) const {
    CheckpointProof proof{SeqNum{seq}, seq == 0 ? genesis : batch(200), {}};
    for (std::uint32_t id = 0; seq > 0 && id < quorums.quorum(); ++id) {
      proof.votes.push_back(
          {ReplicaId{id}, of[id]->sign(Statement::checkpoint, checkpoint_image(proof.seq, proof.state))});
    }
    return proof;
  }
};

const Signers& signers() {
  static const Signers instance;
  return instance;
}
const Crypto& crypto_of_anyone() { return *signers().of[0]; }

std::shared_ptr<ViewChange> view_change(std::uint64_t new_view, std::uint64_t stable,
                                        std::vector<PreparedCertificate> prepared) {
  auto message = std::make_shared<ViewChange>();
  message->new_view = View{new_view};
  message->stable = signers().stable(stable);
  message->prepared = std::move(prepared);
  return message;
}
bool is_good(const ViewChange& message) {
  return is_valid(message, window, genesis, quorums, crypto_of_anyone());
}

}  // namespace

TEST_CASE("checkpoint proof: q distinct replicas signed it, and nothing less will do") {  // OSDI'99 4.3
  const CheckpointProof good = signers().stable(8);
  auto holds = [](const CheckpointProof& proof) {
    return is_valid(proof, genesis, quorums, crypto_of_anyone());
  };
  CHECK(holds(good));

  CheckpointProof short_of_one = good;
  short_of_one.votes.pop_back();
  CHECK_FALSE(holds(short_of_one));
  CheckpointProof twice = good;
  twice.votes.back() = twice.votes.front();
  CHECK_FALSE(holds(twice));
  CheckpointProof other_state = good;
  other_state.state = batch(201);
  CHECK_FALSE(holds(other_state));
  CheckpointProof other_seq = good;
  other_seq.seq = SeqNum{16};
  CHECK_FALSE(holds(other_seq));
  CheckpointProof stranger = good;
  stranger.votes.back().replica = ReplicaId{4};
  CHECK_FALSE(holds(stranger));
}

TEST_CASE("checkpoint proof: sequence number 0 is the genesis state and needs no votes") {
  CHECK(is_valid(signers().stable(0), genesis, quorums, crypto_of_anyone()));
  CHECK_FALSE(is_valid(CheckpointProof{SeqNum{0}, batch(1), {}}, genesis, quorums, crypto_of_anyone()));
  CheckpointProof voted = signers().stable(0);
  voted.votes.push_back({ReplicaId{0}, {}});
  CHECK_FALSE(is_valid(voted, genesis, quorums, crypto_of_anyone()));
}

TEST_CASE("prepared certificate: the primary's pre-prepare and q-1 prepares of distinct backups") {  // 4.2
  const PreparedCertificate good = signers().prepared(1, 3, batch(5));
  auto holds = [](const PreparedCertificate& c) { return is_valid(c, quorums, crypto_of_anyone()); };
  CHECK(holds(good));

  PreparedCertificate spoilt = good;
  spoilt.prepares.back().signature.bytes[10] ^= 1;
  CHECK_FALSE(holds(spoilt));
  PreparedCertificate by_primary = good;  // the primary's prepare is its pre-prepare, not counted twice
  by_primary.prepares = {good.prepares[0],
                         {ReplicaId{1}, signers().of[1]->sign(Statement::prepare, image_of(good.header))}};
  CHECK_FALSE(holds(by_primary));
  PreparedCertificate no_primary = good;
  no_primary.pre_prepare = signers().of[2]->sign(Statement::pre_prepare, image_of(good.header));
  CHECK_FALSE(holds(no_primary));
  PreparedCertificate twice = good;
  twice.prepares[1] = twice.prepares[0];
  CHECK_FALSE(holds(twice));
  PreparedCertificate moved = good;
  moved.header.view = View{5};  // same primary
  CHECK_FALSE(holds(moved));
  PreparedCertificate commits = good;  // a commit is no prepare
  for (SignerSignature& signer : commits.prepares) {
    signer.signature = signers().of[signer.replica.value]->sign(Statement::commit, image_of(good.header));
  }
  CHECK_FALSE(holds(commits));
}

TEST_CASE(
    "view change: valid with one certificate per sequence number in the window, from earlier views") {  // 4.4
  CHECK(is_good(*view_change(2, 0, {})));
  CHECK(
      is_good(*view_change(2, 8, {signers().prepared(0, 9, batch(1)), signers().prepared(1, 24, batch(2))})));

  CHECK_FALSE(is_good(*view_change(2, 8, {signers().prepared(0, 8, batch(1))})));  // at the stable checkpoint
  CHECK_FALSE(is_good(*view_change(2, 8, {signers().prepared(0, 25, batch(1))})));  // beyond the window
  CHECK_FALSE(is_good(*view_change(2, 8, {signers().prepared(2, 9, batch(1))})));   // of the new view itself
  CHECK_FALSE(
      is_good(*view_change(2, 8, {signers().prepared(0, 9, batch(1)), signers().prepared(1, 9, batch(2))})));
  auto spoilt = view_change(2, 8, {signers().prepared(0, 9, batch(1)), signers().prepared(0, 10, batch(2))});
  spoilt->prepared[1].prepares[0].signature.bytes[0] ^= 1;
  CHECK_FALSE(is_good(*spoilt));
  auto unproven = view_change(2, 8, {});
  unproven->stable.votes.pop_back();
  CHECK_FALSE(is_good(*unproven));
}

TEST_CASE("new view: starts above the highest proven checkpoint and fills gaps with null batches") {  // 4.4
  const Choice choice = choose_pre_prepares({view_change(3, 0, {signers().prepared(0, 9, batch(1))}),
                                             view_change(3, 8, {signers().prepared(0, 11, batch(3))}),
                                             view_change(3, 0, {signers().prepared(0, 7, batch(9))})},
                                            null_batch);
  CHECK(choice.stable == SeqNum{8});
  CHECK(choice.proof.votes.size() == quorums.quorum());
  CHECK(choice.digests == std::vector<Digest>{batch(1), null_batch, batch(3)});
}

TEST_CASE("new view: of two certificates for one number the higher view wins, null or not, in any order") {
  std::vector<ViewChangePtr> sources = {view_change(9, 0, {signers().prepared(1, 1, batch(1))}),
                                        view_change(9, 0, {signers().prepared(5, 1, null_batch)}),
                                        view_change(9, 0, {signers().prepared(4, 1, batch(4))})};
  std::sort(sources.begin(), sources.end());
  do {
    CHECK(choose_pre_prepares(sources, null_batch).digests == std::vector<Digest>{null_batch});
  } while (std::next_permutation(sources.begin(), sources.end()));
}

TEST_CASE("new view: without any certificate there is nothing to re-issue") {
  const Choice choice = choose_pre_prepares({view_change(1, 0, {}), view_change(1, 16, {})}, null_batch);
  CHECK(choice.stable == SeqNum{16});
  CHECK(choice.digests.empty());
}
