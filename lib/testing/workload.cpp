#include "pbft/testing/workload.hpp"

#include "core/check.hpp"
#include "core/splitmix.hpp"

namespace pbft::testing {

Random::Random(std::uint64_t seed) : state_(core::mix(seed)) {}

std::uint64_t Random::next() { return core::mix(state_++); }

std::uint64_t Random::below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
  const std::uint64_t span = high - low + 1;  // 0: all there are
  return span == 0 ? next() : low + below(span);
}

bool Random::chance(double probability) {
  return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
}

Workload in_turn(std::vector<Call> calls) {
  PBFT_CHECK(!calls.empty());
  return
      [calls = std::move(calls), at = std::size_t{0}](Random&) mutable { return calls[at++ % calls.size()]; };
}

Workload any_of(std::vector<Call> calls) {
  PBFT_CHECK(!calls.empty());
  return [calls = std::move(calls)](Random& random) { return calls[random.below(calls.size())]; };
}

}  // namespace pbft::testing
