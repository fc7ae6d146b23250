// swarm: many seeds, each a cluster under its own mix of faults. A failing seed is printed with the command
// that runs it again.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "crypto/sodium.hpp"
#include "sim/swarm.hpp"

namespace {

using pbft::sim::SwarmResult;
using Verdict = SwarmResult::Verdict;

constexpr int exit_stuck = 1;
constexpr int exit_unsafe = 5;

// A broken invariant of the core aborts the process: say which seed did it.
thread_local std::uint64_t current_seed = 0;
void on_abort(int) {
  char text[96];
  const int length = std::snprintf(
      text, sizeof text, "aborted at seed %llu: replay with --seed %llu --verbose\n",
      static_cast<unsigned long long>(current_seed), static_cast<unsigned long long>(current_seed));
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, static_cast<std::size_t>(length));
  std::signal(SIGABRT, SIG_DFL);
}

struct Options {
  std::uint64_t seeds = 200;
  std::uint64_t base = 1;
  std::uint64_t seed = 0;
  bool one = false;
  bool verbose = false;
  bool twice = false;
  unsigned threads = 0;
  pbft::sim::Focus focus = pbft::sim::Focus::everything;
};

struct Totals {
  std::uint64_t good = 0, stuck = 0, unsafe = 0;
  std::uint64_t view_changes = 0, operations = 0, events = 0;
  double virtual_seconds = 0;
};

void report_failure(const Options& options, std::uint64_t seed, const SwarmResult& result,
                    const char* program) {
  std::printf("seed %llu: %s\n  drawn: %s\n  replay: %s%s --seed %llu --verbose\n",
              static_cast<unsigned long long>(seed), result.what.c_str(), result.plan.c_str(), program,
              options.focus == pbft::sim::Focus::storage ? " --storage" : "",
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
}

int exit_code(const Totals& totals) { return totals.unsafe ? exit_unsafe : totals.stuck ? exit_stuck : 0; }

void count(const SwarmResult& result, Totals& totals) {
  totals.good += result.verdict == Verdict::good;
  totals.stuck += result.verdict == Verdict::stuck;
  totals.unsafe += result.verdict == Verdict::unsafe;
  totals.view_changes += result.view_changes;
  totals.operations += result.operations;
  totals.events += result.events;
  totals.virtual_seconds += static_cast<double>(result.virtual_time.count()) / 1e6;
}

int run_one(const Options& options, const char* program) {
  current_seed = options.seed;
  pbft::sim::Trace::Sink sink;
  if (options.verbose) sink = [](const std::string& line) { std::puts(line.c_str()); };
  const SwarmResult result = pbft::sim::run_swarm(options.seed, options.focus, sink);
  Totals totals;
  count(result, totals);
  if (exit_code(totals) != 0) {
    report_failure(options, options.seed, result, program);
  } else {
    std::printf("seed %llu: good\n  drawn: %s\n", static_cast<unsigned long long>(options.seed),
                result.plan.c_str());
  }
  std::printf("  %llu events, %llu operations, %llu view changes, %.1f virtual seconds, trace %016llx\n",
              static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.operations),
              static_cast<unsigned long long>(result.view_changes), totals.virtual_seconds,
              static_cast<unsigned long long>(result.trace_hash));
  return exit_code(totals);
}

int run_many(const Options& options, const char* program) {
  Totals totals;
  std::mutex guard;
  std::atomic<std::uint64_t> next{options.base};
  const std::uint64_t end = options.base + options.seeds;
  auto work = [&] {
    for (std::uint64_t seed = next++; seed < end; seed = next++) {
      current_seed = seed;
      SwarmResult result = pbft::sim::run_swarm(seed, options.focus);
      if (options.twice && pbft::sim::run_swarm(seed, options.focus).trace_hash != result.trace_hash) {
        result.verdict = Verdict::unsafe;
        result.what = "two runs of this seed differ";
      }
      const std::lock_guard lock(guard);
      count(result, totals);
      if (result.verdict == Verdict::unsafe || result.verdict == Verdict::stuck) {
        report_failure(options, seed, result, program);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  std::printf("%llu seeds from %llu: %llu good, %llu stuck, %llu unsafe\n",
              static_cast<unsigned long long>(options.seeds), static_cast<unsigned long long>(options.base),
              static_cast<unsigned long long>(totals.good), static_cast<unsigned long long>(totals.stuck),
              static_cast<unsigned long long>(totals.unsafe));
  std::printf("%llu operations, %llu view changes, %llu events, %.0f virtual seconds\n",
              static_cast<unsigned long long>(totals.operations),
              static_cast<unsigned long long>(totals.view_changes),
              static_cast<unsigned long long>(totals.events), totals.virtual_seconds);
  return exit_code(totals);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Whole clusters on virtual time under drawn faults. Exit: 0 good, 1 no progress, 5 not safe."};
  app.add_option("--seeds", options.seeds, "how many seeds to run")->capture_default_str();
  app.add_option("--base", options.base, "the first seed")->capture_default_str();
  auto* seed = app.add_option("--seed", options.seed, "run this one seed");
  app.add_option("--threads", options.threads, "at once (default: one for each processor)");
  app.add_flag("--verbose", options.verbose, "with --seed: print everything that happens");
  app.add_flag("--twice", options.twice, "run each seed twice and compare");
  app.add_flag_callback(
      "--storage", [&] { options.focus = pbft::sim::Focus::storage; }, "disks, restarts and power failures");
  CLI11_PARSE(app, argc, argv);
  options.one = seed->count() > 0;
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());

  pbft::crypto::ensure_sodium();
  std::signal(SIGABRT, on_abort);
  return options.one ? run_one(options, argv[0]) : run_many(options, argv[0]);
}
