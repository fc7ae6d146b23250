#include "check/model.hpp"

#include "core/splitmix.hpp"

namespace pbft::check {

std::uint64_t AppendOnlyLog::extended(std::uint64_t digest, std::uint64_t entry) {
  return core::mix(core::mix(digest) ^ entry);
}

}  // namespace pbft::check
