#include "storage/collection.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "core/mutants.hpp"
#include "core/state_tree.hpp"
#include "storage/state_reader.hpp"

namespace pbft::storage {

namespace {

constexpr std::uint8_t root_level = 255;

}  // namespace

Result<Digests> Collection::begin(SeqNum seq, const Digest& state) {
  active_ = true;
  seq_ = seq;
  state_ = state;
  if (!writer_) writer_ = blocks_.write();
  writer_->release();
  wanted_.clear();
  seen_.clear();
  stack_ = {{state, 0, root_level}};
  return next();
}

Result<Digests> Collection::add(BytesView block) {
  PBFT_CHECK(active_);
  const bool is_trusted = core::mutated(core::Mutant::blocks_unverified) && !wanted_.empty();
  const Digest name = is_trusted ? wanted_.front().block : core::block_digest(crypto_, block);
  const auto found =
      std::find_if(wanted_.begin(), wanted_.end(), [&](const Want& want) { return want.block == name; });
  if (found != wanted_.end()) {
    const Want want = *found;
    wanted_.erase(found);
    auto taken = open(want, block);
    if (taken) taken = writer_->add(name, block);
    if (!taken) {
      active_ = false;
      return taken.error();
    }
  }
  return next();
}

Result<std::shared_ptr<BlockWriter>> Collection::end() {
  active_ = false;
  stack_.clear();
  wanted_.clear();
  seen_.clear();
  const auto writer = std::exchange(writer_, nullptr);
  if (writer) {
    if (auto published = writer->publish(); !published) return published.error();
  }
  return writer;
}

Result<Digests> Collection::next() {
  while (wanted_.size() < core::FetchState::max_blocks && !stack_.empty()) {
    const Want want = stack_.back();
    stack_.pop_back();
    if (auto looked = look_at(want); !looked) {
      active_ = false;
      return looked.error();
    }
  }
  Digests names;
  for (const Want& want : wanted_) names.push_back(want.block);
  return names;
}

Result<void> Collection::look_at(const Want& want) {
  const auto [at, is_new] = seen_.emplace(want.block, want);
  if (!is_new) return at->second == want ? Result<void>() : broken(want, "of two levels or sizes");
  const auto size = writer_->hold(want.block, BlockWriter::Accept::any);
  if (!size) {
    wanted_.push_back(want);
    return {};
  }
  if (want.level == 0) {
    return *size == want.bytes + 1 ? Result<void>() : broken(want, "of another size than its parent says");
  }
  const auto block = writer_->read(want.block);
  if (!block) return block.error();
  PBFT_CHECK(*block != nullptr);
  return open(want, **block);
}

Result<void> Collection::open(const Want& want, BytesView block) {
  if (want.level == root_level) {
    const auto root = core::parse_root(block);
    if (!root) return broken(want, "no root");
    for (const core::StreamTop* top : {&root->application, &root->core}) {
      if (top->level) stack_.push_back({top->block, top->bytes, *top->level});
    }
    return {};
  }
  std::uint64_t bytes = 0;
  if (want.level == 0) {
    const auto piece = core::parse_piece(block);
    if (!piece) return broken(want, "no piece");
    bytes = piece->size();
  } else {
    const auto children = core::parse_node(block, want.level);
    if (!children) return broken(want, "no node of level " + std::to_string(want.level));
    for (auto child = children->rbegin(); child != children->rend(); ++child) {
      stack_.push_back({child->block, child->bytes, static_cast<std::uint8_t>(want.level - 1)});
      bytes += child->bytes;
    }
  }
  return bytes == want.bytes ? Result<void>() : broken(want, "of another size than its parent says");
}

Error Collection::broken(const Want& want, const std::string& what) const {
  Error error = broken_tree(want.block, what);
  error.message = "checkpoint " + std::to_string(seq_.value) + " with state " + to_hex(state_.bytes) +
                  " cannot be collected: " + error.message;
  return error;
}

}  // namespace pbft::storage
