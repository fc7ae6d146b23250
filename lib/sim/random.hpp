// The simulator's only source of chance: seeded, equal on every machine.
#pragma once

#include <cstdint>

#include "core/splitmix.hpp"
#include "pbft/types.hpp"

namespace pbft::sim {

using core::mix;
using core::Random;

/// Not cryptographic: for traces, and for signatures that nobody in the simulation tries to compute.
std::uint64_t hash64(std::uint64_t seed, BytesView bytes);

}  // namespace pbft::sim
