// The verbs of these tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "pbft/config.hpp"
#include "pbft/types.hpp"

namespace pbft::testing {

inline Bytes from_hex(const std::string& text) {
  if (text.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  Bytes bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

template <std::size_t N>
std::array<std::uint8_t, N> array_from_hex(const std::string& text) {
  const Bytes bytes = from_hex(text);
  if (bytes.size() != N) throw std::invalid_argument("wrong length: " + text);
  std::array<std::uint8_t, N> array;
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

inline nlohmann::json read_json(const std::string& name) {
  std::ifstream file(PBFT_TEST_DATA "/" + name);
  return nlohmann::json::parse(file);
}

/// The key of the seed that consists of `byte` only.
inline SecretKey secret_key(std::uint8_t byte) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(byte);
  return SecretKey::from_seed(seed);
}

/// Whether `action` ends its process by a failed PBFT_CHECK.
bool breaks_an_invariant(const std::function<void()>& action);

}  // namespace pbft::testing
