// The search through the states of a scope.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explore/scope.hpp"

namespace pbft::explore {

struct Limits {
  std::size_t depth = 400;                                  ///< Actions on one path.
  std::size_t states = 50'000'000;                          ///< Different ones; each takes some 40 bytes.
  std::chrono::milliseconds time = std::chrono::hours(24);  ///< Of the processor.
  /// States are told apart by what each replica got in which order: no two that differ are taken for one.
  /// Else by what came of it, which leaves many fewer (Member::effects).
  bool exact = false;
  /// heal() is tried from one in so many of the different states in which nothing is on its way; 0: from
  /// none.
  std::uint64_t heal_every = 1;
};

struct Report {
  std::uint64_t states = 0;          ///< Different ones.
  std::uint64_t actions = 0;         ///< Taken.
  std::uint64_t pruned = 0;          ///< Actions that led to a state that was known.
  std::uint64_t quiet = 0;           ///< Different states in which nothing was on its way,
  std::uint64_t healed = 0;          ///< and from how many of them everything was completed.
  std::size_t depth = 0;             ///< Of the longest path.
  std::chrono::milliseconds time{};  ///< Of the processor.
  std::uint64_t outcomes = 0;        ///< States that differ by what came of them; without `exact` all do,
  std::uint64_t outcomes_hash = 0;   ///< and of which set of them this is the hash.
  bool complete = false;             ///< Nothing within the allowance was left out.
  std::string violation;             ///< Empty: none.
  std::vector<std::size_t> path;     ///< To it: which of the enabled actions was taken.
  std::vector<std::string> story;    ///< The same for a person.
};

/// Depth first, each state once. Ends at the first violation. `on_progress` is called once a second or so,
/// with what is known so far; the path that is being explored is in it, so that it is known if the process
/// dies of a broken invariant.
Report search(const Scope& scope, const Limits& limits,
              const std::function<void(const Report&)>& on_progress = nullptr);

/// The path that search() is on, for who is called when the process ends.
const std::vector<std::size_t>& current_path();

/// What happens on this path, and heal() at its end if it is quiet there.
Report replay(const Scope& scope, const std::vector<std::size_t>& path);

}  // namespace pbft::explore
