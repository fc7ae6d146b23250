// SIGINT and SIGTERM end a run by its own way out, which leaves nothing behind.
#pragma once

#include "pbft/result.hpp"

namespace bench {

/// From now on they only set is_interrupted().
void heed_interrupts();
bool is_interrupted();
pbft::Error interrupted_error();

}  // namespace bench
