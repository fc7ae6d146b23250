// What became of the mutants, for a person and for docs/verification.md.
#pragma once

#include <string>
#include <vector>

#include "hunt.hpp"

namespace pbft::mutants {

struct Outcome {
  const Entry* entry = nullptr;
  Kill kill;
};

/// Markdown. Seeds are counted from `base`, as many as it took.
std::string table_of(const std::vector<Outcome>& outcomes, std::uint64_t base, std::uint64_t budget);

/// Replaces what stands between the markers `<!-- mutants -->` and `<!-- /mutants -->` in that file. False,
/// with a word on stderr, if it has none.
bool write_between_markers(const std::string& path, const std::string& text);

}  // namespace pbft::mutants
