#include "storage/packed_blocks.hpp"

#include <doctest/doctest.h>

#include "unit/storage/checkpoint_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;
using storage::BlockWriter;
using storage::Digests;
using storage::PackedBlocks;

struct PackFixture {
  storage::VirtualDisk disk;
  storage::FirstFailure failure;
  std::unique_ptr<PackedBlocks> blocks;

  PackFixture() {
    REQUIRE(disk.make_directory("/packs"));
    blocks = *PackedBlocks::open(disk, "/packs", store_identity, plain_crypto, failure, {}, {});
  }
  /// One pack with these blocks, durable.
  Digests add(const std::vector<Bytes>& contents) {
    const auto writer = blocks->write();
    Digests names;
    for (const Bytes& content : contents) {
      names.push_back(core::block_digest(plain_crypto, content));
      if (!writer->hold(names.back(), BlockWriter::Accept::lasting)) {
        REQUIRE(writer->add(names.back(), content));
      }
    }
    REQUIRE(writer->publish());
    REQUIRE(blocks->sync());
    return names;
  }
  void keep_only(Digests names) {
    REQUIRE(blocks->keep_only({std::make_shared<const Digests>(std::move(names))}));
  }
  bool is_lasting(const Digest& name) {
    return blocks->write()->hold(name, BlockWriter::Accept::lasting).has_value();
  }
  std::size_t packs() { return disk.list("/packs")->size(); }
};
}  // namespace

TEST_CASE_FIXTURE(PackFixture, "packed blocks: what lives in a pack that is mostly dead is written again") {
  const Digests names = add({noise(1, 1000), noise(2, 1000), noise(3, 1000)});
  keep_only({names[0], names[1]});
  CHECK(is_lasting(names[0]));
  keep_only({names[0]});
  CHECK(blocks->size_of(names[0]) == 1000);
  CHECK_FALSE(blocks->size_of(names[1]).has_value());
  CHECK_FALSE(is_lasting(names[0]));
  CHECK(blocks->write()->hold(names[0], BlockWriter::Accept::any) == 1000);

  CHECK(packs() == 1);
  add({noise(1, 1000)});
  CHECK(packs() == 2);
  keep_only({names[0]});
  CHECK(packs() == 1);
  CHECK(is_lasting(names[0]));
  CHECK(**blocks->read(names[0]) == noise(1, 1000));
}

TEST_CASE_FIXTURE(PackFixture,
                  "packed blocks: until the new copy of a block is durable the old one stays, and is read") {
  const Digests names = add({noise(1, 1000), noise(2, 5000)});
  keep_only({names[0]});
  auto writer = blocks->write();
  REQUIRE_FALSE(writer->hold(names[0], BlockWriter::Accept::lasting));
  REQUIRE(writer->add(names[0], noise(1, 1000)));
  REQUIRE(writer->publish());
  keep_only({});
  CHECK(packs() == 2);
  disk.kill_process();
  CHECK_FALSE(blocks->read(names[0]));  // it is read from a file that was open before
  writer.reset();
}

TEST_CASE_FIXTURE(PackFixture, "packed blocks: what a writer holds lives as long as the writer") {
  const Digests names = add({noise(1, 1000), noise(2, 1000)});
  auto writer = blocks->write();
  CHECK(writer->hold(names[0], BlockWriter::Accept::any) == 1000);
  keep_only({});
  CHECK(blocks->size_of(names[0]) == 1000);
  CHECK_FALSE(blocks->size_of(names[1]).has_value());
  CHECK(writer->names() == Digests{names[0]});
  writer->release();
  CHECK(writer->names().empty());
  keep_only({});
  CHECK_FALSE(blocks->size_of(names[0]).has_value());
  CHECK(packs() == 0);
}

TEST_CASE_FIXTURE(PackFixture, "packed blocks: a writer reads what it added before anybody else does") {
  auto writer = blocks->write();
  const Bytes small = noise(1, 1000), large = noise(2, core::max_block_bytes);
  const Digest small_name = core::block_digest(plain_crypto, small);
  REQUIRE(writer->add(small_name, small));
  CHECK(writer->hold(small_name, BlockWriter::Accept::lasting) == 1000);
  CHECK(**writer->read(small_name) == small);
  CHECK(*blocks->read(small_name) == nullptr);
  CHECK(packs() == 0);
  for (std::uint64_t i = 0; i < 5; ++i) {
    const Bytes block = noise(10 + i, core::max_block_bytes);
    REQUIRE(writer->add(core::block_digest(plain_crypto, block), block));
  }
  CHECK(packs() == 1);
  CHECK(**writer->read(small_name) == small);
  REQUIRE(writer->publish());
  CHECK(**blocks->read(small_name) == small);
}

TEST_CASE_FIXTURE(PackFixture, "packed blocks: of too many packs the smaller half is written again") {
  Digests names;
  for (std::uint64_t i = 0; i < PackedBlocks::max_packs; ++i) {
    names.push_back(add({noise(i, 100 + static_cast<std::size_t>(i))})[0]);
  }
  keep_only(names);
  CHECK(is_lasting(names[0]));
  names.push_back(add({noise(1000, 1000)})[0]);
  keep_only(names);
  CHECK_FALSE(is_lasting(names[0]));
  CHECK_FALSE(is_lasting(names[63]));
  CHECK(is_lasting(names[64]));
  CHECK(is_lasting(names[128]));
  std::vector<Bytes> again;
  for (const Digest& name : names) again.push_back(**blocks->read(name));
  add(again);
  keep_only(names);
  CHECK(packs() == 129 - 64 + 1);
}

TEST_CASE("checkpoint store: many changes later disk use is still about twice what lives, all of it whole") {
  StoreFixture fixture;
  constexpr std::size_t size = 2'000'000;
  Bytes state = noise(1, size);
  std::vector<Model> models;
  for (std::uint64_t seq = 1; seq <= 80; ++seq) {
    const Bytes change = noise(1000 + seq, 40'000);
    const auto at = static_cast<std::ptrdiff_t>(seq * 7919 * 131 % (size - change.size()));
    std::copy(change.begin(), change.end(), state.begin() + at);
    models.emplace_back(noise(2000 + seq, 3000), state);
    fixture.take(seq, models.back());
    REQUIRE(fixture.store->discard(SeqNum{seq - 1}, {}));
    CHECK(fixture.used_bytes() < 3 * size + 1'000'000);
    CHECK(fixture.packs().size() < 30);
    if (seq % 20 == 0) {
      fixture.disk.crash(seq);
      fixture.open();
    }
  }
  CHECK(fixture.seqs() == std::vector<std::uint64_t>{80, 79});
  fixture.check_whole(80, models[79]);
  fixture.check_whole(79, models[78]);
}
