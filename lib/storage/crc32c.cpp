#include "storage/crc32c.hpp"

#include <array>
#include <cstring>

#include "storage/little_endian.hpp"

namespace pbft::storage {

namespace {

constexpr std::uint32_t reversed_polynomial = 0x82f63b78;
constexpr std::size_t stride = 8;

/// tables[k][b]: the remainder of byte b with k zero bytes behind it ("slicing by 8").
constexpr auto make_tables() {
  std::array<std::array<std::uint32_t, 256>, stride> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? reversed_polynomial : 0);
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < stride; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr auto tables = make_tables();

#if defined(__x86_64__)
// Builtins instead of <nmmintrin.h>: they need no flag for the whole file.
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(BytesView bytes, std::uint32_t crc) {
  std::uint64_t state = ~crc;
  std::size_t at = 0;
  for (; at + stride <= bytes.size(); at += stride) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, stride);
    state = __builtin_ia32_crc32di(state, word);
  }
  auto rest = static_cast<std::uint32_t>(state);
  for (; at < bytes.size(); ++at) rest = __builtin_ia32_crc32qi(rest, bytes[at]);
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(BytesView bytes, std::uint32_t crc) {
  std::uint32_t state = ~crc;
  std::size_t at = 0;
  for (; at + stride <= bytes.size(); at += stride) {
    const std::uint64_t word = get_u64(bytes.data() + at) ^ state;
    state = 0;
    for (std::size_t k = 0; k < stride; ++k) state ^= tables[stride - 1 - k][(word >> (8 * k)) & 0xff];
  }
  for (; at < bytes.size(); ++at) state = (state >> 8) ^ tables[0][(state ^ bytes[at]) & 0xff];
  return ~state;
}

std::uint32_t crc32c(BytesView bytes, std::uint32_t crc) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_by_instruction(bytes, crc);
#endif
  return crc32c_by_table(bytes, crc);
}

}  // namespace pbft::storage
