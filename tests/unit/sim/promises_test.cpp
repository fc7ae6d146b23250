// What is watched over all lives of a replica must be able to fail.
#include <doctest/doctest.h>

#include "sim/forger.hpp"
#include "sim/history.hpp"
#include "sim/promises.hpp"
#include "sim/violation.hpp"

using namespace pbft;
using namespace pbft::sim;

namespace {

constexpr ReplicaId r1{1};

struct Watched {
  Keys keys{Signatures::ideal, 1, 4, 1};
  Forger forger{keys, {4, AgreedLimits{}}};
  Promises promises{r1, 4, AgreedLimits{.checkpoint_interval = 4}};
  core::BodyPtr body = forger.null_body();

  core::BatchHeader header(std::uint64_t seq, std::uint64_t view = 0) const {
    return {View{view}, SeqNum{seq}, body->digest};
  }
  core::PreparedRecord prepared(std::uint64_t seq) const { return {forger.certificate(header(seq)), body}; }
  core::CheckpointProof proof(std::uint64_t seq) const { return {SeqNum{seq}, Digest{}, {}}; }
  core::ViewChangePtr asks(std::uint64_t view, std::uint64_t incarnation = 0) const {
    core::ViewChange change;
    change.new_view = View{view};
    change.sender = r1;
    change.incarnation = incarnation;
    return forger.view_change(change);
  }
  void start() { promises.on_durable(core::StartRecord{}); }
};

}  // namespace

TEST_CASE("promises: nothing is signed before the start is durable, nor more than a window above what is") {
  Watched w;
  CHECK_THROWS_AS(w.promises.on_send(w.forger.prepare(r1, w.header(1))), Violation);
  Watched v;
  v.start();
  v.promises.on_send(v.forger.prepare(r1, v.header(8)));
  CHECK_THROWS_AS(v.promises.on_send(v.forger.prepare(r1, v.header(9))), Violation);
  Watched u;
  u.start();
  u.promises.on_durable(u.proof(4));
  CHECK_THROWS_AS(u.promises.on_send(u.forger.prepare(r1, u.header(9))), Violation);  // no state of its own
  u.promises.on_snapshot(SeqNum{4}, Digest{});
  u.promises.on_send(u.forger.prepare(r1, u.header(10)));
}

TEST_CASE("promises: a checkpoint is signed when its state is durable, and not below the floor") {
  Watched w;
  w.start();
  const auto vote = w.forger.checkpoint(r1, SeqNum{4}, Digest{});
  CHECK_THROWS_AS(w.promises.on_send(vote), Violation);
  Watched v;
  v.start();
  v.promises.on_snapshot(SeqNum{4}, Digest{});
  v.promises.on_send(vote);
  v.promises.on_snapshot(SeqNum{8}, Digest{});
  v.promises.on_durable(core::Restraint{.checkpoint_floor = SeqNum{8}});
  v.promises.on_send(vote);  // as it was
  CHECK_THROWS_AS(v.promises.on_send(v.forger.checkpoint(r1, SeqNum{8}, Digest{})), Violation);
}

TEST_CASE("promises: what was durable is there after a restart") {
  const auto restored = [](std::vector<core::Record> records, SeqNum checkpoint = SeqNum{}) {
    core::Restored past{std::move(records), std::nullopt};
    if (checkpoint.value > 0) past.checkpoint = core::RestoredCheckpoint{checkpoint, Digest{}, {}};
    return past;
  };
  Watched w;
  w.start();
  w.promises.on_durable(w.prepared(5));
  w.promises.on_durable(w.asks(1));
  w.promises.on_durable(w.proof(4));
  w.promises.on_snapshot(SeqNum{4}, Digest{});
  const core::StartRecord start;
  const auto lost = [&](core::Restored past) { CHECK_THROWS_AS(w.promises.on_restored(past), Violation); };
  lost(restored({w.proof(4), w.asks(1), w.prepared(5)}, SeqNum{4}));
  lost(restored({start, w.asks(1), w.prepared(5)}, SeqNum{4}));
  lost(restored({start, w.proof(4), w.prepared(5)}, SeqNum{4}));
  lost(restored({start, w.proof(4), w.asks(1)}, SeqNum{4}));
  lost(restored({start, w.proof(4), w.asks(1), w.prepared(5)}));
  w.promises.on_restored(restored({start, w.proof(4), w.asks(1), w.prepared(5)}, SeqNum{4}));
}

TEST_CASE("promises: what was signed stays signed in the next life, but for the void") {
  Watched w;
  w.start();
  core::BatchHeader other = w.header(1);
  other.digest.bytes[0] ^= 1;
  w.promises.on_send(w.forger.prepare(r1, w.header(1)));
  w.promises.on_durable(w.asks(1));
  w.promises.on_send(w.asks(1));
  CHECK_THROWS_AS(w.promises.on_send(w.forger.prepare(r1, w.header(2))), Violation);  // view 0 is left

  w.promises.on_data_lost(7);
  w.start();
  w.promises.on_rejoined(SeqNum{2});
  CHECK_THROWS_AS(w.promises.on_send(w.forger.prepare(r1, other)), Violation);
  w.promises.on_send(w.forger.prepare(r1, w.header(3)));  // that it left view 0 was void
  CHECK_THROWS_AS(w.promises.on_send(w.asks(2)), Violation);
  w.promises.on_durable(w.asks(1, 7));
  w.promises.on_send(w.asks(1, 7));
}

TEST_CASE("history: a restarted replica executes the same again, and no state comes from nowhere") {
  Watched w;
  History history;
  const auto batch = [&](std::uint64_t number, const std::string& body) {
    const core::RequestPtr request = w.forger.request(ClientId{1}, number, {body});
    return core::Execute{
        SeqNum{1}, Timestamp{5}, {{request, RequestNumber{number}, request->items[0].body, false, 0}}};
  };
  history.on_submitted(ClientId{1}, 0, to_bytes("x"));
  history.on_submitted(ClientId{1}, 1, to_bytes("y"));
  history.on_executed(r1, batch(1, "x"), {to_bytes("1")});
  CHECK_THROWS_AS(history.on_executed(r1, batch(1, "x"), {to_bytes("1")}), Violation);
  history.on_restarted(r1, SeqNum{});
  history.on_executed(r1, batch(1, "x"), {to_bytes("1")});
  history.on_restarted(r1, SeqNum{});
  CHECK_THROWS_AS(history.on_executed(r1, batch(2, "y"), {to_bytes("1")}), Violation);
  history.on_installed(r1, SeqNum{1});
  CHECK_THROWS_AS(history.on_installed(r1, SeqNum{2}), Violation);
}

TEST_CASE("promises: who votes again has signed nothing above that it has forgotten") {
  Watched w;
  w.start();
  w.promises.on_send(w.forger.prepare(r1, w.header(8)));
  w.promises.on_data_lost(7);
  w.promises.on_rejoined(SeqNum{8});
  CHECK_THROWS_AS(w.promises.on_rejoined(SeqNum{4}), Violation);
}

TEST_CASE("promises: who has lost its data signs nothing until it has rejoined") {
  Watched w;
  w.promises.on_data_lost(7);
  w.start();
  w.promises.on_durable(w.asks(1, 7));
  w.promises.on_snapshot(SeqNum{4}, Digest{});
  CHECK_THROWS_AS(w.promises.on_send(w.forger.prepare(r1, w.header(1))), Violation);
  CHECK_THROWS_AS(w.promises.on_send(w.forger.checkpoint(r1, SeqNum{4}, Digest{})), Violation);
  CHECK_THROWS_AS(w.promises.on_send(w.asks(1, 7)), Violation);
  w.promises.on_rejoined(SeqNum{});
  w.promises.on_send(w.forger.prepare(r1, w.header(2)));
  w.promises.on_send(w.asks(1, 7));
}

TEST_CASE("promises: who restarts after it has rejoined and voted may rejoin at the same place again") {
  Watched w;
  w.start();
  w.promises.on_send(w.forger.prepare(r1, w.header(2)));
  w.promises.on_data_lost(5);
  w.start();
  w.promises.on_rejoined(SeqNum{8});
  w.promises.on_snapshot(SeqNum{8}, Digest{});
  w.promises.on_durable(w.proof(4));
  w.promises.on_send(w.forger.prepare(r1, w.header(9)));
  w.promises.on_rejoined(SeqNum{8});
  CHECK_THROWS_AS(w.promises.on_rejoined(SeqNum{1}), Violation);
}

TEST_CASE("history: a batch is executed that fewer than a quorum could tell of, the doubted not counted on") {
  const Watched w;
  const auto execute = [](History& history) {
    history.on_executed(r1, core::Execute{SeqNum{1}, Timestamp{5}, {}}, {});
  };
  History two(History::Reads::counted, 4), three(History::Reads::counted, 4),
      lied_to(History::Reads::counted, 4);
  for (std::uint32_t id : {0U, 1U}) {
    for (History* history : {&two, &three, &lied_to})
      history->on_certificate(ReplicaId{id}, w.header(1), true);
  }
  CHECK_THROWS_AS(execute(two), Violation);
  three.on_certificate(ReplicaId{2}, w.header(1), true);
  execute(three);
  lied_to.doubt(ReplicaId{3});
  execute(lied_to);
  History forgotten(History::Reads::counted, 4);
  for (std::uint32_t id : {0U, 1U, 2U}) forgotten.on_certificate(ReplicaId{id}, w.header(1), true);
  forgotten.doubt(ReplicaId{0});
  execute(forgotten);  // it may have known
}

TEST_CASE("history: a view is entered because a quorum has asked for it, none of them in an earlier life") {
  const Watched w;
  History history(History::Reads::counted, 4);
  const auto record_of = [&](std::initializer_list<std::uint32_t> senders, std::uint64_t asked,
                             std::uint64_t incarnation = 0) {
    core::NewView entered;
    entered.view = View{1};
    core::NewViewRecord record{std::make_shared<const core::NewView>(entered), {}};
    for (std::uint32_t sender : senders) {
      core::ViewChange change;
      change.new_view = View{asked};
      change.sender = ReplicaId{sender};
      if (sender == 0) change.incarnation = incarnation;
      record.sources.push_back(w.forger.view_change(change));
    }
    return record;
  };
  history.on_entering(r1, record_of({0, 1, 2}, 1), SeqNum{8});
  CHECK_THROWS_AS(history.on_entering(r1, record_of({0, 1}, 1), SeqNum{8}), Violation);
  CHECK_THROWS_AS(history.on_entering(r1, record_of({0, 1, 2}, 2), SeqNum{8}), Violation);
  History after = history;
  after.on_rejoined(ReplicaId{0}, 7, SeqNum{8});
  after.on_entering(r1, record_of({0, 1, 2}, 1, 7), SeqNum{8});
  after.on_entering(r1, record_of({0, 1, 2}, 1, 6), SeqNum{4});  // it cannot know yet
  CHECK_THROWS_AS(after.on_entering(r1, record_of({0, 1, 2}, 1, 6), SeqNum{8}), Violation);
}

TEST_CASE(
    "history: no view rests on what a correct replica has never signed, nor on a certificate of too few") {
  Watched w;
  w.start();
  History history(History::Reads::counted, 4);
  history.on_member(r1, w.promises);
  core::ViewChange change;
  change.new_view = View{1};
  const auto entering = [&](const core::PreparedCertificate& certificate) {
    core::NewView entered;
    entered.view = View{1};
    core::NewViewRecord record{std::make_shared<const core::NewView>(entered), {}};
    for (std::uint32_t sender : {0U, 2U, 3U}) {
      change.sender = ReplicaId{sender};
      change.prepared = {certificate};
      record.sources.push_back(w.forger.view_change(change));
    }
    return record;
  };
  const core::PreparedCertificate proof = w.forger.certificate(w.header(1));
  CHECK_THROWS_AS(history.on_entering(r1, entering(proof), SeqNum{}), Violation);
  w.promises.on_send(w.forger.prepare(r1, w.header(1)));
  history.on_entering(r1, entering(proof), SeqNum{});
  core::PreparedCertificate moved = proof;
  moved.header.seq = SeqNum{2};
  CHECK_THROWS_AS(history.on_entering(r1, entering(moved), SeqNum{}), Violation);
  core::PreparedCertificate by_few = proof;
  by_few.prepares.back() = by_few.prepares.front();
  CHECK_THROWS_AS(history.on_entering(r1, entering(by_few), SeqNum{}), Violation);
  core::PreparedCertificate by_primary = proof;
  by_primary.prepares.back().replica = ReplicaId{0};
  CHECK_THROWS_AS(history.on_entering(r1, entering(by_primary), SeqNum{}), Violation);

  const core::NewViewRecord own = [&] {
    core::NewViewRecord record = entering(proof);
    change.sender = r1;
    record.sources.back() = w.forger.view_change(change);
    return record;
  }();
  CHECK_THROWS_AS(history.on_entering(r1, own, SeqNum{}), Violation);
  w.promises.on_durable(own.sources.back());
  history.on_entering(r1, own, SeqNum{});
}

TEST_CASE("history: what a quorum may have committed is proposed again in each later view") {
  const Watched w;
  const auto entering = [&](std::vector<Digest> digests) {
    core::NewView entered;
    entered.view = View{2};
    entered.first = SeqNum{1};
    for (const Digest& digest : digests) entered.headers.push_back({digest, {}});
    core::NewViewRecord record{std::make_shared<const core::NewView>(entered), {}};
    for (std::uint32_t sender : {0U, 2U, 3U}) {
      core::ViewChange change;
      change.new_view = View{2};
      change.sender = ReplicaId{sender};
      record.sources.push_back(w.forger.view_change(change));
    }
    return record;
  };
  const auto enters = [&](History history_so_far, std::vector<Digest> digests) {
    history_so_far.on_entering(r1, entering(std::move(digests)), SeqNum{});
  };
  const Digest batch = w.body->digest;
  History history(History::Reads::counted, 4);
  history.on_certificate(ReplicaId{1}, w.header(2), true);
  history.on_certificate(ReplicaId{2}, w.header(2), false);  // its view-change was signed without it
  enters(history, {Digest{}, Digest{}});
  history.on_certificate(ReplicaId{3}, w.header(2, 2), true);  // of the view itself
  enters(history, {Digest{}, Digest{}});
  history.on_certificate(ReplicaId{3}, w.header(2), true);
  enters(history, {Digest{}, batch});
  CHECK_THROWS_AS(enters(history, {Digest{}, Digest{}}), Violation);
  CHECK_THROWS_AS(enters(history, {batch}), Violation);
  history.doubt(ReplicaId{3});
  enters(history, {batch});

  History late(History::Reads::counted, 4);  // the view is known before what it should have kept
  late.on_entering(r1, entering({Digest{}, Digest{}}), SeqNum{});
  late.on_certificate(ReplicaId{1}, w.header(2), true);
  CHECK_THROWS_AS(late.on_certificate(ReplicaId{3}, w.header(2), true), Violation);
  core::BatchHeader other = w.header(2);
  other.digest = Digest{};
  CHECK_THROWS_AS(late.on_certificate(ReplicaId{2}, other, false), Violation);
}
