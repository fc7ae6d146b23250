#include "bench/options.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "adversary/behaviour.hpp"
#include "adversary/client_behaviour.hpp"
#include "adversary/spec.hpp"
#include "bench/run/duration_text.hpp"

namespace bench {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

constexpr std::string_view build_type = PBFT_BENCH_BUILD_TYPE;

void add_duration(CLI::App& cli, const char* name, std::chrono::milliseconds& member,
                  const char* description) {
  cli.add_option_function<std::string>(
         name,
         [name, &member](const std::string& text) {
           const auto duration = duration_from_text(text);
           if (!duration) throw CLI::ValidationError(name, "\"" + text + "\" is not like 20s, 500ms or 2m");
           member = *duration;
         },
         description)
      ->type_name("TIME")
      ->default_str(to_text(member));
}

/// Whether every behaviour that is joined in a fault's `what` has a name that the faulty process knows.
Result<void> check_behaviour(const Fault& fault) {
  if (is_signal_fault(fault.what) || is_remedy(fault.what)) return {};
  const auto terms = pbft::adversary::parse(fault.what);
  if (!terms) return terms.error();
  const bool is_client = fault.target.kind == Target::Kind::client;
  const auto kinds = is_client ? pbft::adversary::client_behaviours() : pbft::adversary::behaviours();
  std::string known = is_client ? "" : "crash, pause, restart, resume";
  for (const auto& kind : kinds) known += (known.empty() ? "" : ", ") + std::string(kind.usage);
  for (const auto& term : *terms) {
    const bool is_known = std::any_of(kinds.begin(), kinds.end(), [&](const auto& kind) {
      const std::string_view usage = kind.usage;
      return usage.substr(0, usage.find_first_of("[(")) == term.name;
    });
    if (is_known) continue;
    return Error{ErrorCode::invalid_argument, "fault \"" + to_text(fault) + "\": there is no \"" + term.name +
                                                  "\" for a " + (is_client ? "client" : "replica") +
                                                  "; there are " + known};
  }
  return {};
}

Result<Fault> fault_from(std::string_view text) {
  auto fault = parse_fault(text);
  if (!fault) return fault;
  if (auto known = check_behaviour(*fault); !known) return known.error();
  return fault;
}

Result<void> add_scenario(const std::string& path, std::vector<Fault>& faults) {
  constexpr std::string_view blanks = " \t\r";
  std::ifstream file(path);
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    line.resize(std::min(line.size(), line.find('#')));
    line.resize(line.find_last_not_of(blanks) + 1);
    if (line.empty()) continue;
    auto fault = fault_from(std::string_view(line).substr(line.find_first_not_of(blanks)));
    if (!fault) {
      return Error{fault.error().code, path + ":" + std::to_string(number) + ": " + fault.error().message};
    }
    faults.push_back(*std::move(fault));
  }
  if (file.bad()) return Error{ErrorCode::io, path + ": cannot be read"};
  return {};
}

}  // namespace

bool has_faults(const Options& options) { return !options.faults.empty() || !options.scenario.empty(); }

void add_options(CLI::App& cli, Options& options) {
  Workload& workload = options.workload;
  auto* n =
      cli.add_option("--n", workload.replicas, "replicas")->check(CLI::Range(4, 64))->capture_default_str();
  cli.add_option("--f", options.faulty, "replicas that may be faulty: n = 3f+1")
      ->check(CLI::Range(1, 21))
      ->excludes(n);
  cli.add_option("--clients", workload.clients, "clients, each with a key of its own")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  cli.add_option("--outstanding", workload.outstanding, "operations that each has under way at once, at most")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  cli.add_option(
         "--rate", workload.rate,
         "open loop: so many operations per second of all clients, latency counted from when each was due "
         "(default: closed loop, the next operation follows an answer)")
      ->check(CLI::PositiveNumber);
  cli.add_option("--request-bytes", workload.request_bytes,
                 "length of an operation; at least 9, for its number")
      ->check(CLI::Range(0, 256 * 1024))
      ->capture_default_str();
  cli.add_option("--reply-bytes", workload.reply_bytes,
                 "length of a result; at least 8, for its place in the order")
      ->check(CLI::Range(0, 256 * 1024))
      ->capture_default_str();
  cli.add_option("--reads", workload.reads_percent, "percent of the operations that only read")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  cli.add_option("--auth", workload.auth, "how requests are authenticated")
      ->check(CLI::IsMember({"signature", "mac"}))
      ->capture_default_str();
  cli.add_option("--durability", workload.durability, "where replicas keep what they must not forget")
      ->check(CLI::IsMember({"durable", "in-memory"}))
      ->capture_default_str();
  add_duration(cli, "--duration", workload.duration, "of the measurement");
  add_duration(cli, "--warmup", workload.warmup, "load before the measurement, not counted");
  cli.add_option("--seed", workload.seed, "of what is drawn")->capture_default_str();
  cli.add_option("--load-processes", workload.load_processes, "processes that play the clients (default: 2)");
  cli.add_option("--cluster", workload.cluster,
                 "join the running cluster of bench-replica in DIR, as `pbft cluster init` made it")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  cli.add_option("--folder", workload.folder,
                 "keep the replicas' data under DIR while they run (default: /tmp)")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  cli.add_option("--fault", options.faults,
                 "AT:WHAT[:WHO] or AT-UNTIL:WHAT[:WHO], again and again: 20s:crash:primary, 35s:restart:r0, "
                 "5s-9s:slow(10ms):r2")
      ->type_name("FAULT")
      ->take_all();
  cli.add_option("--scenario", options.scenario,
                 "a file with such faults, one in a line; what follows a # is for people")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  cli.add_option("--only", options.only, "of the list of faults, those whose name contains TEXT")
      ->type_name("TEXT");
  cli.add_flag("--allow-unsafe", options.allow_unsafe, "more faulty replicas than the cluster tolerates");
  cli.add_flag("--allow-debug", options.allow_debug, "measure a build that is not Release");
  cli.add_option("--repeat", options.repeat, "measure N times, and print minimum, median and maximum")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  cli.add_option("--json", options.json, "write everything to FILE as JSON")->type_name("FILE");
  cli.add_option("--html", options.html, "write FILE: one page with plots, which needs no network")
      ->type_name("FILE");
  cli.add_option("--compare", options.compare,
                 "exit with 4 if this is slower than what stands in FILE (--json)")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  cli.add_option("--threshold", options.threshold_percent, "how many percent slower is too slow")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
}

Result<void> check(const Options& options) {
  if (build_type != "Release" && !options.allow_debug) {
    return Error{ErrorCode::invalid_argument,
                 "this build is " + std::string(build_type) +
                     ", whose figures mean nothing; build Release, or say --allow-debug"};
  }
  if (!options.workload.cluster.empty() && has_faults(options)) {
    return Error{ErrorCode::invalid_argument,
                 "--cluster joins processes that are not ours to harm: no --fault, no --scenario"};
  }
  return {};
}

Result<RunPlan> plan_of(const Options& options) {
  RunPlan plan;
  plan.name = "run";
  plan.workload = options.workload;
  if (options.faulty != 0) plan.workload.replicas = 3 * options.faulty + 1;
  std::vector<Fault> faults;
  for (const auto& text : options.faults) {
    auto fault = fault_from(text);
    if (!fault) return fault.error();
    faults.push_back(*std::move(fault));
  }
  if (!options.scenario.empty()) {
    if (auto added = add_scenario(options.scenario, faults); !added) return added.error();
  }
  auto timeline =
      make_timeline(std::move(faults), plan.workload.replicas, plan.workload.duration, options.allow_unsafe);
  if (!timeline) return timeline.error();
  plan.timeline = *std::move(timeline);
  return plan;
}

}  // namespace bench
