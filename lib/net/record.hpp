// A record: u16 length of what follows, then sealed bytes. An empty plaintext keeps a link alive; all others
// are pieces of one stream of frames, each a u32 length and its bytes, across records as they fall.
#pragma once

#include "crypto/noise.hpp"
#include "pbft/types.hpp"

namespace pbft::net {

inline constexpr std::size_t record_header_bytes = 2;
inline constexpr std::size_t max_sealed_bytes = 65535;  ///< Noise, section 3: no message is longer.
inline constexpr std::size_t max_plain_bytes = max_sealed_bytes - crypto::CipherState::tag_bytes;
inline constexpr std::size_t frame_header_bytes = 4;

}  // namespace pbft::net
