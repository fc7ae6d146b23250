// A hash for tests that are not about cryptography: quick, the same on every machine, good against accident
// only.
#pragma once

#include <array>
#include <cstring>

#include "core/crypto.hpp"

namespace pbft::test {

class PlainCrypto : public core::Crypto {
 public:
  Digest hash(std::string_view domain, BytesView bytes) const override {
    std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
    const auto mix = [&lanes](std::size_t lane, std::uint64_t word) {
      std::uint64_t z = lanes[lane] + word + 0x9e3779b97f4a7c15U;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
      lanes[lane] = z ^ (z >> 31);
    };
    for (const char letter : domain) mix(0, static_cast<std::uint8_t>(letter));
    mix(1, bytes.size());
    std::size_t lane = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 8, lane = (lane + 1) % 4) {
      std::uint64_t word = 0;
      for (std::size_t i = at; i < bytes.size() && i < at + 8; ++i) {
        word |= static_cast<std::uint64_t>(bytes[i]) << (8 * (i - at));
      }
      mix(lane, word);
    }
    Digest digest;
    for (std::size_t round = 0; round < 8; ++round) mix(round % 4, lanes[(round + 3) % 4]);
    for (std::size_t i = 0; i < 32; ++i)
      digest.bytes[i] = static_cast<std::uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
    return digest;
  }
  core::Signature sign(core::Statement, BytesView) const override { return {}; }
  bool verify(core::Statement, const core::Identity&, BytesView, const core::Signature&) const override {
    return false;
  }
};

/// Bytes without pattern, the same for the same seed.
inline Bytes noise(std::uint64_t seed, std::size_t size) {
  Bytes bytes(size);
  std::uint64_t state = seed;
  for (std::size_t at = 0; at < size; ++at) {
    if (at % 8 == 0) state = state * 6364136223846793005U + 1442695040888963407U;
    bytes[at] = static_cast<std::uint8_t>((state ^ (state >> 29)) >> (8 * (at % 8)));
  }
  return bytes;
}

}  // namespace pbft::test
