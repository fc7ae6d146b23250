#include "sim/trace.hpp"

#include <cstdio>

#include "sim/describe.hpp"

namespace pbft::sim {

std::uint64_t Trace::code(const core::Identity& who) {
  if (const auto* replica = std::get_if<ReplicaId>(&who)) return replica->value * 2;
  return std::get<ClientId>(who).value * 2 + 1;
}

void Trace::print(const core::Identity& who, const std::string& text) const {
  char time[32];
  std::snprintf(time, sizeof time, "%12.3f ms ", static_cast<double>(scheduler_.now().count()) / 1000.0);
  sink_(time + describe(who) + " " + text);
}

}  // namespace pbft::sim
