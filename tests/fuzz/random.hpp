// A source of randomness in the place of the system's: the same in every run.
#pragma once

namespace pbft::fuzz {

/// From here on, all that libsodium draws is the same as after the last call.
void restart_randomness();

}  // namespace pbft::fuzz
