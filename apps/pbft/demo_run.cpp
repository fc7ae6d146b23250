#include "demo_run.hpp"

#include <signal.h>

#include <algorithm>
#include <future>

#include "counter/counter.hpp"

namespace app {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds agreement_limit{20};

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

std::string names_of(const std::vector<StatusReport>& reports) {
  std::string names;
  for (const auto& report : reports) names += (names.empty() ? "" : ", ") + std::to_string(report.id);
  return names;
}

}  // namespace

void heed_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() { return interrupted != 0; }

std::string replica_name(std::uint32_t id) { return "replica " + std::to_string(id); }

Result<std::int64_t> Demo::add(std::int64_t amount) {
  const auto outcome = std::make_shared<std::promise<Result<pbft::Bytes>>>();
  auto result = outcome->get_future();
  client_.invoke_async(pbft::view_of(counter::add_operation(amount)),
                       [outcome](Result<pbft::Bytes> answer) { outcome->set_value(std::move(answer)); });
  while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (is_interrupted()) return Error{ErrorCode::stopped, "interrupted"};
  }
  if (is_interrupted()) return Error{ErrorCode::stopped, "interrupted"};
  const auto answer = result.get();
  if (!answer) return answer.error();
  return counter::parse_result(*answer);
}

void Demo::kill_primary(std::int64_t counted) {
  const std::uint32_t victim = primary();
  const pid_t pid = cluster_->alive().at(victim).pid();
  killed_.push_back({victim, cluster_->status(victim).value_or(StatusReport{}).executed});
  cluster_->kill(victim);
  story_.tell("counted to " + std::to_string(counted) + "; SIGKILL for " + replica_name(victim) + " (pid " +
                  std::to_string(pid) + "), the primary of view " + std::to_string(client_.view().value),
              Mood::bad);
}

Result<void> Demo::count() {
  const auto start = Clock::now();
  std::vector<Clock::duration> latencies;
  bool just_killed = false;
  const auto next_kill = [&] {
    return count_to * static_cast<std::int64_t>(killed_.size() + 1) / static_cast<std::int64_t>(faults_ + 1);
  };
  for (std::int64_t expected = 1; expected <= count_to; ++expected) {
    const auto sent = Clock::now();
    const auto value = add(1);
    if (!value)
      return Error{value.error().code, "add " + std::to_string(expected) + ": " + value.error().message};
    if (*value != expected) {
      return Error{ErrorCode::rejected, "operation " + std::to_string(expected) + " brought the counter to " +
                                            std::to_string(*value) + ": not executed exactly once"};
    }
    latencies.push_back(Clock::now() - sent);
    if (just_killed) {
      story_.tell("counting stood still for " + in_words(latencies.back()) + "; it goes on in view " +
                  std::to_string(client_.view().value) + " with " + replica_name(primary()) + " as primary");
    }
    just_killed =
        killed_.size() < faults_ && expected >= next_kill() && cluster_->alive().contains(primary());
    if (!just_killed) continue;
    kill_primary(expected);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::nth_element(latencies.begin(), latencies.begin() + count_to / 2, latencies.end());
  story_.tell("counted to " + std::to_string(count_to) + ", each addition executed exactly once", Mood::good);
  story_.add(std::to_string(static_cast<int>(count_to / seconds)) +
             " additions/s one after another, median " + in_words(latencies[count_to / 2]));
  return {};
}

Result<std::vector<StatusReport>> Demo::await_level() {
  const std::uint64_t interval = cluster_->config().limits.checkpoint_interval;
  std::vector<StatusReport> reports;
  const bool level = await(agreement_limit, [&] {
    reports.clear();
    for (const auto& [id, child] : cluster_->alive()) {
      if (auto report = cluster_->status(id)) reports.push_back(*report);
    }
    return is_interrupted() || (reports.size() == cluster_->alive().size() &&
                                std::all_of(reports.begin(), reports.end(), [&](const StatusReport& report) {
                                  return report.executed >= count_to + interval &&
                                         report.executed == reports.front().executed &&
                                         report.checkpoint + interval > report.executed &&
                                         report.checkpoint == reports.front().checkpoint;
                                }));
  });
  if (is_interrupted()) return Error{ErrorCode::stopped, "interrupted"};
  if (!level) return Error{ErrorCode::timed_out, "the replicas alive did not reach a common checkpoint"};
  for (const auto& report : reports) {
    if (report.checkpoint_state != reports.front().checkpoint_state || !report.answering) {
      return Error{ErrorCode::rejected, "replicas " + names_of(reports) + " disagree at checkpoint " +
                                            std::to_string(report.checkpoint)};
    }
  }
  return reports;
}

Result<void> Demo::compare_states() {
  // One addition at a time is a batch each: after so many, a checkpoint lies behind the count.
  const std::uint64_t interval = cluster_->config().limits.checkpoint_interval;
  for (std::uint64_t i = 0; i < interval; ++i) {
    if (const auto value = add(0); !value) return value.error();
  }
  const auto reports = await_level();
  if (!reports) return reports.error();
  story_.tell("replicas " + names_of(*reports) + " agree: at sequence number " +
                  std::to_string(reports->front().checkpoint) + " each has the state",
              Mood::good);
  story_.add(reports->front().checkpoint_state);
  return {};
}

Result<void> Demo::bring_back() {
  for (const Killed& killed : killed_) {
    if (auto back = bring_back(killed.id, killed.executed); !back) return back;
  }
  return {};
}

Result<void> Demo::bring_back(std::uint32_t replica, std::uint64_t executed_before) {
  const auto start = Clock::now();
  if (auto started = cluster_->restart(replica); !started) return started;
  const pid_t pid = cluster_->alive().at(replica).pid();
  story_.tell(replica_name(replica) + " starts again from its data directory, as pid " + std::to_string(pid));
  const auto reports = await_level();
  const auto took = Clock::now() - start;
  if (!reports) return reports.error();
  story_.tell(replica_name(replica) + " has caught up in " + in_words(took) + ": from batch " +
                  std::to_string(executed_before) + " to " + std::to_string(reports->front().executed) +
                  ", and replicas " + names_of(*reports) + " agree:",
              Mood::good);
  story_.add(reports->front().checkpoint_state);
  return {};
}

}  // namespace app
