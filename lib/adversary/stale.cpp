// Behaviours that live in another time.
#include <limits>
#include <utility>
#include <vector>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "adversary/pace.hpp"
#include "adversary/watch.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

/// Asks for one view after the other, near and far, and claims to be in old ones and in views to come.
class StaleView : public Behaviour {
 public:
  StaleView(double per_second, const Self& self)
      : self_(self.id),
        replicas_(self.limits.replicas),
        forger_(self.id, self.crypto),
        random_(self.seed),
        pace_(per_second) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) watch_.on_send(*letter.message);
    traffic.out.push_back(std::move(letter));
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (std::uint64_t due = pace_.due(now); due > 0; --due) {
      broadcast(share(claim()), self_, replicas_, traffic.out);
    }
  }
  std::optional<Instant> next() const override { return pace_.next(); }

 private:
  core::Message claim() {
    if (random_.chance(0.5)) {
      core::ViewChange change;
      change.new_view = another_view();
      change.sender = self_;
      change.incarnation = watch_.incarnation;
      change.stable = watch_.stable;
      return forger_.view_change(std::move(change));
    }
    core::Status lie;
    lie.view = random_.chance(0.5) ? View{} : another_view();
    lie.pending = std::max(lie.view, another_view());
    lie.stable = watch_.stable.seq;
    lie.executed = watch_.seq;
    return lie;
  }
  View another_view() {
    switch (random_.below(4)) {
      case 0:
        return View{watch_.view.value + (std::uint64_t{1} << random_.below(63))};
      case 1:
        return View{std::numeric_limits<std::uint64_t>::max()};
      default:
        return View{watch_.view.value + 1 + random_.below(4)};
    }
  }

  const ReplicaId self_;
  const std::uint32_t replicas_;
  const Forger forger_;
  core::Random random_;
  Pace pace_;
  Watch watch_;
};

/// Sends, now and then, to anyone, what it has once said or heard.
class Replay : public Behaviour {
 public:
  Replay(double share, const Self& self)
      : share_(share), replicas_(self.limits.replicas), random_(self.seed) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const bool is_for_clients = letter.message && (std::holds_alternative<core::Reply>(*letter.message) ||
                                                   std::holds_alternative<core::QueryReply>(*letter.message));
    if (letter.message && !is_for_clients) remember(letter.message);
    traffic.out.push_back(std::move(letter));
    repeat(traffic);
  }
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    if (random_.chance(share_)) remember(share(heard.message.get()));
    traffic.in.push_back(std::move(heard));
  }

 private:
  void remember(core::MessagePtr message) {
    if (said_.size() < memory) {
      said_.push_back(std::move(message));
    } else {
      said_[random_.below(memory)] = std::move(message);
    }
  }
  void repeat(Traffic& traffic) {
    if (said_.empty() || !random_.chance(share_)) return;
    const ReplicaId to{static_cast<std::uint32_t>(random_.below(replicas_))};
    traffic.out.push_back({to, said_[random_.below(said_.size())], nullptr});
  }

  static constexpr std::size_t memory = 200;
  const double share_;
  const std::uint32_t replicas_;
  core::Random random_;
  std::vector<core::MessagePtr> said_;
};

}  // namespace

BehaviourPtr stale_view(double per_second, const Self& self) {
  return std::make_unique<StaleView>(per_second, self);
}
BehaviourPtr replay(double share, const Self& self) { return std::make_unique<Replay>(share, self); }

}  // namespace pbft::adversary
