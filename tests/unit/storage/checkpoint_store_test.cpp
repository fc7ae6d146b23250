#include <doctest/doctest.h>

#include "unit/storage/checkpoint_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using Seqs = std::vector<std::uint64_t>;
}  // namespace

TEST_CASE("checkpoint store: a committed snapshot gives back both streams and every block") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 5000), noise(2, 900'000));
  fixture.take(128, model);
  fixture.check_whole(128, model);
  const auto newest = fixture.store->newest();
  REQUIRE(newest);
  REQUIRE(newest->has_value());
  CHECK((*newest)->seq == SeqNum{128});
  CHECK((*newest)->state == model.state);
  CHECK((*newest)->core_state == model.core);
  CHECK_FALSE(fixture.store->checkpoints()[0].collected);
}

TEST_CASE("checkpoint store: a new one is empty") {
  StoreFixture fixture(any_kind());
  CHECK(fixture.store->checkpoints().empty());
  CHECK_FALSE(fixture.store->newest()->has_value());
  CHECK_FALSE(fixture.has_block(Digest{}));
  CHECK(mentions(fixture.application(128, Digest{}).error().message, "checkpoint 128 with state 00"));
  CHECK_FALSE(fixture.store->read_core_state(SeqNum{1}, Digest{}));
}

TEST_CASE("checkpoint store: a state may be empty, in whole or in part") {
  StoreFixture fixture(any_kind());
  const Model nothing({}, {}), core_only(noise(1, 10), {}), application_only({}, noise(2, 10));
  fixture.take(1, nothing);
  fixture.take(2, core_only);
  fixture.take(3, application_only);
  if (fixture.kind == Kind::disk) fixture.open();
  fixture.check_whole(1, nothing);
  fixture.check_whole(2, core_only);
  fixture.check_whole(3, application_only);
}

TEST_CASE("checkpoint store: a snapshot is none before it is committed, and serves nothing of others") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 5000), noise(2, 300'000));
  const auto pending = fixture.write(128, model);
  REQUIRE(pending);
  CHECK(fixture.store->checkpoints().empty());
  CHECK_FALSE(fixture.store->read_core_state(SeqNum{128}, model.state));
}

TEST_CASE("checkpoint store: checkpoints are listed newest first, of one number the collected one first") {
  StoreFixture fixture(any_kind());
  const Model ours(noise(1, 100), noise(2, 1000)), agreed(noise(1, 100), noise(3, 1000));
  fixture.take(256, ours);
  fixture.take(128, ours);
  fixture.collect(256, agreed);
  fixture.take(384, ours);
  if (fixture.kind == Kind::disk) fixture.open();
  const auto found = fixture.store->checkpoints();
  CHECK(fixture.seqs() == Seqs{384, 256, 256, 128});
  CHECK(found[1].state == agreed.state);
  CHECK(found[1].collected);
  CHECK_FALSE(found[2].collected);
}

TEST_CASE("checkpoint store: a snapshot that is taken again after a restart changes nothing") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 100), noise(2, 100'000));
  fixture.collect(128, model);
  fixture.take(128, model);
  REQUIRE(fixture.store->checkpoints().size() == 1);
  CHECK(fixture.store->checkpoints()[0].collected);
  fixture.check_whole(128, model);
}

TEST_CASE("checkpoint store: discards below, but never what is pinned, nor the newest") {
  StoreFixture fixture(any_kind());
  std::vector<Model> models;
  for (std::uint64_t i = 0; i < 5; ++i) models.emplace_back(noise(i, 1000), noise(100 + i, 200'000));
  for (std::uint64_t i = 0; i < 5; ++i) fixture.take(i + 1, models[i]);
  REQUIRE(fixture.store->discard(SeqNum{4}, {SeqNum{2}}));
  CHECK(fixture.seqs() == Seqs{5, 4, 2});
  CHECK_FALSE(fixture.has_block(models[0].state));
  CHECK_FALSE(fixture.has_block(models[2].state));
  REQUIRE(fixture.store->discard(SeqNum{100}, {}));
  CHECK(fixture.seqs() == Seqs{5});
  fixture.check_whole(5, models[4]);
  for (const auto& [name, block] : models[3].blocks) CHECK_FALSE(fixture.has_block(name));
}

TEST_CASE("checkpoint store: what other checkpoints share with a discarded one stays") {
  StoreFixture fixture(any_kind());
  const Bytes shared = noise(1, 800'000);
  const Model first(noise(2, 1000), shared), second(noise(3, 1000), shared);
  fixture.take(1, first);
  fixture.take(2, second);
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  fixture.check_whole(2, second);
}

TEST_CASE("checkpoint store: a checkpoint that is being read stays readable when it is discarded") {
  StoreFixture fixture(any_kind());
  const Model first(noise(1, 1000), noise(2, 900'000)), second(noise(3, 1000), noise(4, 900'000));
  fixture.take(1, first);
  fixture.take(2, second);
  Bytes all;
  REQUIRE(fixture.store->read_application(SeqNum{1}, first.state, [&](SnapshotReader& reader) {
    Bytes part(1000);
    while (const std::size_t got = reader.read(part)) {
      if (all.size() == 1000) REQUIRE(fixture.store->discard(SeqNum{2}, {}));
      all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
    }
    return Result<void>();
  }));
  CHECK(all == first.application);
  CHECK(fixture.seqs() == Seqs{2});
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  CHECK_FALSE(fixture.has_block(first.state));
}

TEST_CASE("checkpoint store: what load makes of the bytes is what read_application answers") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 10), noise(2, 10));
  fixture.take(1, model);
  const auto refused = fixture.store->read_application(SeqNum{1}, model.state, [](SnapshotReader&) {
    return Result<void>(Error{ErrorCode::invalid_argument, "no thanks"});
  });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "no thanks");
}

TEST_CASE("checkpoint store: a snapshot that is not committed yet loses nothing to a discard") {
  StoreFixture fixture(any_kind());
  const Bytes shared = noise(1, 800'000);
  const Model first(noise(2, 1000), shared), second(noise(3, 1000), joined({shared, noise(4, 100'000)})),
      third(noise(5, 1000), noise(6, 300'000));
  fixture.take(1, first);
  auto pending = fixture.write(2, second);
  REQUIRE(pending);
  fixture.take(3, third);
  REQUIRE(fixture.store->discard(SeqNum{3}, {}));
  CHECK(fixture.seqs() == Seqs{3});
  REQUIRE(fixture.store->commit(*std::move(pending)));
  fixture.check_whole(2, second);
  if (fixture.kind == Kind::disk) {
    fixture.open();
    fixture.check_whole(2, second);
  }
}

TEST_CASE("checkpoint store: two snapshots may wait for their commit, the later one built on the first") {
  StoreFixture fixture(any_kind());
  const Bytes shared = noise(1, 800'000);
  const Model first(noise(2, 1000), shared), second(noise(3, 1000), shared);
  auto one = fixture.write(1, first);
  auto two = fixture.write(2, second);
  REQUIRE(one);
  REQUIRE(two);
  if (fixture.kind == Kind::disk) CHECK(fixture.used_bytes() < 900'000);
  REQUIRE(fixture.store->commit(*std::move(one)));
  REQUIRE(fixture.store->commit(*std::move(two)));
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  fixture.check_whole(2, second);
}

TEST_CASE("checkpoint store: the agreed state takes the place of a diverged one and of all built on it") {
  StoreFixture fixture(any_kind());
  const Bytes shared = noise(1, 500'000);
  const Model before(noise(2, 100), shared), ours(noise(3, 100), joined({shared, {1}})),
      later(noise(4, 100), joined({shared, {2}})), agreed(noise(5, 100), joined({shared, {3}}));
  fixture.take(1, before);
  fixture.take(2, ours);
  fixture.take(3, later);
  fixture.collect(2, agreed);
  CHECK(fixture.store->checkpoints()[0].seq == SeqNum{3});
  CHECK_FALSE(fixture.store->supersede(SeqNum{2}, before.state));
  REQUIRE(fixture.store->supersede(SeqNum{2}, agreed.state));
  if (fixture.kind == Kind::disk) fixture.open();
  CHECK(fixture.seqs() == Seqs{2, 1});
  CHECK(fixture.store->newest()->value().state == agreed.state);
  CHECK_FALSE(fixture.has_block(ours.state));
  fixture.check_whole(2, agreed);
  fixture.check_whole(1, before);
}

TEST_CASE("checkpoint store: the first differing block of two states is named with its range") {
  StoreFixture fixture(any_kind());
  const Bytes same = noise(1, 2'000'000);
  Bytes changed = same;
  changed[1'000'000] ^= 1;
  const Model ours(noise(2, 100), same), theirs(noise(2, 100), changed),
      longer(noise(2, 100), joined({same, noise(3, 500'000)}));
  fixture.take(5, ours);
  fixture.collect(5, theirs);
  const auto found = fixture.store->difference(SeqNum{5}, ours.state, theirs.state);
  REQUIRE(found.has_value());
  CHECK(found->from <= 1'000'000);
  CHECK(found->to > 1'000'000);
  CHECK(found->to - found->from <= core::max_piece_bytes);
  CHECK(found->chunk > 2);
  CHECK(found->chunk < 30);

  fixture.collect(5, longer);
  const auto at_end = fixture.store->difference(SeqNum{5}, ours.state, longer.state);
  REQUIRE(at_end.has_value());
  CHECK(at_end->to <= 2'000'000 + core::max_piece_bytes);
  CHECK(at_end->from > 1'700'000);
  const Model other_core(noise(9, 100), same);
  fixture.collect(5, other_core);
  CHECK_FALSE(fixture.store->difference(SeqNum{5}, ours.state, other_core.state).has_value());
  CHECK_FALSE(fixture.store->difference(SeqNum{5}, ours.state, Digest{}).has_value());
}

TEST_CASE("checkpoint store: a snapshot writes what has changed, no more") {
  StoreFixture fixture;
  const Bytes before = noise(1, 4'000'000);
  Bytes after = before;
  after.insert(after.begin() + 2'000'000, 5);
  fixture.take(1, Model(noise(2, 1000), before));
  const std::uint64_t first = fixture.used_bytes();
  CHECK(first < 4'020'000);
  fixture.take(2, Model(noise(3, 1000), before));
  CHECK(fixture.used_bytes() - first < 3000);
  fixture.take(3, Model(noise(3, 1000), after));
  CHECK(fixture.used_bytes() - first < 4 * core::max_piece_bytes);
}

TEST_CASE("checkpoint store: after a restart all is there, and what did not change is still not written") {
  StoreFixture fixture;
  const Bytes state = noise(1, 2'000'000);
  const Model first(noise(2, 1000), state), second(noise(3, 1000), state);
  fixture.take(1, first);
  fixture.open();
  const std::uint64_t before = fixture.used_bytes();
  fixture.take(2, second);
  CHECK(fixture.used_bytes() - before < 3000);
  fixture.disk.crash(0);
  fixture.open();
  CHECK(fixture.seqs() == Seqs{2, 1});
  fixture.check_whole(1, first);
  fixture.check_whole(2, second);
}

TEST_CASE("checkpoint store: a large state is written in steps of a MiB, and read block by block") {
  StoreFixture fixture;
  const Model model(noise(1, 1000), noise(2, 20'000'000));
  std::size_t writes = 0;
  fixture.disk.set_hook([&](storage::VirtualDisk::Operation operation, const std::string&) {
    if (operation == storage::VirtualDisk::Operation::write) ++writes;
    CHECK(operation != storage::VirtualDisk::Operation::sync);
    return Result<void>();
  });
  REQUIRE(fixture.write(1, model));
  fixture.disk.set_hook({});
  CHECK(writes <= 20);
  CHECK(writes >= 15);
}
