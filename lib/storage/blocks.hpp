// Where the blocks of a store's checkpoints lie (core/state_tree.hpp says what a block is).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/messages.hpp"
#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft::storage {

/// A digest is as good a hash of itself as any.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | digest.bytes[i];
    return hash;
  }
};
using DigestSet = std::unordered_set<Digest, DigestHash>;
using Digests = std::vector<Digest>;

/// The first failure of a write, which all later calls return: after it nobody knows what the disk holds.
/// Thread-safe.
class FirstFailure {
 public:
  /// Keeps the error of `result` if it is the first, and gives back what every later call returns.
  Result<void> note(const Result<void>& result);
  Result<void> check() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

/// Blocks on their way in, by one thread at a time. What it has held or added is not dropped before it is
/// gone, which is before its Blocks.
class BlockWriter {
 public:
  virtual ~BlockWriter() = default;
  enum class Accept : std::uint8_t {
    any,
    lasting  ///< But for those whose file is to go: they are to be written again.
  };
  /// The size of the block if it is here already; then it stays here.
  virtual std::optional<std::size_t> hold(const Digest& name, Accept accept) = 0;
  /// REQUIRES: `name` is the digest of `block`, and was not added before.
  virtual Result<void> add(const Digest& name, BytesView block) = 0;
  /// As Blocks::read, and what was added.
  virtual Result<core::BlockPtr> read(const Digest& name) = 0;
  /// Lets go of all that it has held or added so far; what was added is still here.
  virtual void release() = 0;
  /// All that was held or added since the last release; any order.
  virtual Digests names() const = 0;
  /// From now on all may read what was added. Nothing is added any more.
  virtual Result<void> publish() = 0;
};

/// A file that was durable with so many bytes when a checkpoint was written.
struct DurablePack {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

/// Thread-safe, but for the writers.
class Blocks {
 public:
  virtual ~Blocks() = default;
  virtual std::unique_ptr<BlockWriter> write() = 0;
  /// The size of a block that is here.
  virtual std::optional<std::size_t> size_of(const Digest& name) const = 0;
  /// Null if it is not here; an error that names file and offset if it is there but damaged.
  virtual Result<core::BlockPtr> read(const Digest& name) = 0;
  /// Returns when all that was published before the call is durable. One thread at a time.
  virtual Result<std::vector<DurablePack>> sync() = 0;
  /// Drops what is neither in `live` nor held by a writer. Each list may name a block many times. The thread
  /// of sync().
  virtual Result<void> keep_only(const std::vector<std::shared_ptr<const Digests>>& live) = 0;
  /// What may explain that a block is missing: damage that open() met; empty if none.
  virtual std::string damage() const { return {}; }
};

}  // namespace pbft::storage
