#include "sim/random.hpp"

#include <cstring>

namespace pbft::sim {

std::uint64_t hash64(std::uint64_t seed, BytesView bytes) {
  std::uint64_t hash = mix(seed ^ bytes.size());
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = mix(hash ^ word);
  }
  std::uint64_t tail = 0;
  if (at < bytes.size()) std::memcpy(&tail, bytes.data() + at, bytes.size() - at);
  return mix(hash ^ tail);
}

}  // namespace pbft::sim
