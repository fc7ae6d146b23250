#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace pbft::mutants {

namespace {
constexpr std::string_view begin_marker = "<!-- mutants -->\n", end_marker = "<!-- /mutants -->";

// What a table cell cannot hold.
std::string cell(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  std::replace(text.begin(), text.end(), '<', '(');
  return text;
}
}  // namespace

std::string table_of(const std::vector<Outcome>& outcomes, std::uint64_t base, std::uint64_t budget) {
  std::uint64_t killed = 0, most = 0;
  std::vector<std::uint64_t> needed;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.kill.killed) continue;
    ++killed;
    needed.push_back(outcome.kill.seed - base + 1);
    most = std::max(most, needed.back());
  }
  std::sort(needed.begin(), needed.end());
  const std::uint64_t median = needed.empty() ? 0 : needed[needed.size() / 2];
  std::string text = std::to_string(killed) + " of " + std::to_string(outcomes.size()) +
                     " mutants killed, each by at most " + std::to_string(most) + " seeds (median " +
                     std::to_string(median) + ", allowed " + std::to_string(budget) +
                     "), counted from seed " + std::to_string(base) +
                     ".\n\n| mutant | what is wrong | stands for | seeds | found by |\n" +
                     "|---|---|---|---:|---|\n";
  for (const auto& [entry, kill] : outcomes) {
    text += "| `" + std::string(entry->name) + "` | " + std::string(entry->what) + " | " +
            std::string(entry->from) + " | " +
            (kill.killed ? std::to_string(kill.seed - base + 1) : std::string("-")) + " | " +
            (kill.killed ? cell(kill.how) : std::string("**survives**")) + " |\n";
  }
  return text;
}

bool write_between_markers(const std::string& path, const std::string& text) {
  std::stringstream read;
  read << std::ifstream(path).rdbuf();
  std::string whole = read.str();
  const std::size_t from = whole.find(begin_marker);
  const std::size_t to = whole.find(end_marker);
  if (from == std::string::npos || to == std::string::npos || to < from) {
    std::fprintf(stderr, "%s has no place for the table: %.*s ... %.*s\n", path.c_str(),
                 static_cast<int>(begin_marker.size() - 1), begin_marker.data(),
                 static_cast<int>(end_marker.size()), end_marker.data());
    return false;
  }
  whole.replace(from + begin_marker.size(), to - from - begin_marker.size(), text);
  std::ofstream(path) << whole;
  return true;
}

}  // namespace pbft::mutants
