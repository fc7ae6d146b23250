#include "explore/explorer.hpp"

#include <algorithm>
#include <ctime>
#include <memory>
#include <unordered_set>
#include <utility>

#include "explore/state.hpp"
#include "sim/violation.hpp"

namespace pbft::explore {

namespace {

std::chrono::milliseconds processor_time() {
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC));
}

std::vector<std::size_t>& path_now() {
  static std::vector<std::size_t> path;
  return path;
}

class Search {
 public:
  Search(const Scope& scope, const Limits& limits, std::function<void(const Report&)> on_progress)
      : limits_(limits), on_progress_(std::move(on_progress)), cast_(std::make_unique<Cast>(scope)) {}

  Report run() {
    path_now().clear();
    try {
      if (enter(State(*cast_))) walk();
    } catch (const sim::Violation& violation) {
      report_.violation = violation.what();
      report_.complete = false;
      report_.path = path_now();
    }
    report_.complete = report_.complete && !deep_;
    report_.time = elapsed();
    return std::move(report_);
  }

 private:
  struct Frame {
    State state;
    std::vector<Action> actions;
    std::size_t next = 0;
  };

  std::chrono::milliseconds elapsed() const { return processor_time() - began_; }

  void walk() {
    std::vector<std::size_t>& path = path_now();
    report_.complete = true;
    while (!frames_.empty()) {
      Frame& top = frames_.back();
      if (top.next == top.actions.size()) {
        frames_.pop_back();
        if (!path.empty()) path.pop_back();
        continue;
      }
      if (is_out_of_bounds()) {
        report_.complete = false;
        return;
      }
      path.push_back(top.next++);
      ++report_.actions;
      const Action action = top.actions[path.back()];
      if (!enter(top.state.after(action))) path.pop_back();
    }
  }

  bool is_out_of_bounds() {
    if (report_.states >= limits_.states) return true;
    if (report_.actions % 256 != 0) return false;
    const auto now = elapsed();
    if (on_progress_ && now - told_ >= std::chrono::seconds(1)) {
      told_ = now;
      report_.time = now;
      report_.path = path_now();
      on_progress_(report_);
      report_.path.clear();
    }
    return now >= limits_.time;
  }

  /// False: there is nothing new to see.
  bool enter(State state) {
    if (!seen_.insert(state.fingerprint(limits_.exact)).second) {
      ++report_.pruned;
      return false;
    }
    ++report_.states;
    note_outcome(state);
    report_.depth = std::max(report_.depth, path_now().size());
    if (!state.is_busy() && report_.quiet++ % std::max<std::uint64_t>(limits_.heal_every, 1) == 0 &&
        limits_.heal_every > 0) {
      state.heal();
      ++report_.healed;
    }
    if (path_now().size() >= limits_.depth) {
      deep_ = true;
      return false;
    }
    std::vector<Action> actions = state.enabled();
    frames_.push_back({std::move(state), std::move(actions), 0});
    return true;
  }

  void note_outcome(const State& state) {
    const std::uint64_t outcome = state.fingerprint(false);
    if (limits_.exact && !outcomes_.insert(outcome).second) return;
    ++report_.outcomes;
    report_.outcomes_hash += outcome;
  }

  Limits limits_;
  std::function<void(const Report&)> on_progress_;
  std::unique_ptr<Cast> cast_;
  std::chrono::milliseconds began_ = processor_time();
  std::chrono::milliseconds told_{};
  std::vector<Frame> frames_;
  std::unordered_set<std::uint64_t> seen_, outcomes_;
  bool deep_ = false;
  Report report_;
};

}  // namespace

const std::vector<std::size_t>& current_path() { return path_now(); }

Report search(const Scope& scope, const Limits& limits,
              const std::function<void(const Report&)>& on_progress) {
  Report report = Search(scope, limits, on_progress).run();
  if (!report.path.empty() && !report.violation.empty()) report.story = replay(scope, report.path).story;
  return report;
}

Report replay(const Scope& scope, const std::vector<std::size_t>& path) {
  Report report;
  report.path = path;
  try {
    const Cast cast(scope);
    State state(cast);
    for (std::size_t choice : path) {
      const std::vector<Action> actions = state.enabled();
      if (choice >= actions.size()) {
        report.violation = "there is no such path";
        return report;
      }
      report.story.push_back(state.describe(actions[choice]));
      state = state.after(actions[choice]);
      ++report.actions;
    }
    if (!state.is_busy()) state.heal();
    report.complete = true;
  } catch (const sim::Violation& violation) {
    report.violation = violation.what();
  }
  return report;
}

}  // namespace pbft::explore
