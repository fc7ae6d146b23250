// Finds what a state machine depends on besides its state and its arguments, and what its snapshots leave
// out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pbft/export.hpp"
#include "pbft/testing/workload.hpp"

namespace pbft::testing {

struct DeterminismOptions {
  std::uint64_t seed = 1;          ///< Of the workload and of what Agreed holds.
  std::uint32_t operations = 200;  ///< Calls of the workload; at least 1, at most a million.
  std::uint32_t clients = 3;       ///< Who make them; from 1 to 1000.
  std::uint32_t snapshots = 4;     ///< Moments, spread over the run, of which each is restored; at most 100.
  /// Every eighth operation is spoilt - cut off, lengthened, changed in a byte -, as a faulty client may sign
  /// it.
  bool malformed = true;
  /// Runs with another rounding mode too. Off for a service that needs floating-point numbers: all of its
  /// replicas must then run the same program on the same kind of processor.
  bool rounding = true;
};

/// What was different about the run that came out differently.
enum class Cause : std::uint8_t {
  nothing,      ///< It is not repeatable at all: a true random source, a thread, an uninitialised variable.
  clock,        ///< Other times of day, of all clocks of the system.
  random_seed,  ///< Other seeds of rand(), random() and drand48().
  memory,       ///< Other addresses, in another order; other bytes in what is not initialised.
  locale,       ///< Another decimal point and time zone.
  rounding,     ///< Floating-point results are rounded upward.
  snapshots,    ///< save() was called at other moments.
  queries,      ///< query() and valid() were called in between.
  restore,      ///< A new machine, in a new process, loaded a snapshot and went on from there.
  pieces,       ///< The same, the snapshot being read in small pieces.
  reload,       ///< The same, by a machine that had executed everything before.
  failed_load,  ///< A load() of half a snapshot gave an error, and what was there before has changed.
};
using pbft::to_text;
/// "clock"
PBFT_API std::string to_text(Cause cause);

/// Where a run came out differently from the first one, in which nothing was special.
struct Difference {
  /// The first operation with another result.
  struct OfResult {
    std::uint32_t operation;  ///< Counted from 1.
    ClientId client;
    Call call;
    Bytes first, other;  ///< Results: in the first run, and in the one that differs.
  };
  /// The first state that is another one, as save() writes it.
  struct OfState {
    std::uint32_t operation;  ///< After so many operations.
    std::uint64_t chunk;      ///< Index of the first block of the snapshot that differs, as replicas cut it,
    std::uint64_t from, to;   ///< the bytes it covers,
    std::uint64_t at;         ///< and the first byte that differs.
    Bytes first, other;       ///< Up to 16 bytes from there.
    std::uint64_t first_bytes, other_bytes;  ///< Of the whole snapshots.
  };

  Cause cause;
  std::uint32_t restored_after = 0;  ///< Where a snapshot was loaded: that after so many operations.
  std::optional<OfResult> result;
  std::optional<OfState> state;
  std::string failure;      ///< Not empty: a call threw, ended the process or gave an error; which, and how.
  std::string explanation;  ///< What usually does this, and what to do instead.
};

struct DeterminismReport {
  /// Not empty: an argument is wrong, which and why; nothing was run.
  std::string refused;
  std::vector<Difference> differences;  ///< At most one of a cause.
  /// What this platform does not allow to vary, and is therefore not tested.
  std::vector<std::string> not_varied;
  std::uint64_t seed = 0;
  std::uint32_t operations = 0;
  std::uint32_t runs = 0;

  bool passed() const { return refused.empty() && differences.empty(); }
  explicit operator bool() const { return passed(); }
};
/// For a person; several lines.
PBFT_API std::string to_text(const DeterminismReport& report);

/// Executes the same operations, with the same agreed values, again and again, and changes with each run one
/// thing that replicas may not depend on: Cause lists them. Then restores snapshots and goes on from them.
///
/// Every run is a child process (fork): what is static or global is new in each, and a machine that ends its
/// process is part of the report. `make` and `workload` are called in this process too. Call it while no
/// other thread runs. A run that never ends is not interrupted.
///
/// Time: some 12 runs and more if something differs. Memory: some 20 snapshots and all results.
/// Found is what the workload reaches; compilers, processors and libraries are not varied.
PBFT_API DeterminismReport check_determinism(const MachineFactory& make, const Workload& workload,
                                             const DeterminismOptions& options = {});

}  // namespace pbft::testing
