// The counter passes its tests before it is replicated: copy this file along with the counter.
#include <cstdio>

#include "counter/counter.hpp"
#include "pbft/testing/determinism.hpp"
#include "pbft/testing/simulation.hpp"

namespace testing = pbft::testing;

/// What clients ask for: mostly additions, now and then the value, as an operation or as a read.
testing::Call next_call(testing::Random& random) {
  if (random.chance(0.2)) return testing::Call::query(counter::get_operation());
  if (random.chance(0.1)) return counter::get_operation();
  return counter::add_operation(static_cast<std::int64_t>(random.between(0, 20)) - 10);
}

/// The sum of what was added is what the last answer says.
std::string adds_up(const testing::Run& run) {
  std::int64_t sum = 0;
  for (const testing::Executed& executed : run.operations) {
    const std::string text = pbft::to_text(executed.body);
    const auto amount = counter::parse_amount(text.starts_with("add ") ? text.substr(4) : "0");
    const auto value = counter::parse_result(executed.result);
    if (!value) continue;  // what a faulty client asked for was no operation
    sum += amount.value_or(0);
    if (*value != sum)
      return "it is " + std::to_string(sum) + ", and " + text + " answered " + std::to_string(*value);
  }
  return {};
}

int main() {
  const auto make = [] { return std::make_unique<counter::Counter>(); };

  const auto determinism = testing::check_determinism(make, next_call);
  std::fputs(to_text(determinism).c_str(), stdout);

  const auto simulation = testing::simulate(make, next_call, {.seeds = 50, .check = adds_up});
  std::fputs(to_text(simulation).c_str(), stdout);

  return determinism && simulation ? 0 : 1;
}
