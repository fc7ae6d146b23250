// What surrounds a state machine and must not matter to it: clocks, seeds, memory, locale, rounding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pbft::testing {

struct Environment {
  bool other_time = false;      ///< 400 days ago.
  bool other_seeds = false;     ///< Of the C library's generators.
  bool other_memory = false;    ///< Addresses in another order, another filling.
  bool other_locale = false;    ///< A decimal comma, and a time zone far from Greenwich.
  bool other_rounding = false;  ///< Upward.

  std::uint8_t filling() const { return other_memory ? 0xa5 : 0x3c; }
};

/// For the whole process, for good: to be called in a child that only runs one trial.
void enter(const Environment& environment);
/// Leaves the environment's filling where the next call has its variables.
void soil_stack(const Environment& environment);
/// What this platform does not allow to vary; for a person.
std::vector<std::string> not_varied();

}  // namespace pbft::testing
