// An input that is read as a list of choices.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "pbft/types.hpp"

namespace pbft::fuzz {

/// Takes choices off the front; behind the end all of them are 0, which should mean the harmless one.
class Input {
 public:
  explicit Input(BytesView bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t octet() { return static_cast<std::uint8_t>(little_endian(1)); }
  bool flag() { return octet() % 2 == 1; }
  /// In 0 .. bound - 1. REQUIRES: 1 <= bound <= 65536.
  std::size_t below(std::size_t bound) { return little_endian(bound > 256 ? 2 : 1) % bound; }
  /// Any number, with those near the limits within easy reach.
  std::uint64_t number() {
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    const std::uint8_t choice = octet();
    if (choice < 200) return choice;
    if (choice < 216) return highest - (choice - 200);
    if (choice < 232) return (std::uint64_t{1} << 63) + (choice - 216) - 8;
    if (choice < 240) return std::uint64_t{1} << (8 * (choice - 232));
    return little_endian(8);
  }
  /// At most `size` bytes.
  BytesView take(std::size_t size) {
    const BytesView taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  /// A piece whose length stands in front of it, two bytes.
  BytesView piece() { return take(little_endian(2)); }
  BytesView rest() { return take(rest_.size()); }
  template <class Array>
  Array array() {
    Array value{};
    const BytesView bytes = take(value.bytes.size());
    std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
    return value;
  }

 private:
  std::uint64_t little_endian(std::size_t size) {
    std::uint64_t value = 0;
    const BytesView bytes = take(size);
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
  }

  BytesView rest_;
};

inline Bytes copy_of(BytesView bytes) { return Bytes(bytes.begin(), bytes.end()); }
inline std::string text_of(BytesView bytes) { return std::string(bytes.begin(), bytes.end()); }

}  // namespace pbft::fuzz
