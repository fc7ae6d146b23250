// The only place of a replica or client that asks what time it is.
#pragma once

#include <chrono>

#include "core/io.hpp"

namespace pbft::runtime {

inline core::Now now() {
  const auto us = [](auto since_epoch) { return std::chrono::duration_cast<Duration>(since_epoch); };
  const auto wall = us(std::chrono::system_clock::now().time_since_epoch()).count();
  return {us(std::chrono::steady_clock::now().time_since_epoch()),
          Timestamp{static_cast<std::uint64_t>(wall)}};
}

}  // namespace pbft::runtime
