#include "swarm/options.hpp"

#include <charconv>

namespace swarm {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;
using pbft::sim::Sizes;

namespace {

constexpr Sizes all_sizes{};

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

// "7", "4..13"
std::optional<Sizes> sizes_from(const std::string& text) {
  const std::size_t dots = text.find("..");
  const auto least = number(std::string_view(text).substr(0, dots));
  const auto most = dots == std::string::npos ? least : number(std::string_view(text).substr(dots + 2));
  if (!least || !most || *least < all_sizes.least || *most > all_sizes.most || *least > *most) {
    return std::nullopt;
  }
  return Sizes{*least, *most};
}

}  // namespace

void add_options(CLI::App& cli, Options& options) {
  auto* seed = cli.add_option("--seed", options.seed, "run this one seed")->type_name("SEED");
  cli.add_option("--seeds", options.seeds, "how many seeds to run")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->excludes(seed);
  cli.add_option("--from", options.from, "the first of them")
      ->type_name("SEED")
      ->capture_default_str()
      ->excludes(seed);
  cli.add_option("--n", options.sizes, "how many replicas, N or N..M within 4..13 (default: drawn)")
      ->type_name("N");
  cli.add_option("--byzantine", options.byzantine,
                 "how many of them are Byzantine (default: drawn, with crashed ones at most f)")
      ->type_name("K");
  cli.add_option("--jobs", options.jobs, "how many seeds at once (default: one for each processor)")
      ->type_name("N");
  cli.add_flag("--keep-going", options.keep_going, "run all seeds, also after one that fails")
      ->excludes(seed);
  cli.add_flag("--twice", options.twice, "run each seed twice; two runs that differ are a failure");
  auto* json = cli.add_flag("--json", options.json, "report as JSON");
  cli.add_flag("--trace", options.trace, "print everything that happens, a line each")
      ->needs(seed)
      ->excludes(json);
  cli.add_flag("--speed", options.speed,
               "instead measure how many runs of 100 operations, without faults, one processor does in a "
               "second")
      ->excludes(seed);
}

Result<pbft::sim::SwarmOptions> swarm_options(const Options& options) {
  pbft::sim::SwarmOptions result;
  if (!options.sizes.empty()) {
    result.sizes = sizes_from(options.sizes);
    if (!result.sizes) {
      return Error{ErrorCode::invalid_argument, "--n " + options.sizes + ": must be N or N..M, within 4..13"};
    }
  }
  result.byzantine = options.byzantine;
  const std::uint32_t most = result.sizes.value_or(all_sizes).most;
  if (options.byzantine && *options.byzantine > (most - 1) / 3) {
    return Error{ErrorCode::invalid_argument, "--byzantine " + std::to_string(*options.byzantine) +
                                                  ": of n = " + std::to_string(most) + " replicas at most " +
                                                  std::to_string((most - 1) / 3) + " may be faulty"};
  }
  return result;
}

std::string replay_command(const Options& options, std::uint64_t seed) {
  std::string command = "pbft sim --seed " + std::to_string(seed);
  if (!options.sizes.empty()) command += " --n " + options.sizes;
  if (options.byzantine) command += " --byzantine " + std::to_string(*options.byzantine);
  return command + " --trace";
}

}  // namespace swarm
