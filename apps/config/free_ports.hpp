// Ports for a cluster on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "pbft/result.hpp"

namespace app {

/// TCP ports on 127.0.0.1 that nobody listens on now, all different. Errors: io.
pbft::Result<std::vector<std::uint16_t>> free_ports(std::uint32_t count);

}  // namespace app
