// The search against other ways to decide, on random histories.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "check/linearizable.hpp"
#include "check/named_order.hpp"
#include "unit/check/brute_force.hpp"
#include "unit/check/random_history.hpp"

namespace {

using namespace pbft::check;
using namespace pbft::check::testing;
using pbft::core::Random;

/// Changes one thing: an answer, a time, or whether there was an answer.
template <class Operation, class Change>
void spoil(std::vector<Observed<Operation>>& history, Random& random, Change change) {
  auto& victim = history[random.below(history.size())];
  switch (random.below(4)) {
    case 0:
      if (victim.end) std::swap(victim.start, *victim.end);
      if (victim.end) victim.end = victim.start + 1;
      return;
    case 1:
      victim.start += static_cast<std::int64_t>(random.below(30));
      if (victim.end) victim.end = *victim.end + static_cast<std::int64_t>(random.below(60));
      if (victim.end && *victim.end < victim.start) victim.end = victim.start;
      return;
    default:
      change(victim.operation);
  }
}

struct Tally {
  std::size_t good = 0, bad = 0;
};

/// Both must agree on every history; what is spoilt may be linearizable all the same.
template <Model M, class Draw, class Change>
Tally compare(const M& model, std::size_t rounds, Draw draw, Change change) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    Random random(seed);
    auto history = draw(random);
    if (random.below(3) != 0) spoil(history, random, change);
    const bool expected = BruteForce<M>(model, history).finds_an_order();
    const Verdict verdict = linearize(model, history);
    CAPTURE(seed);
    REQUIRE(verdict.kind == (expected ? Verdict::Kind::linearizable : Verdict::Kind::violated));
    ++(expected ? tally.good : tally.bad);
  }
  return tally;
}

/// The order is one of the history, respects time, holds everything that was answered, and explains it.
template <Model M>
bool explains(const M& model, const std::vector<Observed<typename M::Operation>>& history,
              const std::vector<std::size_t>& order) {
  std::vector<bool> placed(history.size(), false);
  typename M::State state = model.initial();
  for (std::size_t index : order) {
    if (placed.at(index)) return false;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (!placed[i] && i != index && history[i].end && *history[i].end < history[index].start) return false;
    }
    if (!model.apply(state, history[index].operation, history[index].end.has_value())) return false;
    placed[index] = true;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].end && !placed[i]) return false;
  }
  return true;
}

Shape drawn_shape(Random& random, std::size_t most) {
  return {random.between(2, most), random.between(2, 4), random.below(50),
          static_cast<std::int64_t>(random.between(5, 40))};
}

}  // namespace

TEST_CASE("search and definition agree on thousands of small histories of a register") {
  const Tally tally = compare(
      Registers{}, 4000, [](Random& random) { return register_history(drawn_shape(random, 7), 1, random); },
      [](Registers::Operation& operation) { operation.value = (operation.value + 1) % 3; });
  CHECK(tally.good > 1000);
  CHECK(tally.bad > 300);
}

TEST_CASE("search and definition agree on thousands of small histories of a counter") {
  const Tally tally = compare(
      Counter{}, 4000, [](Random& random) { return counter_history(drawn_shape(random, 7), 2, random); },
      [](Counter::Operation& operation) { operation.answer ^= 1; });
  CHECK(tally.good > 1000);
  CHECK(tally.bad > 1000);
}

TEST_CASE("search and definition agree on thousands of small histories of a log") {
  const Tally tally = compare(
      AppendOnlyLog{}, 4000, [](Random& random) { return log_history(drawn_shape(random, 7), random); },
      [](AppendOnlyLog::Operation& operation) { operation.entry ^= 1, operation.length ^= 1; });
  CHECK(tally.good > 1000);
  CHECK(tally.bad > 1000);
}

TEST_CASE("a sequential execution made concurrent is linearizable, and the order that is found explains it") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Shape shape{200, random.between(2, 12), random.below(8),
                      static_cast<std::int64_t>(random.between(1, 60))};
    CAPTURE(seed);
    const auto registers = register_history(shape, 5, random);
    const Verdict of_registers = linearize(Registers{}, registers);
    REQUIRE(of_registers.is_good());
    const auto log = log_history(shape, random);
    const Verdict of_log = linearize(AppendOnlyLog{}, log);
    REQUIRE(of_log.is_good());
    REQUIRE(explains(AppendOnlyLog{}, log, of_log.order));
    const auto counter = counter_history(shape, 3, random);
    const Verdict of_counter = linearize(Counter{}, counter);
    REQUIRE(of_counter.is_good());
    REQUIRE(explains(Counter{}, counter, of_counter.order));
  }
}

TEST_CASE("where the answers name the order, both ways to decide agree") {
  std::size_t contradicted = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    auto history = counter_history({random.between(2, 30), random.between(2, 6), 0, 30}, 1, random);
    if (random.below(2) == 0) {  // two answers change places: no position is missing
      auto& a = history[random.below(history.size())].operation;
      auto& b = history[random.below(history.size())].operation;
      if (a.add == b.add) std::swap(a.answer, b.answer);
    }
    std::vector<Observation> observations;
    for (const auto& each : history)
      observations.push_back({each.start, *each.end, each.operation.answer, each.operation.add == 1});
    const bool contradiction = find_contradiction(observations).has_value();
    CAPTURE(seed);
    REQUIRE(linearize(Counter{}, history).is_good() == !contradiction);
    contradicted += contradiction ? 1 : 0;
  }
  CHECK(contradicted > 300);
}

TEST_CASE("thousands of operations of tens of clients are decided at the cost of about one step each") {
  Random random(7);
  const Shape shape{10'000, 40, 2, 400};
  auto counter = counter_history(shape, 1, random);
  const Verdict of_counter = linearize(Counter{}, counter);
  CHECK(of_counter.is_good());
  CHECK(of_counter.configurations < 30'000);

  // Two concurrent additions answered alike, in the middle of it.
  std::size_t victim = counter.size() / 2;
  while (!counter[victim].end || counter[victim].operation.add == 0) ++victim;
  --counter[victim].operation.answer;
  const Verdict of_spoilt = linearize(Counter{}, counter);
  CHECK(of_spoilt.kind == Verdict::Kind::violated);
  CHECK(of_spoilt.configurations < 100'000);

  const auto registers = register_history(shape, 20, random);
  CHECK(linearize(Registers{}, registers).kind != Verdict::Kind::violated);
}
