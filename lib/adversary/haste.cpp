// Behaviours that are too quick, or too late: votes before their time, answers of yesterday, blocks of
// another state.
#include <deque>
#include <map>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "adversary/watch.hpp"
#include "core/quorum.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

/// Prepares and commits at once whatever is proposed, also as primary, also what it has proposed itself.
class Eager : public Behaviour {
 public:
  explicit Eager(const Self& self)
      : self_(self.id), replicas_(self.limits.replicas), forger_(self.id, self.crypto) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const auto* proposal = letter.message ? std::get_if<core::PrePrepare>(letter.message.get()) : nullptr;
    if (!proposal) return traffic.out.push_back(std::move(letter));
    const core::BatchHeader header = proposal->header;
    const Node to = letter.to;
    traffic.out.push_back(std::move(letter));
    traffic.out.push_back({to, share(forger_.prepare(header)), nullptr});
    traffic.out.push_back({to, share(forger_.commit(header)), nullptr});
  }
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    if (const auto* proposal = std::get_if<core::PrePrepare>(&heard.message.get())) {
      broadcast(share(forger_.prepare(proposal->header)), self_, replicas_, traffic.out);
      broadcast(share(forger_.commit(proposal->header)), self_, replicas_, traffic.out);
    }
    traffic.in.push_back(std::move(heard));
  }

 private:
  const ReplicaId self_;
  const std::uint32_t replicas_;
  const Forger forger_;
};

/// Answers reads with what it has answered before.
class OldAnswers : public Behaviour {
 public:
  explicit OldAnswers(const Self& self) : random_(self.seed) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const auto* reply = letter.message ? std::get_if<core::QueryReply>(letter.message.get()) : nullptr;
    if (reply) {
      core::QueryReply lie = *reply;
      for (core::QueryReply::Item& item : lie.items) {
        if (std::holds_alternative<core::QueryReply::Declined>(item.result)) continue;
        said_.push_back(item.result);
        if (said_.size() > memory) said_.pop_front();
        item.result = said_[random_.below(said_.size())];
      }
      letter.message = share(std::move(lie));
    }
    traffic.out.push_back(std::move(letter));
  }

 private:
  static constexpr std::size_t memory = 12;
  core::Random random_;
  std::deque<decltype(core::QueryReply::Item::result)> said_;
};

/// Serves blocks of state that nobody has asked for, spoilt ones, and none.
class BadDonor : public Behaviour {
 public:
  BadDonor(double share, const Self& self) : share_(share), random_(self.seed) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const auto* served = letter.message ? std::get_if<core::StateBlock>(letter.message.get()) : nullptr;
    if (served && random_.chance(share_)) {
      if (random_.chance(0.2)) return;
      auto spoilt = std::make_shared<Bytes>(*served->block);
      if (spoilt->empty()) spoilt->push_back(0);
      std::uint8_t& byte = (*spoilt)[random_.below(spoilt->size())];
      byte = static_cast<std::uint8_t>(byte ^ 1);
      letter.message = share(core::StateBlock{std::move(spoilt)});
    }
    traffic.out.push_back(std::move(letter));
  }

 private:
  const double share_;
  core::Random random_;
};

}  // namespace

BehaviourPtr eager(const Self& self) { return std::make_unique<Eager>(self); }
BehaviourPtr old_answers(const Self& self) { return std::make_unique<OldAnswers>(self); }
BehaviourPtr bad_donor(double share, const Self& self) { return std::make_unique<BadDonor>(share, self); }

}  // namespace pbft::adversary
