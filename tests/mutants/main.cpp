// mutants: plants one deliberate bug at a time and runs the simulator's seeds until one of them finds it.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "crypto/sodium.hpp"
#include "table.hpp"

namespace {

using namespace pbft;
using namespace pbft::mutants;

constexpr int exit_survivor = 1;
constexpr int exit_usage = 2;

struct Options {
  std::vector<std::string> names;
  std::uint64_t base = 1, budget = 20'000, seed = 0;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string write;
  bool list = false, one = false;
};

int list() {
  for (const Entry& entry : catalogue) {
    std::printf("%-28s %.*s (%.*s)\n", std::string(entry.name).c_str(), static_cast<int>(entry.what.size()),
                entry.what.data(), static_cast<int>(entry.from.size()), entry.from.data());
  }
  std::printf("%zu mutants\n", catalogue.size());
  return 0;
}

int replay(const Entry& entry, std::uint64_t seed) {
  core::mutant = entry.mutant;
  const sim::SwarmResult result =
      sim::run_swarm({.seed = seed}, [](const std::string& line) { std::puts(line.c_str()); });
  const bool good = result.verdict == sim::SwarmResult::Verdict::good;
  std::printf("%s with seed %llu: %s\n  drawn: %s\n", std::string(entry.name).c_str(),
              static_cast<unsigned long long>(seed), good ? "survives" : result.what.c_str(),
              result.plan.c_str());
  return good ? exit_survivor : 0;
}

void say(const Entry& entry, const Kill& kill, std::uint64_t base) {
  const std::string name(entry.name);
  if (kill.killed) {
    std::printf("%-28s %6llu seeds %7.1f s  %s\n", name.c_str(),
                static_cast<unsigned long long>(kill.seed - base + 1), kill.seconds, kill.how.c_str());
  } else {
    std::printf("%-28s SURVIVES  %7.1f s\n", name.c_str(), kill.seconds);
  }
  if (kill.unsuitable > 0) {
    std::printf("%-28s %6llu seeds fail without it as well: not counted\n", "",
                static_cast<unsigned long long>(kill.unsuitable));
  }
  std::fflush(stdout);
}

int hunt_all(const Options& options, const std::vector<const Entry*>& chosen) {
  std::vector<Outcome> outcomes;
  for (const Entry* entry : chosen) outcomes.push_back({entry, {}});
  std::vector<std::unique_ptr<Hunt>> running;
  std::size_t next = 0, survivors = 0;
  while (next < chosen.size() || !running.empty()) {
    if (next < chosen.size() && running.size() < options.jobs) {
      running.push_back(std::make_unique<Hunt>(*chosen[next++], options.base, options.budget));
      continue;
    }
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    const auto hunt = std::find_if(running.begin(), running.end(),
                                   [ended](const auto& one) { return one->process() == ended; });
    if (hunt == running.end() || !(*hunt)->on_ended(status)) continue;
    const Entry& entry = (*hunt)->entry();
    const Kill& kill = (*hunt)->result();
    say(entry, kill, options.base);
    survivors += !kill.killed;
    std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& o) {
      return o.entry == &entry;
    })->kill = kill;
    running.erase(hunt);
  }
  const std::string table = table_of(outcomes, options.base, options.budget);
  std::printf("%s\n", table.substr(0, table.find('\n')).c_str());
  if (!options.write.empty() && !write_between_markers(options.write, table)) return exit_usage;
  return survivors > 0 ? exit_survivor : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Plants one deliberate bug at a time (lib/core/mutants.hpp) and runs the simulator's seeds "
      "until one finds it. Exit: 0 all are found, 1 one survives."};
  app.add_option("--mutant", options.names, "only this one; may be repeated");
  app.add_option("--base", options.base, "the first seed")->capture_default_str();
  app.add_option("--budget", options.budget, "how many seeds each may survive")->capture_default_str();
  app.add_option("--jobs", options.jobs, "mutants at once")->capture_default_str();
  auto* seed =
      app.add_option("--seed", options.seed, "with --mutant: run this seed and print all that happens");
  app.add_option("--write", options.write, "puts the table between the markers in this file");
  app.add_flag("--list", options.list, "names them");
  CLI11_PARSE(app, argc, argv);
  if (options.list) return list();

  std::vector<const Entry*> chosen;
  for (const std::string& name : options.names) {
    chosen.push_back(find(name));
    if (chosen.back() != nullptr) continue;
    std::fprintf(stderr, "there is no mutant \"%s\"; --list names them\n", name.c_str());
    return exit_usage;
  }
  if (chosen.empty()) {
    for (const Entry& entry : catalogue) chosen.push_back(&entry);
  }
  crypto::ensure_sodium();
  if (seed->count() > 0) {
    if (chosen.size() == 1) return replay(*chosen.front(), options.seed);
    std::fprintf(stderr, "--seed goes with one --mutant\n");
    return exit_usage;
  }
  return hunt_all(options, chosen);
}
