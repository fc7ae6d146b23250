// Why a link does not come about.
#pragma once

#include <cstdint>
#include <string_view>

namespace pbft::net {

/// Values travel as one byte in clear, except `other_genesis`, which only authenticated sides learn. A
/// refusal in clear is a hint for people: whoever sits on the wire can forge it, so nothing but a log line
/// and a later attempt follows from it.
enum class Refusal : std::uint8_t {
  not_this_protocol = 1,
  version = 2,
  other_cluster = 3,
  wrong_key = 4,
  not_admitted = 5,
  busy = 6,
  muted = 7,
  other_genesis = 8,
};

/// What is wrong and what to do about it; the half sentence fits on either side of the link.
std::string_view explain(Refusal reason);

}  // namespace pbft::net
