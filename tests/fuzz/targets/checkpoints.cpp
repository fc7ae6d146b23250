// The files of checkpoints: packs of blocks, checkpoint files, and what a crash or somebody's hand made of
// them.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/state_tree.hpp"
#include "fuzz/input.hpp"
#include "fuzz/spoilt_disk.hpp"
#include "fuzz/target.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/pack_format.hpp"
#include "unit/plain_crypto.hpp"

namespace pbft::fuzz {

namespace {

using storage::CheckpointStore;

const test::PlainCrypto crypto;
const std::string directory = "/data/checkpoints";
const storage::WalIdentity owner{Digest{{9, 8, 7}}, ReplicaId{1}};

/// A state in few blocks, and them.
struct State {
  Bytes core, application;
  Digest digest;
  std::vector<std::pair<Digest, Bytes>> blocks;

  explicit State(Input& input) : core(input.below(64), 1), application(input.below(200), input.octet()) {
    digest = core::state_digest(crypto, core, application, [this](const Digest& name, BytesView block) {
      blocks.emplace_back(name, copy_of(block));
    });
  }
};

class Store {
 public:
  explicit Store(Input& input) : input_(input) {
    disk_.set_capacity(4 << 20);
    FUZZ_CHECK(disk_.make_directory("/data") && disk_.sync_directory("/"));
    FUZZ_CHECK(disk_.make_directory(directory) && disk_.sync_directory("/data"));
  }

  void prepare() {
    for (int steps = 0; steps < 24 && !input_.empty(); ++steps) step();
    close();
  }

  /// What opens once takes a snapshot more, and opens again with it after a loss of power.
  void check() {
    if (!open()) return;
    read_all();
    const State state(input_);
    if (!snapshot(SeqNum{1000}, state)) return;  // it met damage
    if (input_.flag() && !store_->discard(SeqNum{1000}, {})) return;
    const std::uint64_t seed = input_.number();
    close();
    disk_.crash(seed);
    if (!open()) broken("what was open opens no more: " + refusal_, __FILE__, __LINE__);
    const auto found = store_->checkpoints();
    FUZZ_CHECK(std::any_of(found.begin(), found.end(), [&](const storage::StoredCheckpoint& each) {
      return each.seq == SeqNum{1000} && each.state == state.digest;
    }));
    read_all();
  }

 private:
  void step() {
    switch (input_.octet() % 8) {
      case 0:
        open();
        return;
      case 1:
        if (store_) (void)snapshot(SeqNum{input_.octet()}, State(input_));
        return;
      case 2:
        if (store_) (void)store_->discard(SeqNum{input_.octet()}, {SeqNum{input_.octet()}}).has_value();
        return;
      case 3:
        close();
        return write_pack();
      case 4:
        close();
        return write_checkpoint();
      case 5:
        close();
        return spoil(disk_, directory, input_);
      case 6: {
        close();
        const std::string name =
            input_.flag() ? storage::pack::name_of(input_.number()) : text_of(input_.piece());
        if (name.empty() || name.find('/') != std::string::npos) return;
        return put_file(disk_, directory + "/" + name, input_.piece());
      }
      default:
        close();
        return disk_.crash(input_.octet());
    }
  }

  bool open() {
    close();
    auto opened = CheckpointStore::open(disk_, directory, owner, crypto);
    FUZZ_CHECK(opened || !opened.error().message.empty());
    if (!opened) refusal_ = opened.error().message;
    if (opened) store_ = *std::move(opened);
    return store_ != nullptr;
  }
  void close() {
    store_.reset();
    disk_.kill_process();
  }
  bool snapshot(SeqNum seq, const State& state) {
    auto pending = store_->write_snapshot(seq, state.core,
                                          [&](SnapshotWriter& writer) { writer.write(state.application); });
    if (!pending) return false;
    FUZZ_CHECK(pending->state == state.digest);
    return store_->commit(*std::move(pending)).has_value();
  }

  /// Either as it was written, or an error.
  void read_all() {
    for (const storage::StoredCheckpoint& each : store_->checkpoints()) {
      const auto core_state = store_->read_core_state(each.seq, each.state);
      Bytes application;
      const auto loaded = store_->read_application(each.seq, each.state, [&](SnapshotReader& reader) {
        Bytes part(1000);
        while (const std::size_t got = reader.read(part)) {
          application.insert(application.end(), part.begin(),
                             part.begin() + static_cast<std::ptrdiff_t>(got));
        }
        return Result<void>();
      });
      if (core_state && loaded)
        FUZZ_CHECK(core::state_digest(crypto, *core_state, application) == each.state);
    }
    (void)store_->newest().has_value();
  }

  storage::WalIdentity identity() {
    storage::WalIdentity made = owner;
    if (input_.octet() % 16 == 15) made.replica.value = input_.octet();
    return made;
  }
  /// A pack whose checksums hold, whatever else is wrong with it.
  void write_pack() {
    const std::uint64_t named = 1 + input_.below(4);
    const std::uint64_t number = input_.octet() % 8 == 7 ? input_.number() : named;
    Bytes pack = storage::pack::encode_header(identity(), number);
    const State state(input_);
    for (const auto& [name, block] : state.blocks) {
      if (input_.octet() % 8 != 7) storage::pack::encode_block(pack, {number, pack.size()}, name, block);
    }
    for (std::size_t more = input_.below(3); more > 0; --more) {
      const BytesView block = input_.piece();
      if (block.empty() || block.size() > core::max_block_bytes) continue;
      const Digest name = input_.flag() ? core::block_digest(crypto, block) : input_.array<Digest>();
      storage::pack::encode_block(pack, {number, pack.size()}, name, block);
      if (input_.flag()) states_.push_back(name);
    }
    states_.push_back(state.digest);
    put_file(disk_, directory + "/" + storage::pack::name_of(named), pack);
  }
  void write_checkpoint() {
    storage::pack::CheckpointFile file;
    file.identity = identity();
    file.seq = SeqNum{input_.number()};
    file.state = states_.empty() ? input_.array<Digest>() : states_[input_.below(states_.size())];
    file.collected = input_.flag();
    for (std::size_t packs = input_.below(4); packs > 0; --packs) {
      const std::uint64_t number = 1 + input_.below(4);
      const std::string path = directory + "/" + storage::pack::name_of(number);
      const auto there = disk_.exists(path);
      const std::uint64_t bytes = there && *there ? disk_.content(path).size() : 64;
      file.packs.push_back({number, input_.flag() ? bytes : input_.number()});
    }
    const std::string name = storage::pack::checkpoint_name(
        input_.octet() % 8 == 7 ? SeqNum{input_.number()} : file.seq, file.state);
    put_file(disk_, directory + "/" + name, storage::pack::encode_checkpoint(file));
  }

  Input& input_;
  storage::VirtualDisk disk_;
  std::unique_ptr<CheckpointStore> store_;
  std::string refusal_;
  std::vector<Digest> states_;
};

void fuzz_checkpoints(BytesView bytes) {
  Input input(bytes);
  Store store(input);
  store.prepare();
  store.check();
}

const Target target("checkpoints", fuzz_checkpoints);

}  // namespace

}  // namespace pbft::fuzz
