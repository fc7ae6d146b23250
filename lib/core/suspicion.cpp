#include "core/suspicion.hpp"

#include <algorithm>

namespace pbft::core {

Suspicion::Suspicion(std::uint32_t replicas) : replicas_(replicas) {}

void Suspicion::on_view() {
  watches_.clear();
  verdicts_.clear();
  by_age_.clear();
  late_clients_ = 0;
  points_ = 0;
  unfair_at_.reset();
}

void Suspicion::on_ousted(Instant now) {
  doublings_ = std::min({doublings(now) + 1, replicas_, max_doublings});
  ousted_at_ = now;
}

std::uint32_t Suspicion::doublings(Instant now) const {
  const auto taken_back = static_cast<std::uint64_t>((now - ousted_at_) / decay);
  return taken_back >= doublings_ ? 0 : doublings_ - static_cast<std::uint32_t>(taken_back);
}

std::optional<Duration> Suspicion::allowed(Instant now) const {
  if (phases_.count() < min_phases) return std::nullopt;
  const Duration once = phases_.percentile(90) * phases_factor + tolerance;
  return once * (std::uint64_t{1} << doublings(now));
}

Duration Suspicion::charged(Instant now) const {
  return charged_ + (charged_since_ ? now - *charged_since_ : Duration{});
}

void Suspicion::charge(bool primary, Instant now) {
  if (primary == charged_since_.has_value()) return;
  charged_ = charged(now);
  if (primary) {
    charged_since_ = now;
  } else {
    charged_since_.reset();
  }
}

void Suspicion::on_relayed(ClientId client, const Digest& request, Instant now) {
  const Watch fresh{request, now, charged(now), now, Duration{}};
  const auto [at, inserted] = watches_.try_emplace(client, fresh);
  // What is neither ordered nor executed for so long is not there any more.
  if (!inserted && now - at->second.since > memory) at->second = fresh;
}

void Suspicion::on_proposed(const std::vector<RequestPtr>& requests, bool has_room, Instant now) {
  if (watches_.empty()) return;
  for (const RequestPtr& request : requests) {
    const auto at = watches_.find(request->client);
    if (at == watches_.end()) continue;
    if (at->second.request == request->digest) {
      judge(request->client, at->second, now);
      watches_.erase(at);
    } else {
      at->second.unserved = now;
    }
  }
  if (!has_room) return;
  for (auto& [client, watch] : watches_) watch.passed = std::max(watch.passed, now - watch.unserved);
}

void Suspicion::judge(ClientId client, const Watch& watch, Instant now) {
  const auto required = allowed(now);
  if (!required) return;
  forget_old(now);
  Verdict& verdict = verdicts_[client];
  by_age_.erase({verdict.at, client});
  by_age_.emplace(now, client);
  if (verdict.points > 0) --late_clients_;

  const Duration late = charged(now) - watch.charged;
  verdict.at = now;
  verdict.points = late > *required ? std::min(static_cast<std::uint64_t>(late / *required), max_points) : 0;
  if (verdict.points > 0) {
    ++late_clients_;
    last_late_ = late;
  }
  const bool are_most_late = 2 * late_clients_ > verdicts_.size();
  if (!are_most_late) {
    points_ = 0;
  } else if (verdict.points > 0 && (points_ == 0 || now - points_last_ >= min_gap)) {
    if (points_ == 0) points_since_ = now;
    points_ += verdict.points;
    points_last_ = now;
  }

  // Where all wait, none is passed over.
  if (are_most_late || watch.passed <= passed_over_factor * *required) {
    verdict.passed_over = 0;
  } else {
    if (verdict.passed_over++ == 0) verdict.passed_over_since = now;
    if (verdict.passed_over >= min_passed_over && now - verdict.passed_over_since >= min_spread) {
      unfair_at_ = now;
      last_late_ = watch.passed;
    }
  }
}

void Suspicion::forget_old(Instant now) {
  while (!by_age_.empty() && now - by_age_.begin()->first > memory) {
    const auto at = verdicts_.find(by_age_.begin()->second);
    if (at->second.points > 0) --late_clients_;
    verdicts_.erase(at);
    by_age_.erase(by_age_.begin());
  }
}

void Suspicion::forget(const std::vector<RequestPtr>& requests) {
  if (watches_.empty()) return;
  for (const RequestPtr& request : requests) {
    const auto at = watches_.find(request->client);
    if (at != watches_.end() && at->second.request == request->digest) watches_.erase(at);
  }
}

std::optional<Suspicion::Grounds> Suspicion::grounds(Instant now) const {
  const bool is_slow =
      points_ >= min_points && points_last_ - points_since_ >= min_spread && now - points_last_ <= memory;
  const bool is_unfair = unfair_at_ && now - *unfair_at_ <= memory;
  if (!is_slow && !is_unfair) return std::nullopt;
  return Grounds{last_late_, allowed(now).value_or(Duration{}), !is_slow};
}

}  // namespace pbft::core
