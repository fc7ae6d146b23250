#include "core/state_tree.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.hpp"

namespace pbft::core {

namespace {

constexpr std::uint8_t root_level = 255;
constexpr std::uint8_t no_level = 255;  // of an empty stream's top
constexpr std::uint8_t max_level = 8;
constexpr std::uint32_t format_version = 1;
constexpr std::size_t entry_bytes = 32 + 8;
constexpr std::size_t node_header_bytes = 1 + 8;
constexpr std::size_t top_bytes = 1 + 32 + 8;
constexpr std::size_t root_bytes = 1 + 4 + 2 * top_bytes;

// Behind the smallest piece one byte in 128 KiB is a bound: 136 KiB a piece on average. The mask's bits are
// high ones, which depend on the last 64 bytes; low ones depend on fewer.
constexpr std::uint64_t bound_mask = std::uint64_t{0x1ffff} << 47;
constexpr std::size_t rolling_bytes = 64;

// Gear: one random number per byte value, the same everywhere.
consteval std::array<std::uint64_t, 256> make_gear() {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 0x7062667453746174U;
  for (std::uint64_t& number : gear) {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    number = z ^ (z >> 31);
  }
  return gear;
}
constexpr std::array<std::uint64_t, 256> gear = make_gear();

void put(Bytes& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}
void put(Bytes& out, const Digest& digest) {
  out.insert(out.end(), digest.bytes.begin(), digest.bytes.end());
}

/// REQUIRES: so many bytes are there.
std::uint64_t take(BytesView& bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
  bytes = bytes.subspan(size);
  return number;
}
Digest take_digest(BytesView& bytes) {
  Digest digest;
  std::copy_n(bytes.begin(), digest.bytes.size(), digest.bytes.begin());
  bytes = bytes.subspan(digest.bytes.size());
  return digest;
}

}  // namespace

Digest block_digest(const Crypto& crypto, BytesView block) { return crypto.hash("state-block", block); }

StreamBuilder::StreamBuilder(const Crypto& crypto, BlockSink sink)
    : crypto_(crypto), sink_(std::move(sink)), piece_(1, 0) {
  piece_.reserve(max_block_bytes);
}

void StreamBuilder::write(BytesView bytes) {
  bytes_ += bytes.size();
  const auto append = [&](std::size_t size) {
    piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
  };
  while (!bytes.empty()) {
    const std::size_t have = piece_.size() - 1;
    if (have < min_piece_bytes - rolling_bytes) {  // no bound depends on these
      append(std::min(bytes.size(), min_piece_bytes - rolling_bytes - have));
      continue;
    }
    const std::size_t end = std::min(bytes.size(), max_piece_bytes - have);
    const std::size_t unbounded = std::min(end, min_piece_bytes - std::min(have, min_piece_bytes));
    std::uint64_t rolling = rolling_;
    std::size_t at = 0;
    for (; at < unbounded; ++at) rolling = (rolling << 1) + gear[bytes[at]];
    bool is_bound = false;
    while (at < end && !is_bound) {
      rolling = (rolling << 1) + gear[bytes[at++]];
      is_bound = (rolling & bound_mask) == 0;
    }
    rolling_ = rolling;
    append(at);
    if (is_bound || have + at == max_piece_bytes) cut();
  }
}

void StreamBuilder::cut() {
  const Digest name = block_digest(crypto_, piece_);
  sink_(name, piece_);
  add(1, {name, piece_.size() - 1});
  piece_.resize(1);
  rolling_ = 0;
}

void StreamBuilder::add(std::size_t level, Entry entry) {
  PBFT_CHECK(level <= max_level);
  if (nodes_.size() < level) nodes_.emplace_back();
  if (nodes_[level - 1].size() == max_node_entries) add(level + 1, close_node(level));
  nodes_[level - 1].push_back(entry);
}

StreamBuilder::Entry StreamBuilder::close_node(std::size_t level) {
  std::vector<Entry>& entries = nodes_[level - 1];
  Bytes block;
  block.reserve(node_header_bytes + entries.size() * entry_bytes);
  block.push_back(static_cast<std::uint8_t>(level));
  put(block, entries.size(), 8);
  std::uint64_t sum = 0;
  for (const Entry& entry : entries) {
    put(block, entry.block);
    put(block, entry.bytes, 8);
    sum += entry.bytes;
  }
  entries.clear();
  const Digest name = block_digest(crypto_, block);
  sink_(name, block);
  return {name, sum};
}

// The top is never a node with one child.
StreamTop StreamBuilder::finish() {
  if (piece_.size() > 1) cut();
  if (nodes_.empty()) return {};
  for (std::size_t level = 1;; ++level) {
    if (level == nodes_.size() && nodes_[level - 1].size() == 1) {
      return {static_cast<std::uint8_t>(level - 1), nodes_[level - 1].front().block, bytes_};
    }
    add(level + 1, close_node(level));
  }
}

Digest write_root(const Crypto& crypto, const StreamTop& core, const StreamTop& application,
                  const BlockSink& sink) {
  Bytes block{root_level};
  put(block, format_version, 4);
  for (const StreamTop* top : {&core, &application}) {
    block.push_back(top->level.value_or(no_level));
    put(block, top->block);
    put(block, top->bytes, 8);
  }
  const Digest name = block_digest(crypto, block);
  if (sink) sink(name, block);
  return name;
}

Digest state_digest(const Crypto& crypto, BytesView core_state, BytesView application,
                    const BlockSink& sink) {
  const BlockSink kept = sink ? sink : [](const Digest&, BytesView) {};
  StreamBuilder core(crypto, kept), rest(crypto, kept);
  core.write(core_state);
  rest.write(application);
  const StreamTop core_top = core.finish();
  return write_root(crypto, core_top, rest.finish(), kept);
}

std::optional<Root> parse_root(BytesView block) {
  if (block.size() != root_bytes || block[0] != root_level) return std::nullopt;
  block = block.subspan(1);
  if (take(block, 4) != format_version) return std::nullopt;
  Root root;
  for (StreamTop* top : {&root.core, &root.application}) {
    const auto level = static_cast<std::uint8_t>(take(block, 1));
    top->block = take_digest(block);
    top->bytes = take(block, 8);
    const bool is_empty = level == no_level;
    if (is_empty ? top->bytes != 0 || top->block != Digest{} : level > max_level || top->bytes == 0) {
      return std::nullopt;
    }
    if (!is_empty) top->level = level;
  }
  return root;
}

std::optional<std::vector<Child>> parse_node(BytesView block, std::uint8_t level) {
  if (block.size() < node_header_bytes || block[0] != level || level == 0 || level > max_level) {
    return std::nullopt;
  }
  block = block.subspan(1);
  const std::uint64_t count = take(block, 8);
  if (count == 0 || count > max_node_entries || block.size() != count * entry_bytes) return std::nullopt;
  std::vector<Child> children(static_cast<std::size_t>(count));
  std::uint64_t sum = 0;
  for (Child& child : children) {
    child.block = take_digest(block);
    child.bytes = take(block, 8);
    if (child.bytes == 0 || child.bytes > UINT64_MAX - sum) return std::nullopt;
    sum += child.bytes;
  }
  return children;
}

std::optional<BytesView> parse_piece(BytesView block) {
  if (block.size() < 2 || block.size() > max_block_bytes || block[0] != 0) return std::nullopt;
  return block.subspan(1);
}

}  // namespace pbft::core
