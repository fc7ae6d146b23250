// Behaviours that say what is not so.
#include <string>
#include <utility>
#include <variant>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "core/quorum.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

using core::MessagePtr;

core::Signature broken(core::Signature signature) {
  signature.bytes[0] = static_cast<std::uint8_t>(signature.bytes[0] ^ 1);
  return signature;
}

// ---- bad-signature ----------------------------------------------------------------------------------------

/// The message under a broken signature, if it carries one of ours; else null. A NewView's and a
/// pre-prepare's signer is not named: who sends it spoils it.
class Spoil {
 public:
  explicit Spoil(ReplicaId self) : self_(self) {}
  MessagePtr operator()(const core::PrePrepare& m) const { return spoilt(m); }
  MessagePtr operator()(const core::Prepare& m) const { return m.sender == self_ ? spoilt(m) : nullptr; }
  MessagePtr operator()(const core::Commit& m) const { return m.sender == self_ ? spoilt(m) : nullptr; }
  MessagePtr operator()(const core::Checkpoint& m) const { return m.sender == self_ ? spoilt(m) : nullptr; }
  MessagePtr operator()(const core::ViewChangePtr& m) const {
    return m->sender == self_ ? spoilt_behind(m) : nullptr;
  }
  MessagePtr operator()(const core::NewViewPtr& m) const { return spoilt_behind(m); }
  template <class Unsigned>
  MessagePtr operator()(const Unsigned&) const {
    return nullptr;
  }

 private:
  template <class T>
  static MessagePtr spoilt(T message) {
    message.signature = broken(message.signature);
    return share(std::move(message));
  }
  template <class T>
  static MessagePtr spoilt_behind(const std::shared_ptr<const T>& message) {
    T copy = *message;
    copy.signature = broken(copy.signature);
    return share(std::make_shared<const T>(std::move(copy)));
  }
  ReplicaId self_;
};

class BadSignature : public Behaviour {
 public:
  explicit BadSignature(ReplicaId self) : self_(self) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) {
      if (MessagePtr spoilt = std::visit(Spoil(self_), *letter.message)) letter.message = std::move(spoilt);
    }
    traffic.out.push_back(std::move(letter));
  }

 private:
  const ReplicaId self_;
};

// ---- wrong-reply ------------------------------------------------------------------------------------------

/// A result of the right form. Liars agree with each other, for results of all sizes and for their digests.
class Falsify {
 public:
  MessagePtr operator()(const core::Reply& m) const {
    core::Reply lie = m;
    for (core::ReplyItem& item : lie.items) std::visit(*this, item.result);
    return share(std::move(lie));
  }
  MessagePtr operator()(const core::QueryReply& m) const {
    core::QueryReply lie = m;
    for (core::QueryReply::Item& item : lie.items) std::visit(*this, item.result);
    return share(std::move(lie));
  }
  template <class Other>
  MessagePtr operator()(const Other&) const {
    return nullptr;
  }

  void operator()(Bytes& whole) const {
    if (whole.empty()) whole.push_back(0);
    whole.front() = static_cast<std::uint8_t>(whole.front() ^ 1);
  }
  void operator()(Digest& digest) const { digest = changed(digest); }
  void operator()(core::QueryReply::Declined&) const {}
};

class WrongReply : public Behaviour {
 public:
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) {
      if (MessagePtr lie = std::visit(Falsify(), *letter.message)) letter.message = std::move(lie);
    }
    traffic.out.push_back(std::move(letter));
  }
};

// ---- mutate -----------------------------------------------------------------------------------------------

/// One change of one message, properly signed; null where it knows none.
class Mutation {
 public:
  Mutation(core::Random& random, const Forger& forger, const core::Quorums& quorums, ReplicaId self)
      : random_(random), forger_(forger), quorums_(quorums), self_(self) {}

  MessagePtr operator()(const core::PrePrepare& m) {
    core::BatchHeader header = change(m.header);
    // A primary signs for views that are its own only; a vote may name any.
    if (quorums_.primary(m.header.view) != self_) return nullptr;
    if (m.body && random_.chance(0.5)) {  // the same requests at another time: nothing is wrong with either
      const core::BodyPtr twin = forger_.body(Timestamp{m.body->time.unix_us + 1}, m.body->requests);
      return share(forger_.pre_prepare({m.header.view, m.header.seq, twin->digest}, twin));
    }
    if (header.view != m.header.view) header.view = View{m.header.view.value + quorums_.n()};
    return share(forger_.pre_prepare(header, random_.chance(0.5) ? m.body : nullptr));
  }
  MessagePtr operator()(const core::Prepare& m) {
    if (m.sender != self_) return nullptr;
    return share(forger_.prepare(change(m.header)));
  }
  MessagePtr operator()(const core::Commit& m) {
    if (m.sender != self_) return nullptr;
    core::Commit lie = forger_.commit(change(m.header));
    if (random_.chance(0.4)) lie = core::Commit{{m.header, self_, broken(m.signature)}};
    return share(std::move(lie));
  }
  MessagePtr operator()(const core::Checkpoint& m) {
    if (m.sender != self_) return nullptr;
    return share(forger_.checkpoint(m.seq, changed(m.state)));
  }
  MessagePtr operator()(const core::ViewChangePtr& m) {
    if (m->sender != self_) return nullptr;
    core::ViewChange lie = *m;
    switch (random_.below(3)) {
      case 0:
        lie.new_view = lie.new_view.next();
        break;
      case 1:
        if (!lie.prepared.empty()) lie.prepared.pop_back();
        break;
      default:
        if (!lie.prepared.empty()) lie.prepared[0].header.digest = changed(lie.prepared[0].header.digest);
    }
    return share(forger_.view_change(std::move(lie)));
  }
  MessagePtr operator()(const core::NewViewPtr& m) {
    if (quorums_.primary(m->view) != self_) return nullptr;
    core::NewView lie = *m;
    if (lie.headers.empty() || random_.chance(0.5)) {
      lie.first = lie.first.next();
    } else {
      lie.headers[random_.below(lie.headers.size())].digest = forger_.body(Timestamp{}, {})->digest;
    }
    return share(forger_.new_view(std::move(lie)));
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
  MessagePtr operator()(const core::Introduction& m) {
    core::Introduction spoilt = m;
    core::Tag& tag = spoilt.items[random_.below(spoilt.items.size())].tag;
    tag.bytes[0] = static_cast<std::uint8_t>(tag.bytes[0] ^ 1);
    return share(std::move(spoilt));
  }
  MessagePtr operator()(const core::Vouch& m) {
    core::Vouch lie = m;
    if (random_.chance(0.5)) {
      lie.requests.clear();
    } else {
      lie.number += 1 + random_.below(2);
    }
    return share(std::move(lie));
  }
  MessagePtr operator()(const core::QueryReply& m) {
    core::QueryReply lie = m;
    for (core::QueryReply::Item& item : lie.items) {
      if (random_.chance(0.5)) {
        item.result = core::QueryReply::Declined{};
      } else {
        item.result = to_bytes("@" + std::to_string(random_.below(10)));
      }
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
        header.view = header.view.next();
        break;
      case 1:
        header.seq = header.seq.next();
        break;
      default:
        header.digest = changed(header.digest);
    }
    return header;
  }

  core::Random& random_;
  const Forger& forger_;
  const core::Quorums& quorums_;
  const ReplicaId self_;
};

class Mutate : public Behaviour {
 public:
  Mutate(double share, const Self& self)
      : share_(share),
        self_(self.id),
        quorums_(self.limits.replicas),
        forger_(self.id, self.crypto),
        random_(self.seed) {}
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const auto* status = letter.message ? std::get_if<core::Status>(letter.message.get()) : nullptr;
    if (status != nullptr) {
      traffic.out.push_back({letter.to, share(forger_.complaint(status->view, status->stable)), nullptr});
    }
    if (letter.message && random_.chance(share_)) {
      if (MessagePtr lie = std::visit(Mutation(random_, forger_, quorums_, self_), *letter.message)) {
        traffic.out.push_back({letter.to, std::move(lie), nullptr});
        if (random_.chance(0.5)) return;
      }  // else two of a kind
    }
    traffic.out.push_back(std::move(letter));
  }

 private:
  const double share_;
  const ReplicaId self_;
  const core::Quorums quorums_;
  const Forger forger_;
  core::Random random_;
};

}  // namespace

BehaviourPtr bad_signature(ReplicaId self) { return std::make_unique<BadSignature>(self); }
BehaviourPtr wrong_reply() { return std::make_unique<WrongReply>(); }
BehaviourPtr mutate(double share, const Self& self) { return std::make_unique<Mutate>(share, self); }

}  // namespace pbft::adversary
