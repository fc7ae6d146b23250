// Two outcomes of one script held against each other, and what a difference probably means.
#pragma once

#include "testing/trial.hpp"

namespace pbft::testing {

/// The first result and the first state that differ where both have one; neither if all are equal.
Difference compare(Cause cause, const Script& script, const Outcome& first, const Outcome& other);

std::string explain(const Difference& difference, const Outcome& first, const Outcome& other);

/// Of a snapshot, as replicas cut it: where each block ends, in bytes.
std::vector<std::uint64_t> block_ends(BytesView snapshot);

}  // namespace pbft::testing
