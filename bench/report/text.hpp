// A report for a terminal.
#pragma once

#include <string>
#include <vector>

#include "bench/report/report.hpp"

namespace bench {

/// The conditions, the phases as a table, what the processes used, what the checks found.
std::string to_text(const Run& run);
std::string to_text(const Machine& machine);
/// What the cluster and its load were, in a line; not the seed.
std::string to_text(const Setting& setting);
/// One line for each run.
std::string curve_text(const std::vector<Run>& runs);
/// Of several runs of one kind: the smallest, the median and the largest of each figure.
std::string spread_text(const std::vector<Run>& runs);

/// Columns as wide as they must be: the first to the left, the others to the right.
std::string table_text(const std::vector<std::vector<std::string>>& rows);
/// With thousands parted: "12,345".
std::string count_text(std::uint64_t count);
/// "98.4%" of a share of 0.984.
std::string percent_text(double share);
/// Three digits that count: "0.84", "12.3", "1,234".
std::string figure_text(double value);

}  // namespace bench
