#include "core/state_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "unit/plain_crypto.hpp"

namespace pbft::core {

namespace {

using test::noise;

const test::PlainCrypto crypto;
using Blocks = std::map<Digest, Bytes>;

BlockSink into(Blocks& blocks) {
  return [&blocks](const Digest& name, BytesView block) {
    CHECK(block_digest(crypto, block) == name);
    blocks.emplace(name, Bytes(block.begin(), block.end()));
  };
}

/// Written in slices of `slice` bytes.
StreamTop build(BytesView bytes, Blocks& blocks, std::size_t slice = SIZE_MAX) {
  StreamBuilder builder(crypto, into(blocks));
  for (std::size_t at = 0; at < bytes.size(); at += std::min(slice, bytes.size() - at)) {
    builder.write(bytes.subspan(at, std::min(slice, bytes.size() - at)));
  }
  return builder.finish();
}

/// What lies under a block; checks all that a reader relies on.
Bytes read(const Blocks& blocks, const Digest& name, std::uint8_t level, std::uint64_t bytes) {
  REQUIRE(blocks.contains(name));
  const Bytes& block = blocks.at(name);
  Bytes stream;
  if (level == 0) {
    const auto piece = parse_piece(block);
    REQUIRE(piece.has_value());
    stream.assign(piece->begin(), piece->end());
  } else {
    const auto children = parse_node(block, level);
    REQUIRE(children.has_value());
    for (const Child& child : *children) {
      const Bytes part = read(blocks, child.block, static_cast<std::uint8_t>(level - 1), child.bytes);
      stream.insert(stream.end(), part.begin(), part.end());
    }
  }
  CHECK(stream.size() == bytes);
  return stream;
}

std::size_t pieces(const Blocks& blocks) {
  return static_cast<std::size_t>(
      std::count_if(blocks.begin(), blocks.end(), [](const auto& block) { return block.second[0] == 0; }));
}

bool equal(const StreamTop& a, const StreamTop& b) {
  return a.level == b.level && a.block == b.block && a.bytes == b.bytes;
}

void put(Bytes& out, std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

/// A node with entries of these sizes.
Bytes node(std::uint8_t level, std::uint64_t count, const std::vector<std::uint64_t>& sizes) {
  Bytes block{level};
  put(block, count, 8);
  for (const std::uint64_t size : sizes) {
    block.resize(block.size() + 32, 7);
    put(block, size, 8);
  }
  return block;
}

Bytes root(std::uint8_t core_level, std::uint64_t core_bytes, std::uint8_t level, std::uint64_t bytes,
           std::uint8_t fill = 7) {
  Bytes block{255};
  put(block, 1, 4);
  block.push_back(core_level);
  block.resize(block.size() + 32, fill);
  put(block, core_bytes, 8);
  block.push_back(level);
  block.resize(block.size() + 32, fill);
  put(block, bytes, 8);
  return block;
}

}  // namespace

TEST_CASE("state tree: a stream of any size is read back from its blocks") {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{100}, min_piece_bytes - 1, min_piece_bytes, min_piece_bytes + 1,
        max_piece_bytes, max_piece_bytes + 1, std::size_t{3'000'000}}) {
    CAPTURE(size);
    Blocks blocks;
    const Bytes stream = noise(size, size);
    const StreamTop top = build(stream, blocks);
    REQUIRE(top.level.has_value());
    CHECK(top.bytes == size);
    CHECK(*top.level == (size <= min_piece_bytes ? 0 : pieces(blocks) == 1 ? 0 : 1));
    CHECK(read(blocks, top.block, *top.level, top.bytes) == stream);
  }
}

TEST_CASE("state tree: an empty stream has no block") {
  Blocks blocks;
  const StreamTop top = build({}, blocks);
  CHECK_FALSE(top.level.has_value());
  CHECK(top.bytes == 0);
  CHECK(top.block == Digest{});
  CHECK(blocks.empty());
}

TEST_CASE("state tree: equal streams have equal trees, however they are sliced into writes") {
  const Bytes stream = noise(1, 1'500'000);
  Blocks whole;
  const StreamTop top = build(stream, whole);
  for (const std::size_t slice : {std::size_t{7}, std::size_t{4096}, min_piece_bytes - 65,
                                  min_piece_bytes - 64, min_piece_bytes, std::size_t{100'003}}) {
    CAPTURE(slice);
    Blocks blocks;
    CHECK(equal(build(stream, blocks, slice), top));
    CHECK(blocks == whole);
  }
}

TEST_CASE("state tree: pieces keep their bounds, and are some 136 KiB on average where content is random") {
  Blocks blocks;
  constexpr std::size_t size = 64 * 1024 * 1024;
  const StreamTop top = build(noise(2, size), blocks);
  const auto children = parse_node(blocks.at(top.block), 1);
  REQUIRE(children.has_value());
  for (std::size_t i = 0; i + 1 < children->size(); ++i) {
    CHECK((*children)[i].bytes >= min_piece_bytes);
    CHECK((*children)[i].bytes <= max_piece_bytes);
  }
  const std::size_t average = size / children->size();
  CHECK(average > 110 * 1024);
  CHECK(average < 150 * 1024);
}

TEST_CASE("state tree: content without any bound is cut at the largest piece") {
  Blocks blocks;
  const StreamTop top = build(Bytes(4 * max_piece_bytes + 5, 0), blocks);
  const auto children = parse_node(blocks.at(top.block), 1);
  REQUIRE(children.has_value());
  REQUIRE(children->size() == 5);
  for (std::size_t i = 0; i < 4; ++i) CHECK((*children)[i].bytes == max_piece_bytes);
  CHECK(blocks.size() == 3);  // the four equal ones are one block
}

TEST_CASE("state tree: an insertion in the middle of 4 MiB changes a few blocks only") {
  const Bytes before = noise(3, 4 * 1024 * 1024);
  Bytes after = before;
  after.insert(after.begin() + 2 * 1024 * 1024, {1, 2, 3, 4, 5});
  Blocks old_blocks, new_blocks;
  build(before, old_blocks);
  const StreamTop top = build(after, new_blocks);
  CHECK(read(new_blocks, top.block, *top.level, top.bytes) == after);
  const auto fresh = std::count_if(new_blocks.begin(), new_blocks.end(),
                                   [&](const auto& block) { return !old_blocks.contains(block.first); });
  CHECK(new_blocks.size() > 20);
  CHECK(fresh >= 2);  // the piece and the node
  CHECK(fresh <= 5);
}

TEST_CASE("state tree: more pieces than a node holds make a tree of more levels") {
  // Zeros are cut into largest pieces, all of which are one block: 1025 of them need two nodes of level 1.
  StreamTop top;
  Blocks blocks;
  StreamBuilder builder(crypto, into(blocks));
  const Bytes zeros(max_piece_bytes, 0);
  for (std::size_t i = 0; i <= max_node_entries; ++i) builder.write(zeros);
  top = builder.finish();
  CHECK(top.level == 2);
  CHECK(top.bytes == (max_node_entries + 1) * max_piece_bytes);
  const auto nodes = parse_node(blocks.at(top.block), 2);
  REQUIRE(nodes.has_value());
  REQUIRE(nodes->size() == 2);
  CHECK((*nodes)[0].bytes == max_node_entries * max_piece_bytes);
  CHECK((*nodes)[1].bytes == max_piece_bytes);
  CHECK(parse_node(blocks.at((*nodes)[0].block), 1)->size() == max_node_entries);
  CHECK(parse_node(blocks.at((*nodes)[1].block), 1)->size() == 1);
}

TEST_CASE("state tree: exactly as many pieces as a node holds need no second level") {
  Blocks blocks;
  StreamBuilder builder(crypto, into(blocks));
  const Bytes zeros(max_piece_bytes, 0);
  for (std::size_t i = 0; i < max_node_entries; ++i) builder.write(zeros);
  CHECK(builder.finish().level == 1);
}

TEST_CASE("state tree: the root names both streams, and the digest covers each") {
  Blocks blocks;
  const Bytes core = noise(4, 1000), application = noise(5, 400'000);
  const Digest state = state_digest(crypto, core, application, into(blocks));
  CHECK(state == state_digest(crypto, core, application));
  const auto parsed = parse_root(blocks.at(state));
  REQUIRE(parsed.has_value());
  CHECK(read(blocks, parsed->core.block, *parsed->core.level, parsed->core.bytes) == core);
  CHECK(read(blocks, parsed->application.block, *parsed->application.level, parsed->application.bytes) ==
        application);
  CHECK(state_digest(crypto, core, noise(6, 400'000)) != state);
  CHECK(state_digest(crypto, noise(6, 1000), application) != state);
  CHECK(state_digest(crypto, application, core) != state);
  CHECK(state_digest(crypto, {}, application) != state);
}

TEST_CASE("state tree: the root of two empty streams is a root") {
  Blocks blocks;
  const Digest state = state_digest(crypto, {}, {}, into(blocks));
  REQUIRE(blocks.size() == 1);
  const auto parsed = parse_root(blocks.at(state));
  REQUIRE(parsed.has_value());
  CHECK_FALSE(parsed->core.level.has_value());
  CHECK_FALSE(parsed->application.level.has_value());
}

// A replica that cuts otherwise can agree with nobody: these values change with the format version only.
TEST_CASE("state tree: the same bytes have the same digest on every machine and in every version") {
  CHECK(to_hex(state_digest(crypto, noise(4, 1000), noise(5, 4'000'000)).bytes) ==
        "992cae7076cccc0dbfd81094820f4ffd2ba3879a4027267a73849493f2b1af86");
  CHECK(to_hex(state_digest(crypto, {}, {}).bytes) ==
        "d2604c1366ca1dd1306e53fad9741ce504a97ca1893b21b5125cffe020713090");
}

TEST_CASE("state tree: a piece is a level byte and 1 to max_piece_bytes bytes") {
  CHECK_FALSE(parse_piece({}).has_value());
  CHECK_FALSE(parse_piece(Bytes{0}).has_value());
  CHECK_FALSE(parse_piece(Bytes{1, 5}).has_value());
  CHECK_FALSE(parse_piece(Bytes{255, 5}).has_value());
  CHECK_FALSE(parse_piece(Bytes(max_block_bytes + 1, 0)).has_value());
  CHECK(parse_piece(Bytes(max_block_bytes, 0))->size() == max_piece_bytes);
  CHECK(parse_piece(Bytes{0, 5})->size() == 1);
}

TEST_CASE("state tree: a node has its level, its count and entries of at least one byte, and no more") {
  CHECK(parse_node(node(1, 2, {3, 4}), 1)->size() == 2);
  CHECK(parse_node(node(8, 1, {UINT64_MAX}), 8)->size() == 1);
  CHECK(parse_node(node(1, 1024, std::vector<std::uint64_t>(1024, 1)), 1)->size() == 1024);

  CHECK_FALSE(parse_node({}, 1).has_value());
  CHECK_FALSE(parse_node(Bytes(8, 1), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 2, {3, 4}), 2).has_value());
  CHECK_FALSE(parse_node(node(0, 2, {3, 4}), 0).has_value());
  CHECK_FALSE(parse_node(node(9, 2, {3, 4}), 9).has_value());
  CHECK_FALSE(parse_node(node(255, 2, {3, 4}), 255).has_value());
  CHECK_FALSE(parse_node(node(1, 0, {}), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 1, {3, 4}), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 3, {3, 4}), 1).has_value());
  CHECK_FALSE(parse_node(node(1, UINT64_MAX, {3, 4}), 1).has_value());
  // 2^61 entries of 40 bytes are 0 bytes, in 64 bits.
  CHECK_FALSE(parse_node(node(1, std::uint64_t{1} << 61, {}), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 1025, std::vector<std::uint64_t>(1025, 1)), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 2, {3, 0}), 1).has_value());
  CHECK_FALSE(parse_node(node(1, 2, {UINT64_MAX, 1}), 1).has_value());
  Bytes longer = node(1, 2, {3, 4});
  longer.push_back(0);
  CHECK_FALSE(parse_node(longer, 1).has_value());
  longer.resize(longer.size() - 2);
  CHECK_FALSE(parse_node(longer, 1).has_value());
}

TEST_CASE("state tree: a root has its version, levels that exist, and says of nothing that it is empty") {
  CHECK(parse_root(root(0, 5, 8, 7)).has_value());
  Bytes empty = root(255, 0, 255, 0, 0);
  CHECK(parse_root(empty).has_value());

  CHECK_FALSE(parse_root({}).has_value());
  CHECK_FALSE(parse_root(root(9, 5, 0, 7)).has_value());
  CHECK_FALSE(parse_root(root(254, 5, 0, 7)).has_value());
  CHECK_FALSE(parse_root(root(0, 0, 0, 7)).has_value());
  CHECK_FALSE(parse_root(root(0, 5, 0, 0)).has_value());
  CHECK_FALSE(parse_root(root(255, 5, 0, 7, 0)).has_value());
  CHECK_FALSE(parse_root(root(255, 0, 0, 7)).has_value());  // empty, with a digest
  Bytes other = root(0, 5, 0, 7);
  other[0] = 0;
  CHECK_FALSE(parse_root(other).has_value());
  other = root(0, 5, 0, 7);
  other[1] = 2;
  CHECK_FALSE(parse_root(other).has_value());
  other = root(0, 5, 0, 7);
  other.push_back(0);
  CHECK_FALSE(parse_root(other).has_value());
  other.resize(other.size() - 2);
  CHECK_FALSE(parse_root(other).has_value());
}

}  // namespace pbft::core
