#include "core/designated.hpp"

namespace pbft::core {

ReplicaId designated_replica(RequestNumber number, std::uint32_t attempt, std::uint32_t n) {
  // Reduced before it is added: number and attempt come from outside and may be as large as they like.
  const std::uint64_t sum = number.value % n + attempt;
  return ReplicaId{static_cast<std::uint32_t>(sum % n)};
}

}  // namespace pbft::core
