#include "crypto/sodium.hpp"

#include <sodium.h>

#include "core/check.hpp"
#include "crypto/wiped.hpp"

namespace pbft::crypto {

void ensure_sodium() {
  static const bool started = sodium_init() >= 0;
  PBFT_CHECK(started);
}

void wipe(void* memory, std::size_t size) { sodium_memzero(memory, size); }

Digest hash(std::string_view domain, BytesView bytes) {
  // The byte 0 ends the domain: (domain, bytes) reads back in one way only.
  PBFT_CHECK(domain.find('\0') == std::string_view::npos);
  ensure_sodium();
  Digest digest;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, digest.bytes.size());
  const std::uint8_t end_of_domain = 0;
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(domain.data()), domain.size());
  crypto_generichash_update(&state, &end_of_domain, 1);
  crypto_generichash_update(&state, bytes.data(), bytes.size());
  crypto_generichash_final(&state, digest.bytes.data(), digest.bytes.size());
  return digest;
}

}  // namespace pbft::crypto
