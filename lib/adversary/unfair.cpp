// Behaviours that treat some worse than others.
#include <deque>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"

namespace pbft::adversary {

namespace {

/// Shows headers alone to some, and refuses them the bodies when they ask.
class WithholdBody : public Behaviour {
 public:
  explicit WithholdBody(Targets from) : from_(std::move(from)) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message && concerns(from_, letter.to)) {
      if (std::holds_alternative<core::BodyMessage>(*letter.message)) return;
      if (const auto* proposal = std::get_if<core::PrePrepare>(letter.message.get());
          proposal && proposal->body) {
        letter.message = share(core::PrePrepare{proposal->header, proposal->signature, nullptr});
      }
    }
    traffic.out.push_back(std::move(letter));
  }

 private:
  const Targets from_;
};

const core::Request* request_in(const Heard& heard) {
  const auto* message = std::get_if<core::RequestMessage>(&heard.message.get());
  return message != nullptr ? message->request.get() : nullptr;
}

/// Never hears of a client's requests, whoever brings them.
class Starve : public Behaviour {
 public:
  explicit Starve(ClientId client) : client_(client) {}
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    const core::Request* request = request_in(heard);
    if (request == nullptr || request->client != client_) traffic.in.push_back(std::move(heard));
  }

 private:
  const ClientId client_;
};

/// Hears a friend's requests at once; the others' later, or never.
class Selective : public Behaviour {
 public:
  Selective(ClientId friend_of_ours, Duration others_wait) : friend_(friend_of_ours), wait_(others_wait) {}
  void on_receive(Instant now, Heard heard, Traffic& traffic) override {
    const core::Request* request = request_in(heard);
    if (request == nullptr || request->client == friend_) {
      traffic.in.push_back(std::move(heard));
    } else if (wait_ > Duration{}) {
      waiting_.emplace_back(now + wait_, std::move(heard));
    }
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (; !waiting_.empty() && waiting_.front().first <= now; waiting_.pop_front()) {
      traffic.in.push_back(std::move(waiting_.front().second));
    }
  }
  std::optional<Instant> next() const override {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front().first;
  }

 private:
  const ClientId friend_;
  const Duration wait_;
  std::deque<std::pair<Instant, Heard>> waiting_;
};

}  // namespace

BehaviourPtr withhold_body(Targets from, const Self& self) {
  if (from.empty()) {  // the most work for the others: all but one have to fetch
    const ReplicaId spared{(self.id.value + 1) % self.limits.replicas};
    for (std::uint32_t id = 0; id < self.limits.replicas; ++id) {
      if (ReplicaId{id} != spared) from.insert(ReplicaId{id});
    }
  }
  return std::make_unique<WithholdBody>(std::move(from));
}
BehaviourPtr starve(ClientId client) { return std::make_unique<Starve>(client); }
BehaviourPtr selective(ClientId friend_of_ours, Duration others_wait) {
  return std::make_unique<Selective>(friend_of_ours, others_wait);
}

}  // namespace pbft::adversary
