#include "testing/compare.hpp"

#include <algorithm>
#include <array>

#include "core/state_tree.hpp"
#include "sim/ideal_crypto.hpp"

namespace pbft::testing {

namespace {

constexpr std::size_t excerpt_bytes = 16;

Bytes excerpt(const Bytes& bytes, std::uint64_t at) {
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(at, bytes.size()));
  const auto left = static_cast<std::size_t>(bytes.end() - begin);
  return Bytes(begin, begin + static_cast<std::ptrdiff_t>(std::min(left, excerpt_bytes)));
}

// As CheckpointStore::difference: the block in ours, or in theirs if ours ends before.
Difference::OfState difference_of(std::uint32_t operation, const Bytes& first, const Bytes& other) {
  const auto differing = std::mismatch(first.begin(), first.end(), other.begin(), other.end());
  Difference::OfState found{operation, 0,  0, 0, static_cast<std::uint64_t>(differing.first - first.begin()),
                            {},        {}, 0, 0};
  found.first_bytes = first.size();
  found.other_bytes = other.size();
  found.first = excerpt(first, found.at);
  found.other = excerpt(other, found.at);
  for (const std::uint64_t end : block_ends(found.at < first.size() ? first : other)) {
    found.to = end;
    if (end > found.at) break;
    found.from = end;
    ++found.chunk;
  }
  return found;
}

bool is_permuted(const Bytes& first, const Bytes& other) {
  if (first.size() != other.size()) return false;
  std::array<std::size_t, 256> counts{};
  for (const std::uint8_t byte : first) ++counts[byte];
  for (const std::uint8_t byte : other) --counts[byte];
  return std::all_of(counts.begin(), counts.end(), [](std::size_t count) { return count == 0; });
}

// What differs is the order of equal content.
bool is_reordered(const Difference& difference, const Outcome& first, const Outcome& other) {
  if (difference.result) return is_permuted(difference.result->first, difference.result->other);
  for (const auto& [after, bytes] : other.snapshots) {
    const auto found = first.snapshots.find(after);
    if (found != first.snapshots.end() && found->second != bytes) return is_permuted(found->second, bytes);
  }
  return false;
}

}  // namespace

std::vector<std::uint64_t> block_ends(BytesView snapshot) {
  const sim::IdealCrypto crypto(0, Epoch{}, 4, 1, ReplicaId{0});
  std::vector<std::uint64_t> ends;
  std::uint64_t end = 0;
  core::StreamBuilder builder(crypto, [&](const Digest&, BytesView block) {
    if (const auto piece = core::parse_piece(block)) ends.push_back(end += piece->size());
  });
  builder.write(snapshot);
  builder.finish();
  return ends;
}

Difference compare(Cause cause, const Script& script, const Outcome& first, const Outcome& other) {
  Difference found{cause, 0, {}, {}, other.failure, {}};
  for (std::size_t i = 0; i < other.answers.size(); ++i) {
    const std::size_t index = other.first + i;
    if (index >= first.answers.size()) break;
    const Outcome::Answer &ours = first.answers[index], &theirs = other.answers[i];
    if (theirs.kind == Outcome::Answer::Kind::skipped || ours == theirs) continue;
    found.result = Difference::OfResult{static_cast<std::uint32_t>(index + 1), script[index].client,
                                        script[index].call, ours.bytes, theirs.bytes};
    break;
  }
  for (const auto& [after, bytes] : other.snapshots) {
    const auto same = first.snapshots.find(after);
    if (same == first.snapshots.end() || same->second == bytes) continue;
    found.state = difference_of(after, same->second, bytes);
    break;
  }
  return found;
}

std::string explain(const Difference& difference, const Outcome& first, const Outcome& other) {
  const bool reordered = is_reordered(difference, first, other);
  switch (difference.cause) {
    case Cause::nothing:
      return "nothing was changed: a true random source, a thread, the process id or an uninitialised "
             "variable "
             "has a part in it; Agreed::random and Agreed::time are equal on all replicas";
    case Cause::clock:
      return "it reads a clock; use Agreed::time";
    case Cause::random_seed:
      return "it uses rand(), random() or drand48(); use Agreed::random";
    case Cause::memory:
      return reordered
                 ? "the same content in another order: a container that is ordered or hashed by addresses"
                 : "an address or uninitialised bytes have a part in it, such as the padding of a struct "
                   "that is written as it lies in memory";
    case Cause::locale:
      return "text is made with the locale or in local time; use std::to_chars, and UTC";
    case Cause::rounding:
      return "floating-point numbers are computed or printed: processors, compilers and libraries differ in "
             "the last digit; use integers, or set options.rounding to false";
    case Cause::snapshots:
      return "save() changes what follows: replicas do not all call it at the same moments";
    case Cause::queries:
      return "query() or valid() changes what execute() does, by a mutable or a static member: each replica "
             "is "
             "asked at other moments";
    case Cause::restore:
      if (reordered) {
        return "the same content in another order: an unordered container, whose order depends on its past; "
               "sort what is written";
      }
      return "the snapshot is not the whole state: something that execute() uses is not written by save(), "
             "or "
             "not put back by load(); what is static or global counts too";
    case Cause::pieces:
      return "load() expects pieces of a certain size; a read() may give less: call it until it returns 0";
    case Cause::reload:
      return "load() leaves something of what was there before: it must replace all of it";
    case Cause::failed_load:
      return "load() must read and check everything before it changes the state";
  }
  return {};
}

}  // namespace pbft::testing
