#include "bench/load/histogram.hpp"

#include <doctest/doctest.h>

using bench::Histogram;

TEST_CASE("histogram: nothing in it") {
  const Histogram none;
  CHECK(none.percentile(50) == 0);
  CHECK(none.max() == 0);
  CHECK(none.mean() == 0);
}

TEST_CASE("histogram: percentiles by nearest rank, exact for small values") {
  Histogram some;
  for (std::uint64_t us = 1; us <= 100; ++us) some.add(us);
  CHECK(some.percentile(0) == 1);
  CHECK(some.percentile(50) == 50);
  CHECK(some.percentile(99) == 99);
  CHECK(some.percentile(99.9) == 100);
  CHECK(some.mean() == doctest::Approx(50.5));
}

TEST_CASE("histogram: every value is told within one part in 64, and never below itself") {
  for (std::uint64_t us = 1; us < 4'000'000'000; us = us * 17 / 16 + 1) {
    Histogram one;
    one.add(us);
    one.add(4'000'000'000);
    INFO(us);
    CHECK(one.percentile(50) >= us);
    CHECK(one.percentile(50) <= us + us / 64);
    CHECK(one.max() == 4'000'000'000);
  }
}

TEST_CASE("histogram: two merged are as one") {
  Histogram all, even, odd;
  for (std::uint64_t us = 0; us < 10'000; ++us) {
    all.add(us);
    (us % 2 == 0 ? even : odd).add(us);
  }
  even.merge(odd);
  for (const double percent : {1.0, 50.0, 95.0, 99.9, 100.0})
    CHECK(even.percentile(percent) == all.percentile(percent));
  CHECK(even.count() == all.count());
}
