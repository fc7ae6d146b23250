#include "check/named_order.hpp"

#include <doctest/doctest.h>

namespace {

using pbft::check::find_contradiction;
using pbft::check::Observation;

Observation write(std::int64_t start, std::int64_t end, std::uint64_t position) {
  return {start, end, position, true};
}
Observation read(std::int64_t start, std::int64_t end, std::uint64_t seen) {
  return {start, end, seen, false};
}

}  // namespace

TEST_CASE("named order: one after the other, and nothing at all") {
  CHECK_FALSE(find_contradiction({}));
  CHECK_FALSE(find_contradiction({write(0, 10, 1), read(20, 30, 1), write(40, 50, 2), read(60, 70, 2)}));
}

TEST_CASE("named order: what overlaps may stand in either order") {
  CHECK_FALSE(find_contradiction({write(0, 100, 2), write(50, 60, 1)}));
  CHECK_FALSE(find_contradiction({write(0, 100, 1), read(50, 60, 0), read(70, 80, 1)}));
  CHECK_FALSE(find_contradiction({read(0, 10, 3), read(20, 30, 3)}));
}

TEST_CASE("named order: a planted stale read is found") {
  CHECK(find_contradiction({write(0, 10, 1), read(20, 30, 0)}));
}

TEST_CASE("named order: a planted read of what was not yet written is found") {
  CHECK(find_contradiction({read(0, 10, 1), write(20, 30, 1)}));
}

TEST_CASE("named order: two planted writes with one place are found, whenever they were") {
  CHECK(find_contradiction({write(0, 10, 1), write(5, 15, 1)}));
  CHECK(find_contradiction({write(0, 10, 1), write(20, 30, 1)}));
}

TEST_CASE("named order: a planted write before one that had ended is found") {
  CHECK(find_contradiction({write(0, 10, 2), write(20, 30, 1)}));
  CHECK_FALSE(find_contradiction({write(0, 20, 2), write(20, 30, 1)}));  // touching is overlapping
}

TEST_CASE("named order: reads that go back are found, though no write was seen") {
  CHECK(find_contradiction({read(0, 10, 5), read(20, 30, 4)}));
}

TEST_CASE("named order: one contradiction among thousands is found, and both sides are named") {
  std::vector<Observation> history;
  for (std::int64_t i = 1; i <= 5000; ++i)
    history.push_back(write(10 * i, 10 * i + 15, static_cast<std::uint64_t>(i)));
  CHECK_FALSE(find_contradiction(history));
  history[3000].position = 1000;  // also position 1000's second write
  CHECK(find_contradiction(history) == "two writes have one place: position 1000");
  history[3000].position = 10'000;
  const auto found = find_contradiction(history);
  REQUIRE(found);
  CHECK(found->find("10000") != std::string::npos);
}
