#include "core/quorum.hpp"

#include <doctest/doctest.h>

using namespace pbft;
using namespace pbft::core;

TEST_CASE("quorums: two quorums share a correct replica, and f silent ones cannot block") {  // OSDI'99 3
  for (std::uint32_t n = 4; n <= 31; ++n) {
    const Quorums quorums(n);
    CAPTURE(n);
    CHECK(n >= 3 * quorums.f() + 1);
    CHECK(n < 3 * (quorums.f() + 1) + 1);
    CHECK(2 * quorums.quorum() >= n + quorums.f() + 1);
    CHECK(2 * (quorums.quorum() - 1) < n + quorums.f() + 1);  // and no larger than it must be
    CHECK(n - quorums.f() >= quorums.quorum());
    CHECK(quorums.weak() == quorums.f() + 1);
  }
}

TEST_CASE("quorums: the primary of view v is v mod n, also for the last view there is") {
  const Quorums quorums(7);
  CHECK(quorums.primary(View{0}) == ReplicaId{0});
  CHECK(quorums.primary(View{8}) == ReplicaId{1});
  CHECK(quorums.primary(View{~std::uint64_t{0}}).value == ~std::uint64_t{0} % 7);
}
