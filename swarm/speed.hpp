// How fast the simulator is.
#pragma once

namespace swarm {

/// Prints how many whole-cluster runs of 100 operations this processor does in a second; the exit code.
int measure_speed(bool json);

}  // namespace swarm
