// Short texts for a trace that a person reads.
#pragma once

#include <string>

#include "core/io.hpp"

namespace pbft::sim {

/// "r2" for a replica, "c1" for a client.
std::string describe(const core::Identity& who);
/// First four bytes: enough to tell batches apart within a run.
std::string describe(const Digest& digest);
std::string describe(const core::Message& message);
std::string describe(const core::Report& report);

}  // namespace pbft::sim
