// explore: searches small scopes for a path that breaks a promise. 0: none; 1: usage; 5: one was found.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "explore/explorer.hpp"

namespace {

using namespace pbft::explore;

/// What was searched, for the command that shows a path again.
std::string scope_in_search;

std::string text_of(const std::vector<std::size_t>& path) {
  std::string text;
  for (std::size_t choice : path) text += (text.empty() ? "" : ",") + std::to_string(choice);
  return text;
}

/// A broken invariant ends the process: say where.
void on_abort(int) {
  std::fprintf(stderr, "explore: a broken invariant; to see it again: explore %s --path %s\n",
               scope_in_search.c_str(), text_of(current_path()).c_str());
  std::_Exit(5);
}

std::string row(const std::string& name, const Report& report) {
  char line[200];
  std::snprintf(line, sizeof line, "%-26s %10llu %11llu %11llu %8llu %8llu %6zu %9.1f  %s", name.c_str(),
                static_cast<unsigned long long>(report.states),
                static_cast<unsigned long long>(report.actions),
                static_cast<unsigned long long>(report.pruned), static_cast<unsigned long long>(report.quiet),
                static_cast<unsigned long long>(report.healed), report.depth,
                static_cast<double>(report.time.count()) / 1000,
                !report.violation.empty() ? "VIOLATION" : (report.complete ? "all" : "cut short"));
  return line;
}

nlohmann::json json_of(const std::string& name, const Report& report) {
  return {{"scope", name},
          {"states", report.states},
          {"actions", report.actions},
          {"outcomes", report.outcomes},
          {"pruned", report.pruned},
          {"quiet", report.quiet},
          {"healed", report.healed},
          {"depth", report.depth},
          {"ms", report.time.count()},
          {"complete", report.complete},
          {"path", report.path},
          {"violation", report.violation},
          {"story", report.story}};
}

void tell(const Report& report) {
  if (report.violation.empty()) return;
  for (std::size_t i = 0; i < report.story.size(); ++i)
    std::printf("%4zu  %s\n", i + 1, report.story[i].c_str());
  std::printf("%s\nTo see it again: explore %s --path %s\n", report.violation.c_str(),
              scope_in_search.c_str(), text_of(report.path).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Searches small clusters for an order of events that breaks a promise.");
  std::vector<std::string> names;
  std::vector<std::size_t> path;
  double seconds = 60;
  Limits limits;
  unsigned more = 0;
  bool list = false, json = false, verbose = false;
  std::vector<std::string> allowances;
  app.add_option("--scope,--config", names, "Which; see --list. Without: all")->delimiter(',');
  app.add_flag("--list", list, "Names the scopes");
  app.add_option("--seconds", seconds, "Of processor time, for each scope")->capture_default_str();
  app.add_option("--depth", limits.depth, "Actions on a path")->capture_default_str();
  app.add_option("--states", limits.states, "Different states; each takes some 40 bytes")
      ->capture_default_str();
  app.add_flag("--exact", limits.exact, "Tells states apart by the order of inputs, not by what came of it");
  app.add_option("--heal-every", limits.heal_every,
                 "Demands completion from one in so many states without letters")
      ->capture_default_str();
  app.add_option("--more", more, "Everything that a scope allows to go wrong, so many times more")
      ->check(CLI::Range(0, 60));
  app.add_option("--allow", allowances,
                 "Another allowance than the scope's: delays=3,drops=1,cuts=,timers=,...")
      ->delimiter(',');
  app.add_option("--path", path, "Replays this path of one scope")->delimiter(',');
  app.add_flag("--json", json, "One JSON object per scope");
  app.add_flag("-v,--verbose", verbose, "Says every ten seconds how far it is");
  CLI11_PARSE(app, argc, argv);

  if (list) {
    for (const Scope& each : scopes()) std::printf("%-26s %s\n", each.name.c_str(), each.about.c_str());
    return 0;
  }
  limits.time = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  std::vector<Scope> chosen;
  if (names.empty()) chosen = scopes();
  for (const std::string& name : names) {
    const Scope* found = find_scope(name);
    if (!found) {
      std::fprintf(stderr, "explore: there is no scope %s; see --list\n", name.c_str());
      return 1;
    }
    chosen.push_back(*found);
  }
  for (Scope& scope : chosen) {
    scope.allowance = with_more(scope.allowance, static_cast<std::uint8_t>(more));
    for (const std::string& each : allowances) {
      if (!allow(scope.allowance, each)) {
        std::fprintf(stderr, "explore: %s is no allowance\n", each.c_str());
        return 1;
      }
    }
  }

  std::string allowance = more > 0 ? " --more " + std::to_string(more) : "";
  for (const std::string& each : allowances) allowance += " --allow " + each;

  std::signal(SIGABRT, on_abort);
  if (!path.empty()) {
    scope_in_search = "--scope " + chosen.front().name + allowance;
    Report report = replay(chosen.front(), path);
    for (std::size_t i = 0; i < report.story.size(); ++i)
      std::printf("%4zu  %s\n", i + 1, report.story[i].c_str());
    std::printf("%s\n", report.violation.empty() ? "all is well" : report.violation.c_str());
    return report.violation.empty() ? 0 : 5;
  }
  if (!json) {
    std::printf("%-26s %10s %11s %11s %8s %8s %6s %9s  %s\n", "scope", "states", "actions", "pruned", "quiet",
                "healed", "depth", "seconds", "searched");
  }
  bool good = true;
  for (const Scope& scope : chosen) {
    scope_in_search = "--scope " + scope.name + allowance;
    std::chrono::milliseconds told{};
    const Report report = search(scope, limits, [&](const Report& so_far) {
      if (!verbose || so_far.time - told < std::chrono::seconds(10)) return;
      told = so_far.time;
      std::fprintf(stderr, "%s\n", row(scope.name, so_far).c_str());
    });
    if (json) {
      std::printf("%s\n", json_of(scope.name, report).dump().c_str());
    } else {
      std::printf("%s\n", row(scope.name, report).c_str());
      tell(report);
    }
    std::fflush(stdout);
    good = good && report.violation.empty();
  }
  return good ? 0 : 5;
}
