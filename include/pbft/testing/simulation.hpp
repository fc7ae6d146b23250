// Runs a service on simulated clusters: the real protocol, with faults that are drawn from a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pbft/export.hpp"
#include "pbft/limits.hpp"
#include "pbft/testing/workload.hpp"

namespace pbft::testing {

/// Which faults a seed may draw. At most f replicas at a time are faulty or without their data.
struct Faults {
  bool network = true;          ///< Messages are lost, doubled, late, and overtake each other.
  bool partitions = true;       ///< Groups are cut off, links work one way only, processes stop for a while.
  bool restarts = true;         ///< Replicas are killed, lose power or all their data, and start again.
  bool faulty_replicas = true;  ///< Up to f lie, contradict themselves, withhold, flood, or end for good.
  bool faulty_clients = true;  ///< One signs conflicting, countless or senseless requests. Its operations are
                               ///< not the workload's, and reach execute() and valid() too.
  bool slowness = true;        ///< Slow execution, slow disks, clocks that are wrong.

  static constexpr Faults none() { return {false, false, false, false, false, false}; }
};

/// What all correct replicas executed for one operation.
struct Executed {
  Agreed agreed;
  ClientId client;
  RequestNumber number;
  Bytes body;
  bool is_query = false;  ///< A read that was ordered: query() may have answered it.
  Bytes result;
};
/// One seed's agreed order.
struct Run {
  std::uint64_t seed = 0;
  std::vector<Executed> operations;
};

struct SimulationOptions {
  std::uint64_t seed = 1;     ///< The first seed,
  std::uint64_t seeds = 100;  ///< and how many from there; at least 1.
  // 0: drawn for each seed.
  std::uint32_t replicas = 0;             ///< n, from 4 to 64; f = (n - 1) / 3. Drawn: 4 to 13.
  std::uint32_t clients = 0;              ///< At most 100. Drawn: 1 to 4.
  std::uint32_t operations = 0;           ///< Calls of the workload, at most 100,000. Drawn: 20 to 60.
  std::uint64_t checkpoint_interval = 0;  ///< Batches between snapshots, at most 1000. Drawn: 2 to 16.
  Faults faults = {};
  /// Seeds that run at the same time, at most 256. With more than 1 the factory, the workload's copies,
  /// `model` and `check` are called from several threads at once.
  unsigned threads = 1;
  /// Its results for the agreed order are the right ones. Empty: those of the service itself, run alone.
  MachineFactory model = nullptr;
  /// Looks at each seed's agreed order; returns what is wrong with it, or nothing. May be empty.
  std::function<std::string(const Run&)> check = nullptr;
  /// Gets what happens, line by line: of use with one seed and one thread. May be empty.
  std::function<void(const std::string& line)> trace = nullptr;
};

/// What a failing seed broke.
enum class Invariant : std::uint8_t {
  agreement,  ///< Correct replicas executed the same order with the same results, and hold the same state;
              ///< every operation took effect once, after all that was answered before it was sent.
  progress,   ///< With at most f faulty replicas, and the network healed, every operation completes.
  contract,   ///< The state machine throws nothing, and load() takes what save() wrote and holds it.
  results,    ///< Results, and the state at the end, are those of the model for the agreed order.
  reads,      ///< A read shows a state that was the newest at some moment while it was under way.
  check,      ///< SimulationOptions::check.
};
using pbft::to_text;
/// "agreement"
PBFT_API std::string to_text(Invariant invariant);

struct Failure {
  std::uint64_t seed = 0;
  Invariant invariant = Invariant::agreement;
  std::string what;
  std::string faults;              ///< What was drawn for this seed.
  std::vector<std::string> trace;  ///< The last lines before it happened, at most 40; "r0" is a replica, "c1"
                                   ///< a client, "s7" the batch with sequence number 7.
  /// The seed ran a second time, for the trace, and the same happened. If not, the state machine is not
  /// deterministic: check_determinism() says why.
  bool repeats = false;
};

struct SimulationReport {
  std::string refused;                ///< Not empty: an argument is wrong, which and why; nothing was run.
  std::optional<Failure> failure;     ///< Of the lowest seed that failed; later ones may not have run.
  std::uint64_t seed = 0, seeds = 0;  ///< The first, and how many ran.
  std::uint64_t operations = 0;       ///< Executed; each replica executes each.
  std::uint64_t reads = 0;            ///< Answered.
  std::uint64_t view_changes = 0;     ///< Started, each replica counted for itself.
  std::uint64_t restarts = 0;         ///< Of replicas.
  std::uint64_t state_transfers = 0;  ///< States that replicas took from others.
  Duration virtual_time{};            ///< Of all seeds together.

  bool passed() const { return refused.empty() && !failure; }
  explicit operator bool() const { return passed(); }
};
/// For a person; with a failure the seed, and how to run it again.
PBFT_API std::string to_text(const SimulationReport& report);

/// Runs seeds, one cluster each, until one fails: draws sizes, limits and faults, has clients make the
/// workload's calls while the faults last and after, heals the network, and checks every Invariant. Same
/// arguments, same runs, on every machine, as far as the state machine is deterministic.
///
/// All replicas of a run are in this process and in one thread; signatures are ideal ones, which nobody can
/// forge. A run takes milliseconds, and what the state machine takes: each operation is executed by every
/// replica, again after restarts, and once more alone.
PBFT_API SimulationReport simulate(const MachineFactory& make, const Workload& workload,
                                   const SimulationOptions& options = {});

}  // namespace pbft::testing
