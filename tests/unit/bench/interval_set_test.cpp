#include "bench/service/interval_set.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace {

using bench::IntervalSet;

IntervalSet set_of(std::initializer_list<std::uint64_t> numbers) {
  IntervalSet set;
  for (const auto number : numbers) set.add(number);
  return set;
}

}  // namespace

TEST_CASE("interval set: numbers in any order, each once, neighbours joined") {
  IntervalSet set;
  for (const std::uint64_t number : {5U, 6U, 9U, 7U, 0U, 8U, 2U, 1U}) CHECK(set.add(number));
  CHECK(set.intervals() == std::vector<IntervalSet::Interval>{{0, 3}, {5, 10}});
  for (const std::uint64_t number : {0U, 2U, 5U, 7U, 9U}) CHECK_FALSE(set.add(number));
  CHECK(set.size() == 8);
  CHECK(set.end() == 10);
}

TEST_CASE("interval set: the first number that one set lacks of another") {
  const IntervalSet set = set_of({1, 2, 3, 7, 8});
  CHECK_FALSE(set.first_missing(set));
  CHECK_FALSE(set.first_missing(set_of({2, 8})));
  CHECK_FALSE(set.first_missing({}));
  CHECK(set.first_missing(set_of({0})) == 0);
  CHECK(set.first_missing(set_of({2, 3, 4})) == 4);
  CHECK(set.first_missing(set_of({1, 5})) == 5);
  CHECK(set.first_missing(set_of({7, 9})) == 9);
}

TEST_CASE("interval set: what is appended stands behind the rest, with a gap") {
  IntervalSet set = set_of({1});
  CHECK(set.append({3, 5}));
  CHECK_FALSE(set.append({4, 9}));
  CHECK_FALSE(set.append({5, 9}));
  CHECK_FALSE(set.append({9, 9}));
  CHECK(set == set_of({1, 3, 4}));
}
