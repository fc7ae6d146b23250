#include "sim/swarm.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace pbft::sim;

TEST_CASE("swarm: the same seed gives the same run, another seed another one") {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const SwarmResult first = run_swarm({.seed = seed});
    CHECK(first.trace_hash == run_swarm({.seed = seed}).trace_hash);
    CHECK(first.operations > 0);
    hashes.insert(first.trace_hash);
  }
  CHECK(hashes.size() == 10);
}

TEST_CASE("swarm: a printed run is the same run") {
  std::size_t lines = 0;
  const SwarmResult printed = run_swarm({.seed = 3}, [&](const std::string&) { ++lines; });
  CHECK(printed.trace_hash == run_swarm({.seed = 3}).trace_hash);
  CHECK(lines > 1000);
}
