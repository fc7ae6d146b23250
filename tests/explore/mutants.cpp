// explore-mutants: which deliberate bugs (lib/core/mutants.hpp) the exploration finds, scope by scope, each
// in a process of its own. Prints a table for docs/verification.md.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "core/mutants.hpp"
#include "explore/explorer.hpp"

namespace {

using namespace pbft::explore;
using pbft::core::Mutant;

struct Bug {
  Mutant mutant;
  std::string name, what;
};

const std::vector<Bug>& bugs() {
  static const std::vector<Bug> all{
#define PBFT_MUTANT_BUG(name, what, from) {Mutant::name, #name, what},
      PBFT_MUTANTS_LIST(PBFT_MUTANT_BUG)
#undef PBFT_MUTANT_BUG
  };
  return all;
}

/// How it ended, and what the child said; nothing if it found nothing.
std::string hunt(const Bug& bug, const Scope& scope, const Limits& limits) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    if (!std::freopen("/dev/null", "w", stderr)) _exit(2);
    pbft::core::mutant = bug.mutant;
    const Report report = search(scope, limits);
    if (!report.violation.empty()) {
      const std::string text = std::to_string(report.states) + " | " + std::to_string(report.path.size()) +
                               " | " + report.violation.substr(0, 90);
      if (write(pipe_ends[1], text.data(), text.size()) < 0) _exit(2);
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t got = 0; (got = read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return "- | - | a broken invariant ends the process";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plants one deliberate bug after the other and explores every scope until it is found.");
  Limits limits;
  double seconds = 5;
  std::vector<std::string> names;
  app.add_option("--seconds", seconds, "Of processor time, for each scope")->capture_default_str();
  app.add_option("--mutant", names, "Only these")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  limits.time = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));

  std::size_t found = 0, tried = 0;
  std::printf("| mutant | found in scope | states | path | as |\n|---|---|---|---|---|\n");
  for (const Bug& bug : bugs()) {
    if (!names.empty() && std::find(names.begin(), names.end(), bug.name) == names.end()) continue;
    ++tried;
    std::string line = "not found | | |";
    for (const Scope& scope : scopes()) {
      const std::string seen = hunt(bug, scope, limits);
      if (seen.empty()) continue;
      line = scope.name + " | " + seen;
      ++found;
      break;
    }
    std::printf("| %s: %s | %s |\n", bug.name.c_str(), bug.what.c_str(), line.c_str());
    std::fflush(stdout);
  }
  std::printf("\n%zu of %zu found\n", found, tried);
  return 0;
}
