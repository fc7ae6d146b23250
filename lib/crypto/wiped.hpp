// Memory that forgets: secrets are overwritten before their storage is given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pbft::crypto {

/// Overwrites with zeros in a way that no compiler leaves out.
void wipe(void* memory, std::size_t size);

/// N secret bytes, zero at first, wiped when destroyed.
template <std::size_t N>
struct Wiped {
  std::array<std::uint8_t, N> bytes{};
  Wiped() = default;
  explicit Wiped(const std::array<std::uint8_t, N>& secret) : bytes(secret) {}
  Wiped(const Wiped&) = default;
  Wiped& operator=(const Wiped&) = default;
  ~Wiped() { wipe(bytes.data(), N); }
  std::uint8_t* data() { return bytes.data(); }
  const std::uint8_t* data() const { return bytes.data(); }
};

}  // namespace pbft::crypto
