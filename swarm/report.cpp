#include "swarm/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace swarm {

namespace {

using pbft::sim::SwarmResult;
using Verdict = SwarmResult::Verdict;
using Json = nlohmann::ordered_json;

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::unsafe:
      return "safety";
    case Verdict::stuck:
      return "liveness";
    case Verdict::aborted:
      return "aborted";
  }
  return "";
}

double virtual_seconds(const SwarmResult& result) {
  return static_cast<double>(result.virtual_time.count()) / 1e6;
}

Json failure_json(const Options& options, const Finished& failure) {
  return {{"seed", failure.seed},
          {"violated", name_of(failure.result.verdict)},
          {"what", failure.result.what},
          {"drawn", failure.result.plan},
          {"replay", replay_command(options, failure.seed)}};
}

void print_failure(const Options& options, const Finished& failure) {
  const SwarmResult& result = failure.result;
  std::printf("seed %llu: %s%s\n", static_cast<unsigned long long>(failure.seed),
              result.verdict == Verdict::aborted ? "aborted: " : "", result.what.c_str());
  if (!result.plan.empty()) std::printf("  drawn: %s\n", result.plan.c_str());
  std::printf("  replay: %s\n", replay_command(options, failure.seed).c_str());
  std::fflush(stdout);
}

}  // namespace

void Report::add(const Finished& finished) {
  const SwarmResult& result = finished.result;
  ++ran_;
  operations_ += result.operations;
  view_changes_ += result.view_changes;
  events_ += result.events;
  virtual_seconds_ += virtual_seconds(result);
  if (result.verdict == Verdict::good) return;
  failures_.push_back(finished);
  if (!options_.json) print_failure(options_, finished);
}

void Report::tell_progress() {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  if (Clock::now() - told_ < (terminal ? std::chrono::seconds(1) : std::chrono::seconds(60))) return;
  told_ = Clock::now();
  std::fprintf(stderr,
               terminal ? "\r%llu of %llu seeds, %.0f a second " : "%llu of %llu seeds, %.0f a second\n",
               static_cast<unsigned long long>(ran_), static_cast<unsigned long long>(options_.seeds),
               static_cast<double>(ran_) / seconds());
}

void Report::print() const {
  if (isatty(STDERR_FILENO) == 1 && told_ != began_) std::fprintf(stderr, "\r%40s\r", "");
  options_.json ? print_json() : print_text();
}

void Report::print_json() const {
  std::vector<Finished> failures = failures_;
  std::sort(failures.begin(), failures.end(),
            [](const Finished& a, const Finished& b) { return a.seed < b.seed; });
  Json list = Json::array();
  for (const Finished& failure : failures) list.push_back(failure_json(options_, failure));
  const Json report{{"ok", failures.empty()},
                    {"from", options_.from},
                    {"seeds", options_.seeds},
                    {"ran", ran_},
                    {"seconds", seconds()},
                    {"operations", operations_},
                    {"view_changes", view_changes_},
                    {"events", events_},
                    {"virtual_seconds", virtual_seconds_},
                    {"failures", list}};
  std::printf("%s\n", report.dump(2).c_str());
}

void Report::print_text() const {
  const std::string failed = failures_.empty() ? "all good" : std::to_string(failures_.size()) + " failed";
  std::printf("%llu of %llu seeds from %llu: %s; %.1f s, %.1f seeds a second\n",
              static_cast<unsigned long long>(ran_), static_cast<unsigned long long>(options_.seeds),
              static_cast<unsigned long long>(options_.from), failed.c_str(), seconds(),
              static_cast<double>(ran_) / seconds());
  std::printf("%llu operations, %llu view changes, %llu events, %.0f s of virtual time\n",
              static_cast<unsigned long long>(operations_), static_cast<unsigned long long>(view_changes_),
              static_cast<unsigned long long>(events_), virtual_seconds_);
}

int print_one(const Options& options, const Finished& finished) {
  const SwarmResult& result = finished.result;
  const bool good = result.verdict == Verdict::good;
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(result.trace_hash));
  if (options.json) {
    Json report{{"ok", good}, {"seed", finished.seed}};
    if (good) {
      report["drawn"] = result.plan;
    } else {
      report.update(failure_json(options, finished));
    }
    report["operations"] = result.operations;
    report["view_changes"] = result.view_changes;
    report["events"] = result.events;
    report["virtual_seconds"] = virtual_seconds(result);
    report["trace_hash"] = hash;
    std::printf("%s\n", report.dump(2).c_str());
    return good ? 0 : exit_violated;
  }
  if (good) {
    std::printf("seed %llu: good\n  drawn: %s\n", static_cast<unsigned long long>(finished.seed),
                result.plan.c_str());
  } else {
    print_failure(options, finished);
  }
  std::printf("  %llu operations, %llu view changes, %llu events, %.1f s of virtual time, trace %s\n",
              static_cast<unsigned long long>(result.operations),
              static_cast<unsigned long long>(result.view_changes),
              static_cast<unsigned long long>(result.events), virtual_seconds(result), hash);
  return good ? 0 : exit_violated;
}

}  // namespace swarm
