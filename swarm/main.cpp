// pbft-sim: whole clusters on virtual time, each under faults drawn from its seed.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "config/program.hpp"
#include "crypto/sodium.hpp"
#include "swarm/options.hpp"
#include "swarm/report.hpp"
#include "swarm/speed.hpp"
#include "swarm/workers.hpp"

namespace {

using pbft::sim::SwarmOptions;
using pbft::sim::SwarmResult;
using swarm::Options;

SwarmResult run(const Options& options, SwarmOptions what, std::uint64_t seed) {
  what.seed = seed;
  pbft::sim::Trace::Sink print;
  if (options.trace) print = [](const std::string& line) { std::puts(line.c_str()); };
  SwarmResult result = pbft::sim::run_swarm(what, print);
  if (options.twice && pbft::sim::run_swarm(what).trace_hash != result.trace_hash) {
    result.verdict = SwarmResult::Verdict::unsafe;
    result.what = "determinism: two runs of this seed differ";
  }
  return result;
}

int run_one(const Options& options, const SwarmOptions& what) {
  return print_one(options, {*options.seed, run(options, what, *options.seed)});
}

int run_many(const Options& options, const SwarmOptions& what) {
  swarm::Report report(options);
  const auto processors = static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  swarm::Work work;
  work.from = options.from;
  work.count = options.seeds;
  work.jobs = options.jobs > 0 ? options.jobs : processors;
  work.keep_going = options.keep_going;
  work.run = [&](std::uint64_t seed) { return run(options, what, seed); };
  work.finished = [&](const swarm::Finished& finished) { report.add(finished); };
  work.tick = [&] { report.tell_progress(); };
  swarm::run_seeds(work);
  report.print();
  return report.exit_code();
}

// Each cluster takes and leaves the same memory: the system need not have it back in between.
void keep_memory() {
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
}

std::function<int()> set_up(CLI::App& cli) {
  auto options = std::make_shared<Options>();
  swarm::add_options(cli, *options);
  cli.footer(
      "Each seed draws its own mix: size and limits of the cluster, lost, doubled and late messages, "
      "partitions,\n"
      "pauses, crashes, power failures, disks, skewed clocks, up to f Byzantine replicas, faulty clients. "
      "Then all\n"
      "but the faulty is healed, and every operation has to complete. The same seed gives the same run.\n\n"
      "Examples:\n"
      "  pbft sim --seeds 10000\n"
      "  pbft sim --seeds 1000 --n 7 --byzantine 2\n"
      "  pbft sim --seed 42 --trace       everything that happens in one run\n\n"
      "Exit codes: 0 all seeds good, 1 failure, 2 wrong command line, 5 an invariant is violated.");
  return [options] {
    const auto what = swarm::swarm_options(*options);
    if (!what) return static_cast<int>(app::complain("pbft sim", what.error()));
    pbft::crypto::ensure_sodium();
    keep_memory();
    if (options->speed) return swarm::measure_speed(options->json);
    return options->seed ? run_one(*options, *what) : run_many(*options, *what);
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program(
      "pbft sim",
      "Runs whole clusters on virtual time, each under faults drawn from its seed, and checks "
      "every promise.",
      argc, argv, set_up);
}
