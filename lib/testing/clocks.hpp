// The clocks of the system, as the code of this process reads them.
#pragma once

namespace pbft::testing {

/// From now on time(), clock_gettime(), gettimeofday(), timespec_get() and clock(), called by the program or
/// a shared library, and so all clocks of <chrono>, stand where they stood at the first call, or 400 days
/// before, and go on by a microsecond with each reading. For a child process: it is not undone.
void control_clocks(bool earlier);
/// False where calls do not go through a table that can be changed: a static program, an unknown processor.
bool can_control_clocks();

}  // namespace pbft::testing
