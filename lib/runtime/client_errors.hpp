// What a client's caller is told when there is no result.
#pragma once

#include <string>

#include "core/client.hpp"
#include "pbft/limits.hpp"
#include "pbft/result.hpp"

namespace pbft::runtime {

/// REQUIRES: completed.completion is not ok. `reachability`: which replicas are connected, as a clause.
Error error_of(const core::Completed& completed, const AgreedLimits& agreed, const ClientLimits& limits,
               const std::string& reachability);

}  // namespace pbft::runtime
