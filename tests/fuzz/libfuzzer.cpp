// Between libFuzzer and the one target that is linked here.
#include <time.h>

#include <cstddef>
#include <cstdint>

#include "fuzz/target.hpp"

namespace {

/// Of processor time: what the machine does besides must not look like a slow input.
constexpr double seconds_max = 5;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const double began = processor_seconds();
  pbft::fuzz::Target::first()->run({data, size});
  FUZZ_CHECK(processor_seconds() - began < seconds_max);
  return 0;
}
