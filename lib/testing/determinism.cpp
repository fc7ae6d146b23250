#include "pbft/testing/determinism.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "testing/compare.hpp"
#include "testing/trial.hpp"

namespace pbft::testing {

namespace {

constexpr std::size_t narrowing_bytes = 32 * 1024 * 1024;  // of snapshots in one run that looks closer

using Moments = std::vector<std::uint32_t>;

class Check {
 public:
  Check(const MachineFactory& make, const Workload& workload, const DeterminismOptions& options)
      : options_(options), script_(draw_script(workload, options)), trials_(make, script_) {
    report_.seed = options.seed;
    report_.operations = options.operations;
    report_.not_varied = not_varied();
  }

  DeterminismReport run() {
    const auto end = options_.operations;
    for (std::uint32_t i = 0; i <= options_.snapshots; ++i) {
      moments_.push_back(static_cast<std::uint32_t>(std::uint64_t{end} * i / (options_.snapshots + 1)));
    }
    moments_.push_back(end);
    moments_.erase(std::unique(moments_.begin(), moments_.end()), moments_.end());
    plain_.snapshots = moments_;
    first_ = try_once(plain_);
    if (!first_.failure.empty()) {
      report_.differences.push_back({Cause::nothing,
                                     0,
                                     {},
                                     {},
                                     first_.failure,
                                     "a replica would end here, and every other one with it"});
    } else if (!differs(Cause::nothing, plain_)) {
      vary_environment();
      if (!is_unsteady()) {
        vary_calls();
        vary_restores();
      }
    }
    return std::move(report_);
  }

 private:
  // What depends on one of the first three differs for that reason in all that follows.
  void vary_environment() {
    differs_in(Cause::clock, &Environment::other_time);
    differs_in(Cause::random_seed, &Environment::other_seeds);
    if (differs_in(Cause::memory, &Environment::other_memory)) return;
    differs_in(Cause::locale, &Environment::other_locale);
    if (options_.rounding) differs_in(Cause::rounding, &Environment::other_rounding);
  }

  bool differs_in(Cause cause, bool Environment::* change) {
    Trial trial = plain_;
    trial.environment.*change = true;
    return differs(cause, trial);
  }

  bool is_unsteady() {
    const bool found =
        std::any_of(report_.differences.begin(), report_.differences.end(), [](const Difference& difference) {
          return difference.cause == Cause::clock || difference.cause == Cause::random_seed ||
                 difference.cause == Cause::memory;
        });
    if (found) report_.not_varied.push_back("what comes after it, until the above is mended");
    return found;
  }

  void vary_calls() {
    Trial other = plain_;
    other.snapshots.clear();
    for (std::uint32_t moment : moments_) {
      if (moment + 1 < options_.operations) other.snapshots.push_back(moment + 1);
    }
    other.snapshots.push_back(options_.operations);
    differs(Cause::snapshots, other);

    Trial asking = plain_;
    asking.asks_more = true;
    for (const Outcome::Answer& answer : first_.answers) {
      asking.skip.push_back(answer.kind == Outcome::Answer::Kind::queried);
    }
    differs(Cause::queries, asking);
  }

  void vary_restores() {
    bool restores = true;
    for (std::uint32_t moment : moments_) {
      if (differs(Cause::restore, restored(moment))) {
        restores = false;
        break;
      }
    }
    const std::uint32_t middle = moments_[moments_.size() / 2];
    Trial pieces = restored(middle), used = restored(middle), failing = restored(middle);
    pieces.restore->pieces = true;
    used.restore->used = true;
    failing.restore->failing = true;
    if (restores) {
      differs(Cause::pieces, pieces);
      differs(Cause::reload, used);
    }
    differs(Cause::failed_load, failing);
  }

  Trial restored(std::uint32_t moment) const {
    Trial trial = plain_;
    trial.restore = Trial::Restore{moment, first_.snapshots.at(moment)};
    std::erase_if(trial.snapshots, [moment](std::uint32_t other) { return other < moment; });
    return trial;
  }

  Outcome try_once(const Trial& trial) {
    ++report_.runs;
    return trials_.run(trial);
  }

  bool differs(Cause cause, const Trial& trial) {
    const Outcome other = try_once(trial);
    Difference difference = compare(cause, script_, first_, other);
    if (trial.restore) difference.restored_after = trial.restore->after;
    if (difference.failure.empty() && !difference.result && !difference.state) return false;
    if (difference.state && cause != Cause::snapshots) narrow(difference, trial, other);
    difference.explanation = explain(difference, first_, other);
    report_.differences.push_back(std::move(difference));
    return true;
  }

  // The state was equal at one moment and is another one at a later moment: looks at those between, until the
  // operation is found that makes the difference.
  void narrow(Difference& difference, Trial trial, const Outcome& other) {
    std::uint32_t differing = difference.state->operation, equal = other.first;
    for (const auto& [after, bytes] : other.snapshots) {
      if (after < differing) equal = std::max(equal, after);
    }
    const std::uint64_t bytes = std::max(difference.state->first_bytes, difference.state->other_bytes) + 1;
    const auto room = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, narrowing_bytes / bytes));
    Trial plain = plain_;
    while (differing - equal > 1) {
      const std::uint32_t between = differing - equal - 1, count = std::min(between, room);
      trial.snapshots.clear();
      for (std::uint32_t i = 1; i <= count; ++i) {
        trial.snapshots.push_back(equal +
                                  static_cast<std::uint32_t>(std::uint64_t{between + 1} * i / (count + 1)));
      }
      plain.snapshots = trial.snapshots;
      const Outcome ours = try_once(plain), theirs = try_once(trial);
      const Difference closer = compare(difference.cause, script_, ours, theirs);
      if (closer.state) {
        difference.state = closer.state;
        differing = closer.state->operation;
      } else if (!theirs.failure.empty() || !ours.failure.empty()) {
        return;
      }
      for (std::uint32_t moment : trial.snapshots) {
        if (moment < differing) equal = std::max(equal, moment);
      }
    }
  }

  const DeterminismOptions options_;
  const Script script_;
  Trials trials_;
  Moments moments_;
  Trial plain_;
  Outcome first_;
  DeterminismReport report_;
};

std::string wrong_argument(const MachineFactory& make, const Workload& workload,
                           const DeterminismOptions& options) {
  const auto out_of_range = [](const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    if (value >= low && value <= high) return std::string();
    return std::string("options.") + name + " is " + std::to_string(value) + ": from " + std::to_string(low) +
           " to " + std::to_string(high);
  };
  if (!make) return "the factory is empty: give a function that makes a state machine";
  if (!workload) return "the workload is empty: give a function that makes the next call";
  for (const std::string& fault : {out_of_range("operations", options.operations, 1, 1'000'000),
                                   out_of_range("clients", options.clients, 1, 1000),
                                   out_of_range("snapshots", options.snapshots, 0, 100)}) {
    if (!fault.empty()) return fault;
  }
  if (!make()) return "the factory returned null: it must make a new state machine with each call";
  return {};
}

}  // namespace

DeterminismReport check_determinism(const MachineFactory& make, const Workload& workload,
                                    const DeterminismOptions& options) {
  DeterminismReport refusal;
  refusal.refused = wrong_argument(make, workload, options);
  if (!refusal.refused.empty()) return refusal;
  try {
    return Check(make, workload, options).run();
  } catch (const std::system_error& error) {
    refusal.refused = std::string("no child process to run it in: ") + error.what();
    return refusal;
  }
}

}  // namespace pbft::testing
