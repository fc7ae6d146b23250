#include "storage/state_reader.hpp"

#include <algorithm>
#include <utility>

namespace pbft::storage {

namespace {

Result<core::BlockPtr> read_present(Blocks& blocks, const Digest& name) {
  auto block = blocks.read(name);
  if (block && *block == nullptr) {
    return Error{ErrorCode::io, "block " + to_hex(name.bytes) + " is missing"};
  }
  return block;
}

}  // namespace

Error broken_tree(const Digest& block, const std::string& what) {
  return {ErrorCode::io, "block " + to_hex(block.bytes) + " is " + what +
                             ", though it matches its digest: the state's tree is broken"};
}

Result<core::Root> read_root(Blocks& blocks, const Digest& state) {
  const auto block = read_present(blocks, state);
  if (!block) return block.error();
  const auto root = core::parse_root(**block);
  if (!root) return broken_tree(state, "no root");
  return *root;
}

PieceCursor::PieceCursor(Blocks& blocks, const core::StreamTop& top, OnNode on_node)
    : blocks_(blocks), on_node_(std::move(on_node)) {
  if (top.level) path_.push_back({*top.level, {{top.block, top.bytes}}, 0});
}

Result<std::optional<PieceCursor::Piece>> PieceCursor::next() {
  while (!path_.empty()) {
    Level& lowest = path_.back();
    if (lowest.at == lowest.children.size()) {
      path_.pop_back();
      continue;
    }
    const core::Child child = lowest.children[lowest.at++];
    if (lowest.level == 0) {
      const Piece piece{child.block, offset_, child.bytes};
      offset_ += child.bytes;
      return std::optional(piece);
    }
    const std::uint8_t level = lowest.level;
    const auto block = read_present(blocks_, child.block);
    if (!block) return block.error();
    auto children = core::parse_node(**block, level);
    if (!children) return broken_tree(child.block, "no node of level " + std::to_string(level));
    std::uint64_t sum = 0;
    for (const core::Child& one : *children) sum += one.bytes;
    if (sum != child.bytes) return broken_tree(child.block, "of another size than its parent says");
    if (on_node_) on_node_(child.block);
    path_.push_back({static_cast<std::uint8_t>(level - 1), *std::move(children), 0});
  }
  return std::optional<Piece>();
}

Result<Digests> names_of(Blocks& blocks, const Digest& state) {
  const auto root = read_root(blocks, state);
  if (!root) return root.error();
  DigestSet names{state};
  for (const core::StreamTop* top : {&root->core, &root->application}) {
    PieceCursor cursor(blocks, *top, [&names](const Digest& node) { names.insert(node); });
    for (;;) {
      const auto piece = cursor.next();
      if (!piece) return piece.error();
      if (!*piece) break;
      const Digest& name = (*piece)->block;
      if (!names.insert(name).second) continue;
      const auto size = blocks.size_of(name);
      if (!size) return Error{ErrorCode::io, "block " + to_hex(name.bytes) + " is missing"};
      if (*size != (*piece)->bytes + 1) return broken_tree(name, "of another size than its parent says");
    }
  }
  return Digests(names.begin(), names.end());
}

Result<bool> StreamReader::load_piece() {
  const auto piece = cursor_.next();
  if (!piece) return piece.error();
  if (!*piece) return false;
  const auto block = read_present(blocks_, (*piece)->block);
  if (!block) return block.error();
  const auto content = core::parse_piece(**block);
  if (!content) return broken_tree((*piece)->block, "no piece");
  if (content->size() != (*piece)->bytes) {
    return broken_tree((*piece)->block, "of another size than its parent says");
  }
  block_ = *block;
  rest_ = *content;
  return true;
}

std::size_t StreamReader::read(std::span<std::uint8_t> to) {
  std::size_t done = 0;
  while (done < to.size() && result_) {
    if (rest_.empty()) {
      const auto loaded = load_piece();
      if (!loaded) result_ = loaded.error();
      if (!loaded || !*loaded) break;
    }
    const BytesView part = rest_.first(std::min(rest_.size(), to.size() - done));
    std::copy(part.begin(), part.end(), to.begin() + static_cast<std::ptrdiff_t>(done));
    rest_ = rest_.subspan(part.size());
    done += part.size();
  }
  return done;
}

Result<Bytes> read_stream(Blocks& blocks, const core::StreamTop& top) {
  StreamReader reader(blocks, top);
  Bytes all;
  constexpr std::size_t step = 64 * 1024;
  for (;;) {
    const std::size_t before = all.size();
    all.resize(before + step);
    const std::size_t got = reader.read(std::span(all).subspan(before));
    all.resize(before + got);
    if (!reader.result()) return reader.result().error();
    if (got < step) return all;
  }
}

}  // namespace pbft::storage
