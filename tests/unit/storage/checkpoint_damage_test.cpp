// Damage in what a checkpoint needs is named with file and offset, when the store is opened or when it is
// read.
#include <doctest/doctest.h>

#include "storage/pack_format.hpp"
#include "unit/storage/checkpoint_fixture.hpp"

namespace {
using namespace pbft;
using namespace pbft::test;

struct Taken : StoreFixture {
  Model model{noise(1, 1000), noise(2, 700'000)};
  Taken() { take(128, model); }

  std::string checkpoint_path() const {
    return path(storage::pack::checkpoint_name(SeqNum{128}, model.state));
  }
  /// Of one block of this level.
  const Bytes& block_of(std::uint8_t level) const {
    for (const auto& [name, block] : model.blocks) {
      if (block->front() == level && (level != 0 || block->size() > 30'000)) return *block;
    }
    FAIL("no such block");
    return *model.blocks.begin()->second;
  }
  /// As messages put it: a block's damage is reported at its header.
  static std::string place(const std::pair<std::string, std::uint64_t>& at) {
    return at.first + ": damaged at offset " + std::to_string(at.second - storage::pack::block_header_bytes) +
           ": ";
  }
};
}  // namespace

TEST_CASE_FIXTURE(Taken, "checkpoint store: a flipped bit anywhere in a checkpoint file refuses the store") {
  const std::size_t size = disk.content(checkpoint_path()).size();
  for (std::size_t offset = 0; offset < size; ++offset) {
    CAPTURE(offset);
    disk.flip_bit(checkpoint_path(), offset, offset % 8);
    CHECK(mentions(refusal(), checkpoint_path() + ": damaged at offset 0: "));
    disk.flip_bit(checkpoint_path(), offset, offset % 8);
  }
  open();
  disk.truncate(checkpoint_path(), size - 1);
  CHECK(mentions(refusal(), checkpoint_path() + ": damaged at offset 0: "));
  disk.truncate(checkpoint_path(), 0);
  CHECK(mentions(refusal(), checkpoint_path() + ": damaged at offset 0: "));
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a flipped bit in the root or a node is found when it is opened") {
  for (const std::uint8_t level : {std::uint8_t{255}, std::uint8_t{1}}) {
    const auto at = locate(block_of(level));
    for (const std::uint64_t offset : {at.second, at.second + 20, at.second + block_of(level).size() - 1}) {
      disk.flip_bit(at.first, offset, 3);
      CHECK(mentions(refusal(), place(at) + "a block does not match its checksum"));
      CHECK(mentions(refusal(), checkpoint_path()));
      disk.flip_bit(at.first, offset, 3);
    }
  }
  open();
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a flipped bit in a piece is found when it is read") {
  const Bytes& piece = block_of(0);
  const auto at = locate(piece);
  const Digest name = core::block_digest(plain_crypto, piece);
  disk.flip_bit(at.first, at.second + 1000, 3);
  open();
  const std::string expected = place(at) + "a block does not match its checksum";
  CHECK(mentions(application(128, model.state).error().message, expected));
  CHECK(mentions(store->read_block(name).error().message, expected));
  // It is no failure of a write: the rest of the store goes on.
  CHECK(store->read_core_state(SeqNum{128}, model.state));
  take(256, Model(noise(3, 1000), noise(4, 1000)));
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a block that was exchanged for another is found by its digest") {
  const Bytes& piece = block_of(0);
  const auto at = locate(piece);
  const std::string pack_name = at.first.substr(at.first.rfind('/') + 1);
  Bytes other = piece;
  other[5] ^= 1;
  Bytes record;
  const std::uint64_t offset = at.second - storage::pack::block_header_bytes;
  storage::pack::encode_block(record, {*storage::pack::parse_name(pack_name), offset},
                              core::block_digest(plain_crypto, piece), other);
  disk.overwrite(at.first, offset, record);
  open();
  CHECK(mentions(application(128, model.state).error().message,
                 place(at) + "a block does not match its digest"));
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a flipped bit in a header, a short pack or a lost one is named") {
  const auto at = locate(block_of(0));
  const std::uint64_t header = at.second - storage::pack::block_header_bytes;
  disk.flip_bit(at.first, header + 5, 0);
  std::string message = refusal();
  CHECK(mentions(message, place(at) + "no block's header"));
  CHECK(mentions(message, checkpoint_path() + ": cannot be restored"));
  disk.flip_bit(at.first, header + 5, 0);

  disk.flip_bit(at.first, 17, 0);
  CHECK(mentions(refusal(), at.first + ": damaged at offset 0: the header does not match"));
  disk.flip_bit(at.first, 17, 0);
  open();

  const Bytes whole = disk.content(at.first);
  disk.truncate(at.first, whole.size() - 1);
  message = refusal();
  CHECK(mentions(message, at.first + ": damaged at offset "));
  CHECK(mentions(message, "the file ends within a block"));
  disk.truncate(at.first, at.second + 100);
  CHECK(mentions(refusal(), place(at) + "the file ends within a block"));
  disk.overwrite(at.first, 0, whole);
  open();

  store.reset();
  disk.lose(at.first);
  CHECK(mentions(refusal(), checkpoint_path() + ": cannot be restored: block "));
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a pack of the same size put in another's place is found") {
  take(256, Model(noise(3, 1000), model.application));
  const auto found = packs();
  REQUIRE(found.size() == 2);
  disk.overwrite(path(found[1]), 0, disk.content(path(found[0])));
  CHECK(mentions(refusal(), path(found[1]) + ": damaged at offset 0: the header is another pack's"));
}

TEST_CASE_FIXTURE(Taken,
                  "checkpoint store: another replica's or another version's files are refused by name") {
  const auto opened = try_open({store_identity.cluster, ReplicaId{2}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::invalid_argument);
  CHECK(mentions(opened.error().message, checkpoint_path() + ": belongs to replica 1 of cluster 090807"));

  const std::string pack_path = path(packs().front());
  const Bytes before = disk.content(pack_path);
  disk.overwrite(pack_path, 0, storage::pack::encode_header({store_identity.cluster, ReplicaId{2}}, 1));
  CHECK(mentions(refusal(), pack_path + ": belongs to replica 2"));
  disk.overwrite(pack_path, 0, before);
  open();
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a checkpoint file under another's name is refused") {
  store.reset();
  REQUIRE(disk.rename(checkpoint_path(), path("checkpoint-129-0000000000000000")));
  CHECK(mentions(refusal(),
                 "checkpoint-129-0000000000000000: damaged at offset 0: its content does not "
                 "match its name"));
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: scrap goes, and files that are not its own are left alone") {
  store.reset();
  for (const char* name :
       {"checkpoint-7-0011223344556677.tmp", "README", "pack-x", "checkpoint-7", "pack-007"}) {
    REQUIRE(disk.create(path(name)));
  }
  open();
  const auto left = names();
  CHECK(std::count(left.begin(), left.end(), "checkpoint-7-0011223344556677.tmp") == 0);
  for (const char* name : {"README", "pack-x", "checkpoint-7", "pack-007"}) {
    CHECK(std::count(left.begin(), left.end(), name) == 1);
  }
  check_whole(128, model);
}

TEST_CASE_FIXTURE(Taken, "checkpoint store: a pack that no checkpoint knows of may be anything") {
  store.reset();
  for (const Bytes& content : {Bytes{}, noise(5, 10), noise(6, 10'000)}) {
    auto file = disk.create(path("pack-77"));
    REQUIRE(file);
    REQUIRE((*file)->write(0, content));
    open();
    CHECK_FALSE(*disk.exists(path("pack-77")));
    check_whole(128, model);
    store.reset();
  }
}

TEST_CASE_FIXTURE(
    Taken, "checkpoint store: a file named like a pack with the last number there is changes nothing") {
  std::uint64_t seq = 128;
  for (const std::uint64_t number : {UINT64_MAX, UINT64_MAX - 6, storage::pack::max_number}) {
    const std::string stray = path(storage::pack::name_of(number));
    REQUIRE(disk.create(stray));
    open();
    const Model another{noise(seq, 1000), noise(seq + 1, 1000)};
    take(seq += 128, another);
    open();
    check_whole(seq, another);
    CHECK(*disk.exists(stray));
  }
}
