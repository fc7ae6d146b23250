// pbft-bench: measures a cluster under load and faults, and checks that it stays right.
#include <algorithm>
#include <map>
#include <memory>

#include "bench/commands.hpp"
#include "bench/outcome.hpp"
#include "bench/run/descriptors.hpp"
#include "bench/run/interrupt.hpp"
#include "config/program.hpp"

namespace {

std::string typed(int argc, char** argv) {
  std::string text = "pbft-bench";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_plain = argument.find_first_of(" ()'\"") == std::string::npos;
    text += is_plain ? " " + argument : " '" + argument + "'";
  }
  return text;
}

std::string command_line;  // for the report: set by main(), before set_up() reads it

std::function<int()> set_up(CLI::App& cli) {
  auto options = std::make_shared<bench::Options>();
  options->command = command_line;
  bench::add_options(cli, *options);
  cli.fallthrough();
  cli.require_subcommand(0, 1);
  const std::map<CLI::App*, int (*)(const bench::Options&)> commands{
      {cli.add_subcommand("run", "one workload, with faults or without (the default)"), bench::run_once},
      {cli.add_subcommand("sweep", "1, 16, 64, 256, 1024 operations outstanding: latency against throughput"),
       bench::run_sweep},
      {cli.add_subcommand("faults", "every fault of a list, each for --duration beside as long without"),
       bench::run_faults},
      {cli.add_subcommand("quick", "the same in a few minutes, into bench-report.html"), bench::run_quickly},
  };
  cli.footer(
      "Examples:\n"
      "  pbft-bench --clients 4 --outstanding 400 --duration 20s\n"
      "  pbft-bench --clients 128 --outstanding 1 --durability durable --repeat 5\n"
      "  pbft-bench --rate 5000 --duration 60s --fault 20s:crash:primary --fault 35s:restart\n"
      "  pbft-bench faults --only slow --duration 20s\n"
      "  pbft-bench faults --duration 60s --json faults.json --html faults.html\n\n"
      "Exit codes: 0 ok, 1 failure, 2 wrong command line, 3 the cluster does not answer, 4 slower than "
      "--compare\n"
      "allows, 5 safety violated.");
  return [options, commands]() -> int {
    if (const auto fits = bench::check(*options); !fits) return bench::give_up(fits.error());
    bench::heed_interrupts();
    bench::raise_descriptor_limit();
    const auto chosen = std::find_if(commands.begin(), commands.end(),
                                     [](const auto& entry) { return entry.first->parsed(); });
    const auto run = chosen == commands.end() ? bench::run_once : chosen->second;
    if (run != bench::run_once && (options->repeat > 1 || bench::has_faults(*options))) {
      return bench::give_up(
          {pbft::ErrorCode::invalid_argument, "--repeat, --fault and --scenario go with run only: " +
                                                  chosen->first->get_name() + " has a list of its own"});
    }
    if (!options->only.empty() && run != bench::run_faults) {
      return bench::give_up({pbft::ErrorCode::invalid_argument, "--only goes with faults only"});
    }
    return run(*options);
  };
}

}  // namespace

int main(int argc, char** argv) {
  command_line = typed(argc, argv);
  return app::run_program(
      "pbft-bench",
      "Measures a cluster of real processes under load and faults, and checks that it stays right.", argc,
      argv, set_up);
}
