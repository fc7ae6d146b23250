// What a restart says and does first.
#include <doctest/doctest.h>

#include "core/replica.hpp"
#include "unit/wire/toy_crypto.hpp"

using namespace pbft;
using namespace pbft::core;

namespace {

struct NoSealer : RequestSealer {
  RequestPtr seal(const RequestDraft&) const override { return nullptr; }
  RequestPtr seal_with_tags(const RequestDraft&) const override { return nullptr; }
  RequestPtr sign(const Request&) const override { return nullptr; }
};

const Diverged* find_diverged(const Outputs& outputs) {
  for (const Output& output : outputs) {
    const auto* report = std::get_if<Report>(&output);
    if (const auto* found = report ? std::get_if<Diverged>(report) : nullptr) return found;
  }
  return nullptr;
}

const Persist* find_persist(const Outputs& outputs) {
  for (const Output& output : outputs) {
    if (const auto* found = std::get_if<Persist>(&output)) return found;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("restart: a checkpoint whose client table is none of this cluster is refused, and says which") {
  const test::ToyCrypto crypto;
  const NoSealer sealer;
  for (const Bytes& core_state : {Bytes{}, Bytes(7, 0), Bytes(100, 0xff)}) {
    Replica replica(ReplicaConfig{}, crypto, sealer);
    Restored past;
    past.checkpoint = RestoredCheckpoint{SeqNum{128}, Digest{}, core_state};
    const Result<void> restored = replica.restore(std::move(past));
    REQUIRE(!restored.has_value());
    CHECK(restored.error().message.find("sequence number 128") != std::string::npos);
  }
}

TEST_CASE(
    "restart: a checkpoint of ours that differs from the stable one is reported, and never signed again") {
  const test::ToyCrypto crypto;
  const NoSealer sealer;
  ReplicaConfig config;
  const SeqNum at{config.agreed.checkpoint_interval};
  const Digest ours = crypto.hash("state", view_of("ours")), agreed = crypto.hash("state", view_of("agreed"));
  Replica replica(config, crypto, sealer);
  Restored past;
  past.records = {CheckpointProof{at, agreed, {}}, StartRecord{}};
  past.checkpoint = RestoredCheckpoint{at, ours, genesis_core_state()};
  REQUIRE(replica.restore(std::move(past)).has_value());

  Outputs out;
  replica.start({}, out);
  const auto* diverged = find_diverged(out);
  REQUIRE(diverged != nullptr);
  CHECK(diverged->ours == ours);
  CHECK(diverged->theirs == agreed);
  const auto* persist = find_persist(out);
  REQUIRE(persist != nullptr);
  REQUIRE(std::holds_alternative<Restraint>(persist->record));
  CHECK(std::get<Restraint>(persist->record).checkpoint_floor == at);
  CHECK(std::get<Restraint>(persist->record).diverged);
  CHECK_FALSE(replica.state().answering);
  Outputs next;
  replica.step({{}, Persisted{persist->token}}, next);
}

TEST_CASE("restart: a log whose records cannot stand side by side is refused") {
  const test::ToyCrypto crypto;
  const NoSealer sealer;
  const auto body = std::make_shared<Body>();
  const PreparedRecord record{
      {{View{0}, SeqNum{1}, body->digest}, {}, {{ReplicaId{1}, {}}, {ReplicaId{2}, {}}}}, body};
  const auto refusal = [&](const PreparedRecord& changed) {
    Replica replica(ReplicaConfig{}, crypto, sealer);
    Restored past;
    past.records = {StartRecord{}, changed};
    const auto restored = replica.restore(std::move(past));
    return restored ? std::string() : restored.error().message;
  };
  CHECK(refusal(record).empty());

  PreparedRecord later = record;
  later.certificate.header.view = View{1};
  CHECK(refusal(later).find("a view that was never entered") != std::string::npos);
  PreparedRecord lonely = record;
  lonely.certificate.prepares.pop_back();
  CHECK(refusal(lonely).find("lacks a quorum") != std::string::npos);
}

TEST_CASE("restart: what was asked for and what was entered count alike in whichever order they stand") {
  const test::ToyCrypto crypto;
  const NoSealer sealer;
  const auto asks = [](std::uint64_t view) {
    ViewChange change;
    change.new_view = View{view};
    return std::make_shared<const ViewChange>(change);
  };
  const auto entered = [](std::uint64_t view) {
    NewView message;
    message.view = View{view};
    message.first = SeqNum{1};
    return NewViewRecord{std::make_shared<const NewView>(message), {}};
  };
  const auto state = [&](std::vector<Record> records) {
    Replica replica(ReplicaConfig{}, crypto, sealer);
    Restored past;
    past.records = std::move(records);
    REQUIRE(replica.restore(std::move(past)));
    replica.invariants();
    return std::pair(replica.state().view.value, replica.state().pending.value);
  };
  using Views = std::pair<std::uint64_t, std::uint64_t>;
  CHECK(state({StartRecord{}, entered(3), asks(7)}) == Views{3, 7});
  CHECK(state({StartRecord{}, asks(7), entered(3)}) == Views{3, 7});
  CHECK(state({StartRecord{}, asks(3), entered(7)}) == Views{7, 7});
  CHECK(state({StartRecord{}, entered(7), asks(3)}) == Views{7, 7});
  Replica replica(ReplicaConfig{}, crypto, sealer);
  Restored past;
  past.records = {StartRecord{}, asks(UINT64_MAX)};
  const auto restored = replica.restore(std::move(past));
  REQUIRE_FALSE(restored);
  CHECK(restored.error().message.find("out of reach") != std::string::npos);
}
