#include "sim/network.hpp"

#include "sim/describe.hpp"

namespace pbft::sim {

void Network::isolate(const std::set<ReplicaId>& group, std::uint32_t replicas) {
  for (std::uint32_t i = 0; i < replicas; ++i) {
    const ReplicaId other{i};
    if (group.contains(other)) continue;
    for (ReplicaId inside : group) {
      cut(inside, other);
      cut(other, inside);
    }
  }
}

void Network::heal() {
  rules_.clear();
  cut_.clear();
  quality = {};
  release();
}

void Network::lift(Rule& rule) {
  rules_.remove_if([&](const Rule& candidate) { return &candidate == &rule; });
}

void Network::release() {
  std::vector<Held> held;
  held.swap(held_);
  for (const Held& each : held) carry(each.from, each.to, mail_.seal(each.message, each.genuine), Duration{});
}

void Network::send(const Node& from, const Node& to, const core::MessagePtr& message, bool genuine) {
  ++sent_;
  if (!cut_.empty() && cut_.contains({from, to})) return;
  Duration extra{};
  core::MessagePtr carried = message;
  for (Rule& rule : rules_) {
    if (!rule.applies(from, to, *carried)) continue;
    ++rule.hits_;
    --rule.left_;
    switch (rule.action_) {
      case Rule::Action::drop:
        return;
      case Rule::Action::hold:
        held_.push_back({from, to, carried, genuine});
        return;
      case Rule::Action::delay:
        extra += rule.extra_;
        break;
      case Rule::Action::alter:
        carried = rule.alter_(*carried);
        genuine = false;
        break;
    }
  }
  if (random_.chance(quality.loss)) return;
  const FramePtr frame = seal(carried, genuine);
  carry(from, to, frame, extra);
  if (random_.chance(quality.duplication)) carry(from, to, frame, extra);
}

const FramePtr& Network::seal(const core::MessagePtr& message, bool genuine) {
  if (sealed_message_ != message || sealed_->genuine != genuine) {
    sealed_ = mail_.seal(message, genuine);
    sealed_message_ = message;
  }
  return sealed_;
}

void Network::inject(const Node& from, const Node& to, core::Message message) {
  carry(from, to, mail_.seal(std::make_shared<const core::Message>(std::move(message)), false), Duration{});
}

void Network::inject_bytes(const Node& from, const Node& to, Bytes frame) {
  carry(from, to, mail_.seal_bytes(std::move(frame)), Duration{});
}

void Network::carry(const Node& from, const Node& to, const FramePtr& frame, Duration extra) {
  trace_.note(Trace::Kind::sent, from, frame->hash,
              [&] { return "-> " + describe(to) + " " + std::to_string(frame->bytes.size()) + " bytes"; });
  const Duration delay = random_.between(quality.delay_min, quality.delay_max) + extra;
  scheduler_.after(delay, EventKind::work, [this, from, to, frame] { deliver_(from, to, frame); });
}

}  // namespace pbft::sim
