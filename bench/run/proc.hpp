// What the kernel counts of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace bench {

struct ProcessCounters {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t descriptors = 0;
};

/// nullopt if there is no such process, or it is somebody else's.
std::optional<ProcessCounters> read_process_counters(pid_t pid);

}  // namespace bench
