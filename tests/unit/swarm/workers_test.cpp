#include "swarm/workers.hpp"

#include <doctest/doctest.h>

#include <map>

#include "core/check.hpp"

using pbft::sim::SwarmResult;
using Verdict = SwarmResult::Verdict;

namespace {

/// Runs seeds from 1 on and collects what comes back.
std::map<std::uint64_t, SwarmResult> run(std::uint64_t count, unsigned jobs, bool keep_going,
                                         std::function<SwarmResult(std::uint64_t)> one) {
  std::map<std::uint64_t, SwarmResult> results;
  swarm::Work work;
  work.count = count;
  work.jobs = jobs;
  work.keep_going = keep_going;
  work.run = std::move(one);
  work.finished = [&](const swarm::Finished& finished) {
    CHECK(results.emplace(finished.seed, finished.result).second);
  };
  swarm::run_seeds(work);
  return results;
}

SwarmResult result_of(std::uint64_t seed) {
  SwarmResult result;
  result.plan = "plan " + std::to_string(seed);
  result.trace_hash = seed * 3;
  result.events = seed + 1;
  result.view_changes = seed + 2;
  result.operations = seed + 3;
  result.virtual_time = pbft::sim::ms(static_cast<std::int64_t>(seed));
  return result;
}

SwarmResult failing(std::uint64_t seed) {
  SwarmResult result = result_of(seed);
  result.verdict = Verdict::unsafe;
  result.what = std::string(100'000, 'x');  // longer than a pipe
  return result;
}

}  // namespace

TEST_CASE("workers: every seed runs once, and its result arrives whole") {
  const auto results = run(50, 3, false, result_of);
  REQUIRE(results.size() == 50);
  for (const auto& [seed, result] : results) {
    CHECK(result.verdict == Verdict::good);
    CHECK(result.trace_hash == seed * 3);
    CHECK(result.events == seed + 1);
    CHECK(result.view_changes == seed + 2);
    CHECK(result.operations == seed + 3);
    CHECK(result.virtual_time == pbft::sim::ms(static_cast<std::int64_t>(seed)));
  }
}

TEST_CASE("workers: the lowest failing seed is found, whatever fails first") {
  constexpr std::uint64_t endless = std::uint64_t{1}
                                    << 60;  // it ends since none is begun once one has failed
  const auto results = run(endless, 4, false, [](std::uint64_t seed) {
    return seed == 20 || seed == 23 ? failing(seed) : result_of(seed);
  });
  for (std::uint64_t seed = 1; seed < 20; ++seed) CHECK(results.contains(seed));
  REQUIRE(results.contains(20));
  CHECK(results.at(20).verdict == Verdict::unsafe);
  CHECK(results.at(20).what.size() == 100'000);
  CHECK(results.at(20).plan == "plan 20");
}

TEST_CASE("workers: asked to keep going, all seeds run") {
  const auto results =
      run(40, 2, true, [](std::uint64_t seed) { return seed % 10 == 0 ? failing(seed) : result_of(seed); });
  CHECK(results.size() == 40);
}

TEST_CASE("workers: a broken invariant of the core ends one seed, and is told in its own words") {
  const auto results = run(30, 2, true, [](std::uint64_t seed) {
    PBFT_CHECK(seed != 10 && seed != 11);
    return result_of(seed);
  });
  REQUIRE(results.size() == 30);
  CHECK(results.at(10).verdict == Verdict::aborted);
  CHECK(results.at(10).what.find("seed != 10") != std::string::npos);
  CHECK(results.at(11).verdict == Verdict::aborted);
  CHECK(results.at(12).verdict == Verdict::good);
}
