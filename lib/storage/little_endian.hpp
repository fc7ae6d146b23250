// Numbers in files: little-endian, whatever the machine.
#pragma once

#include <cstdint>

#include "pbft/types.hpp"

namespace pbft::storage {

/// REQUIRES: `to` has room for four bytes.
inline void put_u32(std::uint8_t* to, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// REQUIRES: `to` has room for eight bytes.
inline void put_u64(std::uint8_t* to, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// REQUIRES: four bytes at `from`.
inline std::uint32_t get_u32(const std::uint8_t* from) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(from[i]) << (8 * i);
  return value;
}

/// REQUIRES: eight bytes at `from`.
inline std::uint64_t get_u64(const std::uint8_t* from) {
  return get_u32(from) | static_cast<std::uint64_t>(get_u32(from + 4)) << 32;
}

}  // namespace pbft::storage
