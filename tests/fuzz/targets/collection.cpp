// A state that is collected from others: each block is what its digest says, and the tree may still be
// anything.
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "core/io.hpp"
#include "core/state_tree.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "storage/checkpoint_store.hpp"
#include "unit/plain_crypto.hpp"

namespace pbft::fuzz {

namespace {

const test::PlainCrypto crypto;

/// Blocks that refer to each other, right or wrong.
class Blocks {
 public:
  explicit Blocks(Input& input) : input_(input) {
    for (std::size_t count = 1 + input_.below(12); count > 0; --count) add();
  }
  const Digest& last() const { return names_.back(); }
  const std::map<Digest, core::BlockPtr>& all() const { return all_; }
  const Digest& any() const { return names_[input_.below(names_.size())]; }

 private:
  void add() {
    Bytes block;
    switch (input_.octet() % 4) {
      case 0: {
        block.push_back(0);
        const BytesView piece = input_.piece();
        block.insert(block.end(), piece.begin(), piece.end());
        break;
      }
      case 1: {
        const std::size_t entries = input_.below(5);
        block.push_back(input_.octet() % 4 == 3 ? input_.octet()
                                                : static_cast<std::uint8_t>(1 + input_.below(3)));
        append(block, input_.octet() % 8 == 7 ? input_.number() : entries);
        for (std::size_t i = 0; i < entries; ++i) {
          append(block, name());
          append(block, input_.number());
        }
        break;
      }
      case 2:
        block.push_back(255);
        block.insert(block.end(), {1, 0, 0, 0});
        for (int stream = 0; stream < 2; ++stream) append_top(block);
        break;
      default:
        block = copy_of(input_.piece());
        if (block.empty()) block.push_back(input_.octet());
        break;
    }
    check_parsers(block);
    names_.push_back(core::block_digest(crypto, block));
    all_[names_.back()] = std::make_shared<const Bytes>(std::move(block));
  }
  void append_top(Bytes& block) {
    const std::uint8_t choice = input_.octet();
    if (choice % 4 == 0) {  // empty
      block.push_back(255);
      block.insert(block.end(), 40, 0);
      return;
    }
    block.push_back(choice % 4 == 3 ? input_.octet() : static_cast<std::uint8_t>(choice / 4 % 3));
    append(block, name());
    append(block, input_.number());
  }
  Digest name() {
    if (names_.empty() || input_.octet() % 8 == 7) return Digest{{input_.octet()}};
    return any();
  }
  static void append(Bytes& to, std::uint64_t number) {
    for (int i = 0; i < 8; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  }
  static void append(Bytes& to, const Digest& digest) {
    to.insert(to.end(), digest.bytes.begin(), digest.bytes.end());
  }
  static void check_parsers(BytesView block) {
    (void)core::parse_root(block);
    (void)core::parse_piece(block);
    for (const std::uint8_t level : std::array<std::uint8_t, 6>{0, 1, 2, 8, 9, 255}) {
      const auto children = core::parse_node(block, level);
      FUZZ_CHECK(!children || (children->size() >= 1 && children->size() <= core::max_node_entries));
    }
  }

  Input& input_;
  std::vector<Digest> names_;
  std::map<Digest, core::BlockPtr> all_;
};

/// What was collected is what the root says, to the byte.
void check_whole(storage::CheckpointStore& store, SeqNum seq, const Digest& state, const Bytes& core_state) {
  const auto again = store.read_core_state(seq, state);
  FUZZ_CHECK(again && *again == core_state);
  const auto root_block = store.read_block(state);
  FUZZ_CHECK(root_block && *root_block);
  const auto root = core::parse_root(**root_block);
  FUZZ_CHECK(root && root->core.bytes == core_state.size());
  std::uint64_t bytes = 0;
  const auto read = store.read_application(seq, state, [&](SnapshotReader& reader) {
    Bytes part(5000);
    while (const std::size_t got = reader.read(part)) bytes += got;
    return Result<void>();
  });
  FUZZ_CHECK(read && bytes == root->application.bytes);
}

void collect(storage::CheckpointStore& store, const Blocks& blocks, SeqNum seq, const Digest& state,
             Input& input) {
  auto step = store.collect(seq, state);
  for (std::size_t rounds = 0; step && !step->core_state && rounds < 64; ++rounds) {
    FUZZ_CHECK(!step->missing.empty() && step->missing.size() <= core::FetchState::max_blocks);
    if (input.octet() % 4 == 3) {  // unasked
      step = store.add_block(blocks.all().at(blocks.any()));
      continue;
    }
    const auto given = blocks.all().find(step->missing[input.below(step->missing.size())]);
    if (given == blocks.all().end()) return;
    step = store.add_block(given->second);
  }
  FUZZ_CHECK(step || !step.error().message.empty());
  if (step && step->core_state) check_whole(store, seq, state, *step->core_state);
}

void fuzz_collection(BytesView bytes) {
  Input input(bytes);
  const Blocks blocks(input);
  const auto store = storage::CheckpointStore::in_memory(crypto);
  collect(*store, blocks, SeqNum{2}, blocks.last(), input);
  collect(*store, blocks, SeqNum{4}, blocks.any(), input);
  (void)store->discard(SeqNum{4}, {}).has_value();
}

const Target target("collection", fuzz_collection);

}  // namespace

}  // namespace pbft::fuzz
