#include "sim/byzantine.hpp"

#include <vector>

namespace pbft::sim {

namespace {

using core::Message;
using core::MessagePtr;

MessagePtr share(Message message) { return std::make_shared<const Message>(std::move(message)); }

Digest other(Digest digest) {
  digest.bytes[0] = static_cast<std::uint8_t>(digest.bytes[0] ^ 1);
  return digest;
}

/// One change of one message; a null pointer where it knows none.
class Mutation {
 public:
  Mutation(Random& random, const Forger& forger, ReplicaId self)
      : random_(random), forger_(forger), self_(self) {}

  MessagePtr operator()(const core::PrePrepare& m) {
    core::BatchHeader header = change(m.header);
    return share(forger_.pre_prepare(header, random_.chance(0.5) ? m.body : nullptr));
  }
  MessagePtr operator()(const core::Prepare& m) {
    if (m.sender != self_) return nullptr;
    return share(forger_.prepare(self_, change(m.header)));
  }
  MessagePtr operator()(const core::Commit& m) {
    if (m.sender != self_) return nullptr;
    return share(forger_.commit(self_, change(m.header)));
  }
  MessagePtr operator()(const core::Checkpoint& m) {
    if (m.sender != self_) return nullptr;
    return share(forger_.checkpoint(self_, m.seq, other(m.state)));
  }
  MessagePtr operator()(const core::ViewChangePtr& m) {
    if (m->sender != self_) return nullptr;
    core::ViewChange change = *m;
    switch (random_.below(3)) {
      case 0:
        change.new_view = change.new_view.next();
        break;
      case 1:
        if (!change.prepared.empty()) change.prepared.pop_back();
        break;
      default:
        if (!change.prepared.empty())
          change.prepared[0].header.digest = other(change.prepared[0].header.digest);
    }
    return share(forger_.view_change(std::move(change)));
  }
  MessagePtr operator()(const core::NewViewPtr& m) {
    core::NewView change = *m;
    if (change.headers.empty() || change.view.value % 2 == 0) {
      change.first = change.first.next();
    } else {
      change.headers[random_.below(change.headers.size())].digest = forger_.null_body()->digest;
    }
    return share(forger_.new_view(std::move(change)));
  }
  MessagePtr operator()(const core::Status& m) {
    core::Status lie = m;
    switch (random_.below(4)) {
      case 0:
        lie.executed = SeqNum{lie.executed.value + random_.below(100)};
        break;
      case 1:
        lie.view = lie.pending = View{lie.pending.value + random_.below(5)};
        break;
      case 2:
        lie.slots.clear();
        break;
      default:
        lie.stable = lie.executed = SeqNum{};
    }
    return share(std::move(lie));
  }
  MessagePtr operator()(const core::Reply& m) {
    core::Reply lie = m;
    lie.view = View{lie.view.value + random_.below(3)};
    for (core::ReplyItem& item : lie.items) {
      item.result = to_bytes("a lie");
      if (random_.chance(0.3)) item.outcome = static_cast<core::Outcome>(random_.below(8));
    }
    return share(std::move(lie));
  }
  template <class Other>
  MessagePtr operator()(const Other&) {
    return nullptr;
  }

 private:
  core::BatchHeader change(core::BatchHeader header) {
    switch (random_.below(3)) {
      case 0:
        // A primary signs for views that are its own only; a vote may name any.
        header.view = View{header.view.value + 1};
        break;
      case 1:
        header.seq = header.seq.next();
        break;
      default:
        header.digest = other(header.digest);
    }
    return header;
  }

  Random& random_;
  const Forger& forger_;
  ReplicaId self_;
};

}  // namespace

Mangler mute() {
  return [](const Node&, const MessagePtr&, const Emit&) {};
}

Mangler omit(Random random, double probability) {
  return [random, probability](const Node& to, const MessagePtr& message, const Emit& emit) mutable {
    if (!random.chance(probability)) emit(to, message);
  };
}

Mangler replay(Random random, std::uint32_t replicas) {
  return [random, replicas, said = std::vector<MessagePtr>()](const Node& to, const MessagePtr& message,
                                                              const Emit& emit) mutable {
    emit(to, message);
    constexpr std::size_t memory = 200;
    if (std::holds_alternative<core::Reply>(*message)) return;
    if (said.size() < memory) {
      said.push_back(message);
    } else {
      said[random.below(memory)] = message;
    }
    if (random.chance(0.3))
      emit(ReplicaId{static_cast<std::uint32_t>(random.below(replicas))}, said[random.below(said.size())]);
  };
}

Mangler mutate(Random random, double probability, const Forger& forger, ReplicaId self) {
  return [random, probability, &forger, self](const Node& to, const MessagePtr& message,
                                              const Emit& emit) mutable {
    MessagePtr changed;
    if (random.chance(probability)) changed = std::visit(Mutation(random, forger, self), *message);
    emit(to, changed ? changed : message);
    if (changed && random.chance(0.5)) emit(to, message);  // two of a kind
  };
}

Conspiracy::Conspiracy(Random random, const Forger& forger, std::uint32_t replicas)
    : forger_(forger), deceived_(random.next() & ((std::uint64_t{1} << replicas) - 1)) {}

bool Conspiracy::is_deceived(const Node& to) const {
  const auto* replica = std::get_if<ReplicaId>(&to);
  return replica && (deceived_ >> replica->value & 1) != 0;
}

Mangler Conspiracy::member(ReplicaId self) {
  return [this, self](const Node& to, const MessagePtr& message, const Emit& emit) {
    if (const auto* mine = std::get_if<core::PrePrepare>(message.get()); mine && mine->body) {
      // The twin differs in its time only, so every replica would accept either.
      auto& twin = twins_[{mine->header.view, mine->header.seq}];
      if (!twin.first) {
        twin.first = mine->body;
        twin.second = forger_.body(Timestamp{mine->body->time.unix_us + 1}, mine->body->requests);
      }
    }
    emit(to, is_deceived(to) ? second_face(self, message) : message);
  };
}

core::BatchHeader Conspiracy::twin_of(const core::BatchHeader& header) const {
  auto twin = twins_.find({header.view, header.seq});
  if (twin == twins_.end() || twin->second.first->digest != header.digest) return header;
  return {header.view, header.seq, twin->second.second->digest};
}

MessagePtr Conspiracy::second_face(ReplicaId self, const MessagePtr& message) {
  if (const auto* pre_prepare = std::get_if<core::PrePrepare>(message.get())) {
    const core::BatchHeader header = twin_of(pre_prepare->header);
    if (header == pre_prepare->header) return message;
    return share(forger_.pre_prepare(header, twins_[{header.view, header.seq}].second));
  }
  if (const auto* prepare = std::get_if<core::Prepare>(message.get()); prepare && prepare->sender == self) {
    return share(forger_.prepare(self, twin_of(prepare->header)));
  }
  if (const auto* commit = std::get_if<core::Commit>(message.get()); commit && commit->sender == self) {
    return share(forger_.commit(self, twin_of(commit->header)));
  }
  if (const auto* vote = std::get_if<core::Checkpoint>(message.get()); vote && vote->sender == self) {
    return share(forger_.checkpoint(self, vote->seq, other(vote->state)));
  }
  if (const auto* change = std::get_if<core::ViewChangePtr>(message.get());
      change && (*change)->sender == self) {
    core::ViewChange hiding = **change;
    hiding.prepared.clear();
    return share(forger_.view_change(std::move(hiding)));
  }
  return message;
}

}  // namespace pbft::sim
