#include "bench/report/compare.hpp"

#include <algorithm>
#include <map>

#include "bench/report/text.hpp"

namespace bench {
namespace {

/// By what they measured and under which load: repetitions go together.
using Groups = std::map<std::string, std::vector<const Run*>>;

Groups groups_of(const Report& report) {
  Groups groups;
  for (const Run& run : report.runs) {
    const std::string name = report.kind == "run" ? "run" : run.name;
    groups[name + " (" + to_text(run.setting) + ")"].push_back(&run);
  }
  return groups;
}

double median(const std::vector<const Run*>& runs, double Phase::* member) {
  std::vector<double> values;
  for (const Run* run : runs) values.push_back(run->whole.*member);
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Figure {
  const char* name;
  double Phase::* member;
  bool more_is_better;
};
constexpr Figure figures[] = {
    {"op/s", &Phase::per_second, true}, {"p50 ms", &Phase::p50_ms, false}, {"p99 ms", &Phase::p99_ms, false}};

}  // namespace

bool is_comparable(const Report& base, const Report& now) {
  const Groups before = groups_of(base), after = groups_of(now);
  return std::any_of(after.begin(), after.end(),
                     [&](const auto& group) { return before.contains(group.first); });
}

std::vector<std::string> regressions(const Report& base, const Report& now, double threshold_percent) {
  const double slack = threshold_percent / 100;
  const Groups before = groups_of(base);
  std::vector<std::string> found;
  for (const auto& [name, runs] : groups_of(now)) {
    const auto same = before.find(name);
    if (same == before.end()) continue;
    for (const Figure& figure : figures) {
      const double was = median(same->second, figure.member);
      const double is = median(runs, figure.member);
      const bool is_worse = figure.more_is_better ? is < was * (1 - slack) : is > was * (1 + slack);
      if (is_worse)
        found.push_back(name + ": " + figure.name + " " + figure_text(is) + ", was " + figure_text(was));
    }
  }
  return found;
}

}  // namespace bench
