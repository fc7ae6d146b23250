// Writes inputs, choice by choice: the other side of Input.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "pbft/types.hpp"

namespace pbft::fuzz {

class Script {
 public:
  Script& octet(std::size_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Script& octets(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) octet(value);
    return *this;
  }
  /// Of one of more than 256.
  Script& wide(std::size_t value) { return octet(value & 255).octet(value >> 8); }
  Script& piece(BytesView bytes) {
    wide(bytes.size());
    return raw(bytes);
  }
  Script& raw(BytesView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Script& raw(std::string_view text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  operator BytesView() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace pbft::fuzz
