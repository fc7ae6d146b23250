// Which replica answers with the whole result (OSDI'99 5.1.1): the others send its digest.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pbft/types.hpp"

namespace pbft::core {

inline constexpr std::size_t whole_result_bytes = 64;  ///< Up to here every replica sends the result itself.
inline constexpr std::size_t reply_message_bytes = 256 * 1024;  ///< A longer reply is split.
inline constexpr std::size_t reply_item_bytes = 80;             ///< What a result counts for beside itself.

/// (number + attempt) mod n: spread over the replicas by number, another one with every attempt.
/// REQUIRES: n > 0.
ReplicaId designated_replica(RequestNumber number, std::uint32_t attempt, std::uint32_t n);

}  // namespace pbft::core
