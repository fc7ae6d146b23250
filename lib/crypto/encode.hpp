// Building blocks of the canonical encodings that are hashed and signed here.
#pragma once

#include "pbft/types.hpp"

namespace pbft::crypto {

inline void append(Bytes& out, BytesView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

/// Eight bytes, little-endian.
inline void append_u64(Bytes& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace pbft::crypto
