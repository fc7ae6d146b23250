// Behaviours that are late.
#include <deque>
#include <utility>

#include "adversary/kinds.hpp"
#include "core/quorum.hpp"

namespace pbft::adversary {

namespace {

/// Holds all that leaves, each letter equally long.
class Delay : public Behaviour {
 public:
  explicit Delay(Duration by) : by_(by) {}
  void on_send(Instant now, Letter letter, Traffic&) override {
    held_.emplace_back(now + by_, std::move(letter));
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (; !held_.empty() && held_.front().first <= now; held_.pop_front()) {
      traffic.out.push_back(std::move(held_.front().second));
    }
  }
  std::optional<Instant> next() const override {
    if (held_.empty()) return std::nullopt;
    return held_.front().first;
  }

 private:
  const Duration by_;
  std::deque<std::pair<Instant, Letter>> held_;
};

class Slow : public Delay {
 public:
  Slow(Duration by, const Self& self) : Delay(by), self_(self.id), quorums_(self.limits.replicas) {}
  void on_send(Instant now, Letter letter, Traffic& traffic) override {
    const auto* proposal = letter.message ? std::get_if<core::PrePrepare>(letter.message.get()) : nullptr;
    if (proposal != nullptr && quorums_.primary(proposal->header.view) == self_) {
      Delay::on_send(now, std::move(letter), traffic);
    } else {
      traffic.out.push_back(std::move(letter));
    }
  }

 private:
  const ReplicaId self_;
  const core::Quorums quorums_;
};

}  // namespace

BehaviourPtr delay(Duration by) { return std::make_unique<Delay>(by); }
BehaviourPtr slow(Duration by, const Self& self) { return std::make_unique<Slow>(by, self); }

}  // namespace pbft::adversary
