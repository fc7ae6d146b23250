// Ports for a cluster that lives in one process for a moment. A real one has them in its configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// `count` different TCP ports that are free on 127.0.0.1 at this moment; fewer if the system has none.
std::vector<std::uint16_t> free_ports(std::size_t count);
