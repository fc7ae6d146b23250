#include "core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace pbft::core {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "pbft: broken invariant: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace pbft::core
