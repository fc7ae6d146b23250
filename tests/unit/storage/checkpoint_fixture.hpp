// A small checkpoint store, in memory or on a virtual disk, in a test's own words.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/state_tree.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/virtual_disk.hpp"
#include "unit/plain_crypto.hpp"

namespace pbft::test {

inline const storage::WalIdentity store_identity{Digest{{9, 8, 7}}, ReplicaId{1}};
inline constexpr char store_directory[] = "/data/checkpoints";
inline const PlainCrypto plain_crypto;

enum class Kind { memory, disk };
/// Each subcase runs the test with one kind.
inline Kind any_kind() {
  Kind kind = Kind::memory;
  SUBCASE("in memory") { kind = Kind::memory; }
  SUBCASE("on a disk") { kind = Kind::disk; }
  return kind;
}

/// A state and all its blocks, as other replicas hold them.
struct Model {
  Bytes core, application;
  Digest state;
  std::map<Digest, core::BlockPtr> blocks;

  Model(Bytes core_state, Bytes application_state)
      : core(std::move(core_state)), application(std::move(application_state)) {
    state = core::state_digest(plain_crypto, core, application, [this](const Digest& name, BytesView block) {
      blocks.emplace(name, std::make_shared<const Bytes>(block.begin(), block.end()));
    });
  }
};

inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

struct StoreFixture {
  explicit StoreFixture(Kind of = Kind::disk) : kind(of) {
    REQUIRE(disk.make_directory("/data"));
    REQUIRE(disk.sync_directory("/"));
    if (kind == Kind::memory) store = storage::CheckpointStore::in_memory(plain_crypto);
    if (kind == Kind::disk) open();
  }

  Result<void> try_open(const storage::WalIdentity& identity = store_identity) {
    store.reset();
    auto opened = storage::CheckpointStore::open(disk, store_directory, identity, plain_crypto);
    if (!opened) return opened.error();
    store = *std::move(opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    if (!opened) FAIL(opened.error().message);
  }
  /// The message of the refusal, which must come.
  std::string refusal() {
    const auto opened = try_open();
    REQUIRE_FALSE(opened);
    return opened.error().message;
  }

  Result<storage::PendingCheckpoint> write(std::uint64_t seq, const Model& model) {
    return store->write_snapshot(SeqNum{seq}, model.core, [&](SnapshotWriter& writer) {
      const BytesView all(model.application);
      const std::size_t half = all.size() / 2;
      writer.write(all.first(half));
      writer.write(all.subspan(half));
    });
  }
  Result<void> try_take(std::uint64_t seq, const Model& model) {
    auto pending = write(seq, model);
    if (!pending) return pending.error();
    CHECK(pending->state == model.state);
    return store->commit(*std::move(pending));
  }
  void take(std::uint64_t seq, const Model& model) { REQUIRE(try_take(seq, model)); }

  Result<Bytes> application(std::uint64_t seq, const Digest& state) {
    Bytes all;
    auto read = store->read_application(SeqNum{seq}, state, [&](SnapshotReader& reader) {
      Bytes part(70'000);
      while (const std::size_t got = reader.read(part)) {
        all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
      }
      return Result<void>();
    });
    if (!read) return read.error();
    return all;
  }
  /// Whether the store holds all of this checkpoint, as it should be.
  void check_whole(std::uint64_t seq, const Model& model) {
    const auto core_state = store->read_core_state(SeqNum{seq}, model.state);
    const auto bytes = application(seq, model.state);
    if (!core_state) FAIL(core_state.error().message);
    if (!bytes) FAIL(bytes.error().message);
    CHECK(*core_state == model.core);
    CHECK(*bytes == model.application);
    for (const auto& [name, block] : model.blocks) {
      const auto served = store->read_block(name);
      REQUIRE(served);
      REQUIRE(*served != nullptr);
      CHECK(**served == *block);
    }
  }
  bool has_block(const Digest& name) { return *store->read_block(name) != nullptr; }
  std::vector<std::uint64_t> seqs() {
    std::vector<std::uint64_t> found;
    for (const auto& one : store->checkpoints()) found.push_back(one.seq.value);
    return found;
  }

  /// Gives the store what it misses until it is satisfied, at most `blocks` of them. Every block that is
  /// asked for is counted in `given`.
  Result<storage::CollectionStep> feed(storage::CollectionStep step, const Model& model,
                                       std::size_t blocks = SIZE_MAX) {
    while (!step.missing.empty() && blocks-- > 0) {
      CHECK(step.missing.size() <= core::FetchState::max_blocks);
      const Digest next = step.missing.front();
      REQUIRE(model.blocks.contains(next));
      ++given[next];
      auto taken = store->add_block(model.blocks.at(next));
      if (!taken) return taken;
      step = *std::move(taken);
    }
    return step;
  }
  Result<storage::CollectionStep> try_collect(std::uint64_t seq, const Model& model,
                                              std::size_t blocks = SIZE_MAX) {
    auto step = store->collect(SeqNum{seq}, model.state);
    if (!step) return step;
    return feed(*std::move(step), model, blocks);
  }
  /// All of it.
  void collect(std::uint64_t seq, const Model& model) {
    const auto step = try_collect(seq, model);
    if (!step) FAIL(step.error().message);
    REQUIRE(step->core_state.has_value());
    CHECK(*step->core_state == model.core);
  }

  std::vector<std::string> names() { return *disk.list(store_directory); }
  std::vector<std::string> packs() {
    auto found = names();
    std::erase_if(found, [](const std::string& name) { return !name.starts_with("pack-"); });
    return found;
  }
  std::string path(const std::string& name) const { return std::string(store_directory) + "/" + name; }
  std::uint64_t used_bytes() {
    std::uint64_t sum = 0;
    for (const std::string& name : names()) sum += disk.content(path(name)).size();
    return sum;
  }
  /// Where a block's bytes begin in a pack: (path, offset).
  std::pair<std::string, std::uint64_t> locate(const Bytes& block) {
    for (const std::string& name : packs()) {
      const Bytes& content = disk.content(path(name));
      const auto at = std::search(content.begin(), content.end(), block.begin(), block.end());
      if (at != content.end()) return {path(name), static_cast<std::uint64_t>(at - content.begin())};
    }
    FAIL("in no pack");
    return {};
  }

  Kind kind;
  storage::VirtualDisk disk;
  std::unique_ptr<storage::CheckpointStore> store;
  std::map<Digest, std::size_t> given;
};

inline bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace pbft::test
