// A simulation's report for a person.
#include "pbft/testing/simulation.hpp"

namespace pbft::testing {

namespace {

std::string counted(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string text_of(const Failure& failure) {
  std::string text = "seed " + std::to_string(failure.seed) + " broke " + to_text(failure.invariant) + ": " +
                     failure.what + "\n  drawn: " + failure.faults + "\n";
  if (failure.repeats) {
    const std::string seed = std::to_string(failure.seed);
    text += "  again: the same arguments with options.seed = " + seed +
            " and options.seeds = 1; options.trace gets every line\n";
  } else {
    text +=
        "  run again it did not do the same: the state machine is not deterministic; check_determinism() "
        "says why\n";
  }
  if (!failure.trace.empty()) {
    text += "  last lines:\n";
    for (const std::string& line : failure.trace) text += "    " + line + "\n";
  }
  return text;
}

}  // namespace

std::string to_text(Invariant invariant) {
  switch (invariant) {
    case Invariant::agreement:
      return "agreement";
    case Invariant::progress:
      return "progress";
    case Invariant::contract:
      return "contract";
    case Invariant::results:
      return "results";
    case Invariant::reads:
      return "reads";
    case Invariant::check:
      return "check";
  }
  return "?";
}

std::string to_text(const SimulationReport& report) {
  if (!report.refused.empty()) return "not run: " + report.refused + "\n";
  return std::string(report.passed() ? "passed: " : "failed: ") + counted(report.seeds, "seed") + " from " +
         std::to_string(report.seed) + "; " + counted(report.operations, "operation") + ", " +
         counted(report.reads, "read") + ", " + counted(report.view_changes, "view change") + ", " +
         counted(report.restarts, "restart") + ", " + counted(report.state_transfers, "state transfer") +
         ", " + std::to_string(report.virtual_time.count() / 1'000'000) + " virtual seconds\n" +
         (report.failure ? text_of(*report.failure) : "");
}

}  // namespace pbft::testing
