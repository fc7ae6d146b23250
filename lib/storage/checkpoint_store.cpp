#include "storage/checkpoint_store.hpp"

#include <algorithm>
#include <utility>

#include "core/state_tree.hpp"
#include "storage/checkpoint_files.hpp"
#include "storage/collection.hpp"
#include "storage/memory_blocks.hpp"
#include "storage/packed_blocks.hpp"
#include "storage/state_reader.hpp"

namespace pbft::storage {

namespace {

bool is_newer(const StoredCheckpoint& a, const StoredCheckpoint& b) {
  if (a.seq != b.seq) return a.seq > b.seq;
  if (a.collected != b.collected) return a.collected;
  return a.state < b.state;
}

bool is_same(const StoredCheckpoint& a, SeqNum seq, const Digest& state) {
  return a.seq == seq && a.state == state;
}

Error not_here(SeqNum seq, const Digest& state) {
  return {ErrorCode::io, "checkpoint " + std::to_string(seq.value) + " with state " + to_hex(state.bytes) +
                             " is not stored"};
}

class BuilderWriter : public SnapshotWriter {
 public:
  explicit BuilderWriter(core::StreamBuilder& builder) : builder_(builder) {}
  void write(BytesView piece) override { builder_.write(piece); }

 private:
  core::StreamBuilder& builder_;
};

}  // namespace

CheckpointStore::CheckpointStore(const core::Crypto& crypto, std::unique_ptr<FirstFailure> failure,
                                 std::unique_ptr<Blocks> blocks, std::unique_ptr<CheckpointFiles> files)
    : crypto_(crypto),
      failure_(std::move(failure)),
      blocks_(std::move(blocks)),
      files_(std::move(files)),
      collection_(std::make_unique<Collection>(*blocks_, crypto)) {}

CheckpointStore::~CheckpointStore() = default;

std::unique_ptr<CheckpointStore> CheckpointStore::in_memory(const core::Crypto& crypto) {
  return std::unique_ptr<CheckpointStore>(new CheckpointStore(crypto, std::make_unique<FirstFailure>(),
                                                              std::make_unique<MemoryBlocks>(), nullptr));
}

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::open(Disk& disk, const std::string& directory,
                                                               const WalIdentity& identity,
                                                               const core::Crypto& crypto) {
  if (auto made = disk.make_directory(directory); !made) return made.error();
  if (auto synced = disk.sync_directory(parent_of(directory)); !synced) return synced.error();
  const auto names = disk.list(directory);
  if (!names) return names.error();
  auto files = std::make_unique<CheckpointFiles>(disk, directory, identity);
  const auto found = files->read(*names);
  if (!found) return found.error();
  // A name that a crash can still take back must not be what is restored from.
  if (auto synced = files->sync(); !synced) return synced.error();

  std::map<std::uint64_t, std::uint64_t> durable;
  std::vector<StoredCheckpoint> checkpoints;
  for (const pack::CheckpointFile& file : *found) {
    for (const DurablePack& one : file.packs) durable.emplace(one.number, one.bytes);
    checkpoints.push_back({file.seq, file.state, file.collected});
  }
  auto failure = std::make_unique<FirstFailure>();
  auto blocks = PackedBlocks::open(disk, directory, identity, crypto, *failure, *names, durable);
  if (!blocks) return blocks.error();
  std::unique_ptr<CheckpointStore> store(
      new CheckpointStore(crypto, std::move(failure), *std::move(blocks), std::move(files)));
  if (auto adopted = store->adopt(checkpoints); !adopted) return adopted.error();
  return store;
}

Result<void> CheckpointStore::adopt(const std::vector<StoredCheckpoint>& found) {
  for (const StoredCheckpoint& id : found) {
    auto names = names_of(*blocks_, id.state);
    if (!names) {
      const std::string hint = blocks_->damage();
      return Error{ErrorCode::io,
                   files_->path_of(id.seq, id.state) + ": cannot be restored: " + names.error().message +
                       (hint.empty() ? "" : "; " + hint) + "; this replica must not start from here"};
    }
    insert(id, *std::move(names));
  }
  return {};
}

void CheckpointStore::insert(const StoredCheckpoint& id, Digests names) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return is_newer(id, entry.id); });
  entries_.insert(at, {id, std::make_shared<const Digests>(std::move(names))});
}

std::optional<CheckpointStore::Entry> CheckpointStore::find(SeqNum seq, const Digest& state) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return is_same(entry.id, seq, state); });
  return found == entries_.end() ? std::nullopt : std::optional(*found);
}

std::vector<StoredCheckpoint> CheckpointStore::checkpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<StoredCheckpoint> ids;
  for (const Entry& entry : entries_) ids.push_back(entry.id);
  return ids;
}

Result<std::optional<core::RestoredCheckpoint>> CheckpointStore::newest() {
  const auto ids = checkpoints();
  if (ids.empty()) return std::optional<core::RestoredCheckpoint>();
  auto core_state = read_core_state(ids.front().seq, ids.front().state);
  if (!core_state) return core_state.error();
  return std::optional(core::RestoredCheckpoint{ids.front().seq, ids.front().state, *std::move(core_state)});
}

Result<PendingCheckpoint> CheckpointStore::write_snapshot(SeqNum seq, BytesView core_state,
                                                          const Save& save) {
  if (auto usable = failure_->check(); !usable) return usable.error();
  std::shared_ptr<BlockWriter> blocks = blocks_->write();
  Result<void> result;
  const core::BlockSink keep = [&](const Digest& name, BytesView block) {
    if (result && !blocks->hold(name, BlockWriter::Accept::lasting)) result = blocks->add(name, block);
  };
  core::StreamBuilder core_builder(crypto_, keep);
  core_builder.write(core_state);
  const core::StreamTop core_top = core_builder.finish();
  core::StreamBuilder builder(crypto_, keep);
  BuilderWriter writer(builder);
  save(writer);
  const core::StreamTop application_top = builder.finish();
  const Digest state = core::write_root(crypto_, core_top, application_top, keep);
  if (result) result = blocks->publish();
  if (!result) return result.error();
  return PendingCheckpoint{seq, state, std::move(blocks)};
}

Result<void> CheckpointStore::read_application(SeqNum seq, const Digest& state, const Load& load) {
  if (auto usable = failure_->check(); !usable) return usable;
  const auto entry = find(seq, state);  // whose blocks stay while it lives
  if (!entry) return not_here(seq, state);
  const auto root = read_root(*blocks_, state);
  if (!root) return root.error();
  StreamReader reader(*blocks_, root->application);
  auto loaded = load(reader);
  return reader.result() ? loaded : reader.result();
}

Result<Bytes> CheckpointStore::read_core_state(SeqNum seq, const Digest& state) {
  if (auto usable = failure_->check(); !usable) return usable.error();
  const auto entry = find(seq, state);
  if (!entry) return not_here(seq, state);
  const auto root = read_root(*blocks_, state);
  if (!root) return root.error();
  return read_stream(*blocks_, root->core);
}

}  // namespace pbft::storage
