#include "runtime/rejections.hpp"

#include <algorithm>
#include <vector>

#include "net/links.hpp"

namespace pbft::runtime {

namespace {
constexpr std::size_t most_told = 5;  // in one line; the rest is summed up

// Refusals that also correct members earn, when messages cross or when there is more to do than can be done.
bool is_everyday(core::Rejection reason) {
  switch (reason) {
    case core::Rejection::bad_number:
    case core::Rejection::pool_full:
    case core::Rejection::not_primary:
    case core::Rejection::wrong_view:
    case core::Rejection::outside_window:
    case core::Rejection::not_asked_for:
    case core::Rejection::too_often:
    case core::Rejection::too_many_reads:
    case core::Rejection::repeated:
    case core::Rejection::not_held:
      return true;
    default:
      return false;
  }
}
}  // namespace

void Rejections::count(const core::Identity& from, core::Rejection reason) {
  ++counts_.at(static_cast<std::size_t>(reason));
  const auto [at, is_first] = told_.try_emplace({from, reason});
  if (is_first) {
    log_(is_everyday(reason) ? LogLevel::debug : LogLevel::warning,
         "refused a message from " + net::describe(from) + ": " + core::name_of(reason));
  } else {
    ++at->second;
    ++untold_;
  }
}

void Rejections::tell(core::Instant now) {
  if (untold_ == 0 || now - last_told_ < tell_interval) return;
  std::vector<decltype(told_)::iterator> most;
  bool everyday = true;
  for (auto at = told_.begin(); at != told_.end(); ++at) {
    if (at->second == 0) continue;
    most.push_back(at);
    everyday = everyday && is_everyday(at->first.second);
  }
  std::sort(most.begin(), most.end(), [](auto a, auto b) { return a->second > b->second; });
  std::string line = "refused " + std::to_string(untold_) + " more messages:";
  std::uint64_t rest = untold_;
  for (std::size_t i = 0; i < most.size(); ++i) {
    auto& [what, since] = *most[i];
    if (i < most_told) {
      line += (i == 0 ? " " : ", ") + std::to_string(since) + " " + core::name_of(what.second) + " from " +
              net::describe(what.first);
      rest -= since;
    }
    since = 0;
  }
  if (rest > 0) line += ", " + std::to_string(rest) + " others";
  log_(everyday ? LogLevel::debug : LogLevel::warning, line);
  untold_ = 0;
  last_told_ = now;
}

bool Rejections::overdraw(const core::Identity& from, core::Instant now) {
  const std::uint32_t rate =
      std::holds_alternative<ReplicaId>(from) ? replica_refusals_per_second : client_refusals_per_second;
  const net::TokenBucket full(rate, burst_seconds * rate);
  const auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  net::TokenBucket& budget = budgets_.try_emplace(from, full).first->second;
  if (budget.take(ms)) return false;
  budget = full;
  return true;
}

bool Rejections::strike(const core::Identity& from, core::Instant now) {
  Strikes& strikes = strikes_[from];
  if (strikes.count == 0 || now - strikes.first > strikes_forgiven_after) strikes = {0, now};
  if (++strikes.count < max_strikes) return false;
  strikes = {};
  return true;
}

}  // namespace pbft::runtime
