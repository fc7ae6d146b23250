#include <doctest/doctest.h>

#include "unit/storage/checkpoint_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using Seqs = std::vector<std::uint64_t>;

core::BlockPtr block_of(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }
Digest name_of(const core::BlockPtr& block) { return core::block_digest(plain_crypto, *block); }

/// More of them than one answer names.
Bytes many_pieces() {
  Bytes state;
  state.reserve(44 * core::max_piece_bytes);
  for (std::uint64_t i = 0; i < 44; ++i) {
    Bytes part = noise(i, core::max_piece_bytes);
    state.insert(state.end(), part.begin(), part.end());
  }
  return state;
}
}  // namespace

TEST_CASE("collection: from nothing, each block is asked for and given once, from the root down") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 100'000), many_pieces());
  const auto first = fixture.store->collect(SeqNum{128}, model.state);
  REQUIRE(first);
  CHECK(first->missing == std::vector<Digest>{model.state});
  const auto last = fixture.feed(*first, model);
  REQUIRE(last);
  CHECK(last->core_state == model.core);
  CHECK(fixture.given.size() == model.blocks.size());
  for (const auto& [name, times] : fixture.given) CHECK(times == 1);
  CHECK(fixture.store->checkpoints()[0].collected);
  fixture.check_whole(128, model);
  if (fixture.kind == Kind::disk) {
    fixture.disk.crash(0);
    fixture.open();
    fixture.check_whole(128, model);
  }
}

TEST_CASE("collection: what is here already is not asked for") {
  StoreFixture fixture(any_kind());
  const Bytes old = many_pieces();
  Bytes changed = old;
  changed[4'000'000] ^= 1;
  fixture.take(1, Model(noise(1, 1000), old));
  const Model model(noise(2, 1000), changed);
  fixture.collect(2, model);
  CHECK(fixture.given.size() <= 6);  // root, core, node, and the pieces around the change
  fixture.check_whole(2, model);
}

TEST_CASE("collection: a state that is here as a whole is collected at once, also one without any stream") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 1000), noise(2, 300'000)), nothing({}, {});
  fixture.take(1, model);
  const auto again = fixture.store->collect(SeqNum{1}, model.state);
  REQUIRE(again);
  CHECK(again->core_state == model.core);
  const auto later = fixture.store->collect(SeqNum{2}, model.state);
  REQUIRE(later);
  CHECK(later->core_state == model.core);
  CHECK(fixture.seqs() == Seqs{2, 1});
  fixture.collect(3, nothing);
  fixture.check_whole(3, nothing);
}

TEST_CASE("collection: what our own snapshot completes meanwhile is one checkpoint, which can go") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 1000), noise(2, 300'000)), next(noise(3, 1000), noise(4, 1000));
  auto begun = fixture.store->collect(SeqNum{1}, model.state);
  REQUIRE(begun);
  begun = fixture.feed(*std::move(begun), model, 1);
  REQUIRE(begun);
  fixture.take(1, model);
  begun = fixture.feed(*std::move(begun), model);
  REQUIRE(begun);
  CHECK(begun->core_state == model.core);
  CHECK(fixture.seqs() == Seqs{1});
  fixture.take(2, next);
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  CHECK(fixture.seqs() == Seqs{2});
  fixture.check_whole(2, next);
}

TEST_CASE("collection: blocks may come in any order; what was not asked for changes nothing") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 100'000), noise(2, 3'000'000));
  auto step = fixture.store->collect(SeqNum{1}, model.state);
  REQUIRE(step);
  const auto junk = fixture.store->add_block(block_of({0, 1, 2, 3}));
  REQUIRE(junk);
  CHECK(junk->missing == step->missing);
  while (!step->missing.empty()) {
    const Digest last = step->missing.back();
    step = fixture.store->add_block(model.blocks.at(last));
    REQUIRE(step);
    const auto twice = fixture.store->add_block(model.blocks.at(last));
    REQUIRE(twice);
    CHECK(twice->missing == step->missing);
  }
  CHECK(step->core_state.has_value());
  const auto idle = fixture.store->add_block(model.blocks.begin()->second);
  REQUIRE(idle);
  CHECK(idle->missing.empty());
  CHECK_FALSE(idle->core_state.has_value());
  fixture.check_whole(1, model);
}

TEST_CASE("collection: a newer checkpoint takes the place of one half collected, and keeps what was given") {
  StoreFixture fixture(any_kind());
  const Bytes old = many_pieces();
  Bytes changed = old;
  changed[100] ^= 1;
  const Model first(noise(1, 1000), old), second(noise(2, 1000), changed);
  REQUIRE(fixture.try_collect(1, first, 20));
  const std::size_t given = fixture.given.size();
  CHECK(given == 20);
  fixture.collect(2, second);
  CHECK(fixture.given.size() - given <= second.blocks.size() - given + 8);
  CHECK(fixture.seqs() == Seqs{2});
  fixture.check_whole(2, second);
  // What only the first one had is not kept for ever.
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  CHECK_FALSE(fixture.has_block(first.state));
  fixture.check_whole(2, second);
}

TEST_CASE("collection: goes on after a crash or a stop with what had reached the disk") {
  const Model model(noise(1, 1000), many_pieces());
  for (const bool clean : {true, false}) {
    CAPTURE(clean);
    StoreFixture fixture;
    REQUIRE(fixture.try_collect(1, model, 40));
    if (!clean) fixture.disk.kill_process();
    fixture.given.clear();
    fixture.open();
    // What the start has found no later power cut takes away.
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      fixture.disk.crash(seed);
      fixture.open();
    }
    CHECK(fixture.store->checkpoints().empty());
    CHECK(fixture.packs().size() <= 1);
    fixture.collect(1, model);
    if (clean) CHECK(fixture.given.size() == model.blocks.size() - 40);
    if (!clean) CHECK(fixture.given.size() < model.blocks.size() - 25);
    fixture.disk.crash(1);
    fixture.open();
    fixture.check_whole(1, model);
  }
}

TEST_CASE("collection: loses nothing that it found here to a discard") {
  StoreFixture fixture(any_kind());
  const Bytes old = many_pieces();
  const Model first(noise(1, 1000), old), second(noise(2, 1000), noise(3, 100'000)),
      agreed(noise(4, 1000), joined({old, {1}}));
  fixture.take(1, first);
  fixture.take(2, second);
  auto step = fixture.try_collect(3, agreed, 3);
  REQUIRE(step);
  REQUIRE_FALSE(step->missing.empty());
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  CHECK(fixture.seqs() == Seqs{2});
  REQUIRE(fixture.feed(*step, agreed)->core_state.has_value());
  CHECK(fixture.given.size() <= 6);
  fixture.check_whole(3, agreed);
}

TEST_CASE("collection: one that is older than what is kept ends, and its blocks go") {
  StoreFixture fixture(any_kind());
  const Model model(noise(1, 1000), noise(2, 2'000'000)), newer(noise(3, 1000), noise(4, 1000));
  REQUIRE(fixture.try_collect(1, model, 10));
  fixture.take(2, newer);
  REQUIRE(fixture.store->discard(SeqNum{2}, {}));
  const auto step = fixture.store->add_block(model.blocks.begin()->second);
  REQUIRE(step);
  CHECK(step->missing.empty());
  CHECK_FALSE(step->core_state.has_value());
  CHECK_FALSE(fixture.has_block(model.state));
  if (fixture.kind == Kind::disk) CHECK(fixture.used_bytes() < 10'000);
}

TEST_CASE("collection: a tree that breaks its own promise is refused with the block's name") {
  StoreFixture fixture(any_kind());
  const auto refuse = [&](const std::vector<core::BlockPtr>& blocks, const std::string& why) {
    auto step = fixture.store->collect(SeqNum{7}, name_of(blocks.front()));
    for (const auto& block : blocks) {
      REQUIRE(step);
      REQUIRE(std::find(step->missing.begin(), step->missing.end(), name_of(block)) != step->missing.end());
      step = fixture.store->add_block(block);
    }
    REQUIRE_FALSE(step);
    CHECK(mentions(step.error().message, why));
    CHECK(mentions(step.error().message, "checkpoint 7"));
    CHECK(mentions(step.error().message, to_hex(name_of(blocks.back()).bytes)));
    CHECK(fixture.store->checkpoints().empty());
  };
  const auto root_over = [](const core::StreamTop& application) {
    Bytes root;
    core::write_root(plain_crypto, {}, application,
                     [&](const Digest&, BytesView block) { root.assign(block.begin(), block.end()); });
    return block_of(root);
  };
  const auto node_of = [](std::uint8_t level, const core::BlockPtr& child, std::uint8_t bytes) {
    Bytes node{level, 1, 0, 0, 0, 0, 0, 0, 0};
    const Digest name = name_of(child);
    node.insert(node.end(), name.bytes.begin(), name.bytes.end());
    for (const std::uint8_t byte : {bytes, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0},
                                    std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}}) {
      node.push_back(byte);
    }
    return block_of(node);
  };
  const auto piece = block_of({0, 1, 2, 3});
  const auto node = node_of(1, piece, 3);
  refuse({piece}, "no root");
  refuse({root_over({std::uint8_t{0}, name_of(piece), 4}), piece}, "of another size");
  refuse({root_over({std::uint8_t{0}, name_of(node), 3}), node}, "no piece");
  refuse({root_over({std::uint8_t{1}, name_of(piece), 3}), piece}, "no node of level 1");
  refuse({root_over({std::uint8_t{2}, name_of(node), 3}), node}, "no node of level 2");
  refuse({root_over({std::uint8_t{1}, name_of(node), 4}), node}, "of another size");
  const auto wrong_piece = node_of(1, piece, 2);
  refuse({root_over({std::uint8_t{1}, name_of(wrong_piece), 2}), wrong_piece, piece}, "of another size");
  // The same when the blocks are here already: the root since the second of these.
  fixture.collect(5, Model({}, {1, 2, 3}));
  REQUIRE(fixture.has_block(name_of(piece)));
  const auto step =
      fixture.store->collect(SeqNum{7}, name_of(root_over({std::uint8_t{0}, name_of(piece), 4})));
  REQUIRE_FALSE(step);
  CHECK(mentions(step.error().message, "of another size"));
  // The store goes on.
  const Model good(noise(1, 10), noise(2, 300'000));
  fixture.collect(8, good);
  fixture.check_whole(8, good);
}
