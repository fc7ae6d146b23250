// Numbers on the wire of a link: network byte order.
#pragma once

#include <cstdint>

#include "pbft/types.hpp"

namespace pbft::net {

inline void put_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void put_u32(Bytes& out, std::size_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xffff);
}

/// REQUIRES: two bytes at `at`.
inline std::uint16_t get_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

/// REQUIRES: four bytes at `at`.
inline std::uint32_t get_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(get_u16(at)) << 16 | get_u16(at + 2);
}

}  // namespace pbft::net
