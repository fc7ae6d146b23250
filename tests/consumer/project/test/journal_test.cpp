// Tests the journal before it is replicated.
#include <cstdio>
#include <pbft/testing/determinism.hpp>

#include "journal.hpp"

int main() {
  const auto journal = [] { return std::make_unique<Journal>(); };
  const auto words =
      pbft::testing::any_of({"three ", "replicas ", "outvote ", "one", pbft::testing::Call::query("")});

  const auto determinism = pbft::testing::check_determinism(journal, words);
  std::fputs(to_text(determinism).c_str(), stdout);
  return determinism.passed() ? 0 : 1;
}
