// Which replica answers with the whole result (OSDI'99 5.1.1): the others send its digest.
#pragma once

#include <cstdint>

#include "pbft/types.hpp"

namespace pbft::core {

/// (number + attempt) mod n: spread over the replicas by number, another one with every attempt.
/// REQUIRES: n > 0.
ReplicaId designated_replica(RequestNumber number, std::uint32_t attempt, std::uint32_t n);

}  // namespace pbft::core
