#include "fuzz/random.hpp"

#include <sodium.h>

#include <cstdint>

#include "core/check.hpp"
#include "core/splitmix.hpp"
#include "crypto/sodium.hpp"

namespace pbft::fuzz {

namespace {

core::Random source_of_all(1);

std::uint32_t draw() { return static_cast<std::uint32_t>(source_of_all.next() >> 32); }

void fill(void* to, std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(to);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(draw());
}

}  // namespace

void restart_randomness() {
  static randombytes_implementation source{
      [] { return "of the fuzz targets"; }, draw, nullptr, nullptr, fill, nullptr};
  static const bool installed = [] {
    PBFT_CHECK(randombytes_set_implementation(&source) == 0);
    crypto::ensure_sodium();
    return true;
  }();
  (void)installed;
  source_of_all = core::Random(1);
}

}  // namespace pbft::fuzz
