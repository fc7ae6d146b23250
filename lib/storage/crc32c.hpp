// CRC-32C, the Castagnoli polynomial (RFC 3720, 12.1): finds what a disk spoils by accident. Not against
// forgery.
#pragma once

#include <cstdint>

#include "pbft/types.hpp"

namespace pbft::storage {

/// Of `before` and `bytes` one after the other, `crc` being the result for `before`; 0 is that of nothing.
std::uint32_t crc32c(BytesView bytes, std::uint32_t crc = 0);

/// The same by table, eight bytes a step: what a processor without SSE4.2 gets.
std::uint32_t crc32c_by_table(BytesView bytes, std::uint32_t crc = 0);

}  // namespace pbft::storage
