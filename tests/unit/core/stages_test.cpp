#include "core/stages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace pbft::core {

using std::chrono::microseconds;

namespace {
const LatencyHistogram& of(Stage stage, const StageTimes& times) {
  return times[static_cast<std::size_t>(stage)];
}
}  // namespace

TEST_CASE("stages: a quantile is within an eighth of the exact one, at every size up to a minute") {
  for (std::int64_t base = 1; base < 60'000'000; base = base * 5 / 3 + 1) {
    LatencyHistogram histogram;
    std::vector<std::int64_t> exact;
    for (std::int64_t i = 0; i < 100; ++i) {
      exact.push_back(base + base * i / 150);
      histogram.add(microseconds(exact.back()));
    }
    for (int percent : {1, 50, 99, 100}) {
      const auto wanted = static_cast<double>(exact[static_cast<std::size_t>(percent - 1)]);
      const auto got = static_cast<double>(histogram.quantile(percent / 100.0).count());
      CHECK(got >= wanted * 0.87 - 1);
      CHECK(got <= wanted * 1.13 + 1);
    }
    std::int64_t sum = 0;
    for (auto each : exact) sum += each;
    CHECK(histogram.sum().count() == sum);
    CHECK(histogram.mean().count() == sum / 100);
  }
}

TEST_CASE("stages: nothing measured is 0, and no duration is too long or too short") {
  LatencyHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.mean() == Duration{});
  CHECK(histogram.quantile(0.5) == Duration{});
  histogram.add(microseconds(-5));
  CHECK(histogram.quantile(1) == Duration{});
  histogram.add(std::chrono::hours(24 * 365));
  CHECK(histogram.count() == 2);
  CHECK(histogram.quantile(1) > std::chrono::seconds(50));
}

TEST_CASE("stages: each begins where the one before ended, and ends once") {
  StageTimes times{};
  StageClock clock{Stage::pre_prepare, microseconds(100)};
  clock.reach(Stage::pre_prepare, microseconds(130), times);
  clock.reach(Stage::pre_prepare, microseconds(170), times);  // again: does not count
  clock.reach(Stage::prepare, microseconds(180), times);
  clock.reach(Stage::commit, microseconds(250), times);   // the others were faster
  clock.reach(Stage::persist, microseconds(260), times);  // too late to matter
  clock.reach(Stage::execute, microseconds(300), times);
  CHECK(of(Stage::pre_prepare, times).mean() == microseconds(30));
  CHECK(of(Stage::prepare, times).mean() == microseconds(50));
  CHECK(of(Stage::persist, times).count() == 0);
  CHECK(of(Stage::commit, times).mean() == microseconds(70));
  CHECK(of(Stage::execute, times).mean() == microseconds(50));
}

TEST_CASE("stages: every one has a name of its own") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < stage_count; ++i) names.insert(name_of(static_cast<Stage>(i)));
  CHECK(names.size() == stage_count);
  CHECK(!names.contains("?"));
}

}  // namespace pbft::core
