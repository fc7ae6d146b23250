// Tests the journal before it is replicated.
#include <cstdio>
#include <pbft/testing/determinism.hpp>
#include <pbft/testing/simulation.hpp>

#include "journal.hpp"

int main() {
  const auto journal = [] { return std::make_unique<Journal>(); };
  const auto words =
      pbft::testing::any_of({"three ", "replicas ", "outvote ", "one", pbft::testing::Call::query("")});

  const auto determinism = pbft::testing::check_determinism(journal, words);
  const auto simulation = pbft::testing::simulate(journal, words, {.seeds = 20});
  std::fputs((to_text(determinism) + to_text(simulation)).c_str(), stdout);
  return determinism && simulation ? 0 : 1;
}
