#include "sim/random.hpp"

#include <array>
#include <cstring>

namespace pbft::sim {

namespace {

std::uint64_t word_at(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// A bijection of either argument: two inputs that differ in one word never meet in it.
std::uint64_t stir(std::uint64_t lane, std::uint64_t word) {
  lane = (lane ^ word) * 0x9e3779b97f4a7c15ULL;
  return lane ^ (lane >> 32);
}

}  // namespace

// Four lanes side by side: a processor multiplies several numbers at a time if none waits for another.
std::uint64_t hash64(std::uint64_t seed, BytesView bytes) {
  std::uint64_t hash = mix(seed ^ bytes.size());
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  if (left >= 32) {
    std::array<std::uint64_t, 4> lanes{hash, ~hash, hash + 0x5851f42d4c957f2dULL,
                                       hash ^ 0x14057b7ef767814fULL};
    for (; left >= 32; left -= 32, at += 32) {
      for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = stir(lanes[i], word_at(at + 8 * i));
    }
    for (std::uint64_t lane : lanes) hash = mix(hash ^ lane);
  }
  for (; left >= 8; left -= 8, at += 8) hash = stir(hash, word_at(at));
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  return mix(hash ^ tail);
}

}  // namespace pbft::sim
