// Behaviours that leave out.
#include "adversary/kinds.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

class Mute : public Behaviour {
 public:
  explicit Mute(Targets to) : to_(std::move(to)) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (!concerns(to_, letter.to)) traffic.out.push_back(std::move(letter));
  }

 private:
  const Targets to_;
};

class Partition : public Mute {
 public:
  explicit Partition(const Targets& from) : Mute(from), from_(from) {}
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    if (!concerns(from_, heard.from)) traffic.in.push_back(std::move(heard));
  }

 private:
  const Targets from_;
};

class Drop : public Behaviour {
 public:
  Drop(double share, std::uint64_t seed) : share_(share), random_(seed) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (!random_.chance(share_)) traffic.out.push_back(std::move(letter));
  }

 private:
  const double share_;
  core::Random random_;
};

class NoReply : public Behaviour {
 public:
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (!std::holds_alternative<ClientId>(letter.to)) traffic.out.push_back(std::move(letter));
  }
};

}  // namespace

BehaviourPtr mute(Targets to) { return std::make_unique<Mute>(std::move(to)); }
BehaviourPtr partition(const Targets& from) { return std::make_unique<Partition>(from); }
BehaviourPtr drop(double share, std::uint64_t seed) { return std::make_unique<Drop>(share, seed); }
BehaviourPtr no_reply() { return std::make_unique<NoReply>(); }

}  // namespace pbft::adversary
