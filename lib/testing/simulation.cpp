#include "pbft/testing/simulation.hpp"

#include <atomic>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "crypto/sodium.hpp"
#include "testing/seed_run.hpp"
#include "testing/snapshot.hpp"
#include "testing/thrown.hpp"

namespace pbft::testing {

namespace {

constexpr std::size_t trace_lines = 40;

class Simulation {
 public:
  Simulation(const MachineFactory& make, const Workload& workload, const SimulationOptions& options)
      : make_(make), workload_(workload), options_(options), next_(options.seed) {}

  SimulationReport run() {
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < options_.threads; ++i) threads.emplace_back([this] { try_to_work(); });
    try_to_work();
    for (std::thread& thread : threads) thread.join();
    if (thrown_) std::rethrow_exception(thrown_);
    report_.seed = options_.seed;
    if (report_.failure) look_closer();
    return std::move(report_);
  }

 private:
  // What the user's own functions throw reaches the user.
  void try_to_work() {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      thrown_ = std::current_exception();
      lowest_failure_ = 0;
    }
  }

  // A seed below the lowest that failed was handed out before it, and is run to its end.
  void work() {
    for (;;) {
      const std::uint64_t seed = next_++;
      if (seed - options_.seed >= options_.seeds || seed > lowest_failure_) return;
      SeedResult result = run_seed(make_, workload_, options_, seed, options_.trace);
      const std::lock_guard lock(mutex_);
      ++report_.seeds;
      report_.operations += result.operations;
      report_.reads += result.reads;
      report_.view_changes += result.view_changes;
      report_.restarts += result.restarts;
      report_.state_transfers += result.state_transfers;
      report_.virtual_time += result.virtual_time;
      if (!result.failure || seed > lowest_failure_) continue;
      lowest_failure_ = seed;
      report_.failure = std::move(result.failure);
    }
  }

  void look_closer() {
    Failure& failure = *report_.failure;
    std::deque<std::string> lines;
    const SeedResult again = run_seed(make_, workload_, options_, failure.seed, [&](const std::string& line) {
      lines.push_back(line);
      if (lines.size() > trace_lines) lines.pop_front();
    });
    failure.trace.assign(lines.begin(), lines.end());
    failure.repeats = again.failure && again.failure->what == failure.what;
  }

  const MachineFactory& make_;
  const Workload& workload_;
  const SimulationOptions& options_;
  std::atomic<std::uint64_t> next_;
  std::atomic<std::uint64_t> lowest_failure_{~std::uint64_t{0}};
  std::mutex mutex_;
  SimulationReport report_;
  std::exception_ptr thrown_;
};

std::string wrong_machines(const MachineFactory& make, const char* what) {
  try {
    const std::unique_ptr<StateMachine> one = make(), other = make();
    if (!one || !other)
      return std::string(what) + " returned null: it must make a new state machine with each call";
    if (saved(*one) != saved(*other)) {
      return std::string(what) +
             " makes state machines whose snapshots differ from the first: all replicas must "
             "begin alike";
    }
  } catch (...) {
    return std::string(what) + ", or save() of a new state machine, threw " + describe_thrown();
  }
  return {};
}

std::string wrong_argument(const MachineFactory& make, const Workload& workload,
                           const SimulationOptions& options) {
  const auto out_of_range = [](const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high,
                               const char* why = "") {
    if (value >= low && value <= high) return std::string();
    return std::string("options.") + name + " is " + std::to_string(value) + ": from " + std::to_string(low) +
           " to " + std::to_string(high) + why;
  };
  if (!make) return "the factory is empty: give a function that makes a state machine";
  if (!workload) return "the workload is empty: give a function that makes the next call";
  std::vector<std::string> faults{
      out_of_range("seeds", options.seeds, 1, ~std::uint64_t{0}),
      options.replicas == 0
          ? ""
          : out_of_range("replicas", options.replicas, 4, 64, ", as n >= 3f+1 with f >= 1; 0: drawn"),
      out_of_range("clients", options.clients, 0, 100),
      out_of_range("operations", options.operations, 0, 100'000),
      out_of_range("checkpoint_interval", options.checkpoint_interval, 0, 1000),
      out_of_range("threads", options.threads, 1, 256)};
  for (const std::string& fault : faults) {
    if (!fault.empty()) return fault;
  }
  if (std::string fault = wrong_machines(make, "the factory"); !fault.empty()) return fault;
  if (options.model && !options.model()) return "options.model returned null";
  return {};
}

}  // namespace

SimulationReport simulate(const MachineFactory& make, const Workload& workload,
                          const SimulationOptions& options) {
  SimulationReport refusal;
  refusal.refused = wrong_argument(make, workload, options);
  if (!refusal.refused.empty()) return refusal;
  crypto::ensure_sodium();
  return Simulation(make, workload, options).run();
}

}  // namespace pbft::testing
