// A thousand clients need a few thousand sockets.
#pragma once

namespace bench {

/// As many open files as this user may have, for this process and those that it starts.
void raise_descriptor_limit();

}  // namespace bench
