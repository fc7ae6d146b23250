// The mutants of lib/core/mutants.hpp, as values.
#pragma once

#include <array>
#include <string_view>

#include "core/mutants.hpp"

namespace pbft::mutants {

struct Entry {
  core::Mutant mutant;
  std::string_view name;
  std::string_view what;  ///< Is wrong.
  std::string_view from;  ///< Where the rule is, or the bug was.
};

inline constexpr std::array catalogue{
#define PBFT_MUTANT_ENTRY(name, what, from) Entry{core::Mutant::name, #name, what, from},
    PBFT_MUTANTS_LIST(PBFT_MUTANT_ENTRY)
#undef PBFT_MUTANT_ENTRY
};

inline const Entry* find(std::string_view name) {
  for (const Entry& entry : catalogue) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace pbft::mutants
