// Many faces: what is signed for one replica contradicts what is signed for another. Accomplices need no word
// with each other: another batch of a slot is a function of the first, and whom to deceive is a parameter.
#include <map>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "core/quorum.hpp"

namespace pbft::adversary {

namespace {

class Equivocate : public Behaviour {
 public:
  Equivocate(Targets deceived, const Self& self)
      : self_(self.id),
        quorums_(self.limits.replicas),
        forger_(self.id, self.crypto),
        deceived_(std::move(deceived)) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) {
      learn(*letter.message);
      const auto* replica = std::get_if<ReplicaId>(&letter.to);
      const std::uint64_t face = replica != nullptr ? face_for(*replica) : 0;
      if (face > 0) letter.message = show(face, letter.message);
    }
    traffic.out.push_back(std::move(letter));
  }
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    learn(heard.message.get());
    traffic.in.push_back(std::move(heard));
  }

 private:
  /// 0 is the honest one.
  std::uint64_t face_for(ReplicaId to) const {
    if (deceived_.empty()) return 1 + to.value;
    return deceived_.contains(to) ? 1 : 0;
  }
  void learn(const core::Message& message) {
    const auto* proposal = std::get_if<core::PrePrepare>(&message);
    if (proposal == nullptr || !proposal->body) return;
    bodies_.try_emplace({proposal->header.seq, proposal->header.view}, proposal->body);
    if (bodies_.size() > max_slots) bodies_.erase(bodies_.begin());
  }
  /// The batch shown in place of this one differs in its time only, so that every replica would accept it;
  /// null if this one is not known.
  core::BodyPtr twin_of(const core::BatchHeader& header, std::uint64_t face) const {
    const auto known = bodies_.find({header.seq, header.view});
    if (known == bodies_.end() || known->second->digest != header.digest) return nullptr;
    return forger_.body(Timestamp{known->second->time.unix_us + face}, known->second->requests);
  }
  core::BatchHeader twin_header(const core::BatchHeader& header, std::uint64_t face) const {
    const core::BodyPtr twin = twin_of(header, face);
    return twin ? core::BatchHeader{header.view, header.seq, twin->digest} : header;
  }

  core::MessagePtr show(std::uint64_t face, const core::MessagePtr& message) const {
    if (const auto* proposal = std::get_if<core::PrePrepare>(message.get())) {
      const core::BodyPtr twin = twin_of(proposal->header, face);
      if (!twin || quorums_.primary(proposal->header.view) != self_) return message;
      return share(forger_.pre_prepare({proposal->header.view, proposal->header.seq, twin->digest},
                                       proposal->body ? twin : nullptr));
    }
    if (const auto* prepare = std::get_if<core::Prepare>(message.get());
        prepare && prepare->sender == self_) {
      return share(forger_.prepare(twin_header(prepare->header, face)));
    }
    if (const auto* commit = std::get_if<core::Commit>(message.get()); commit && commit->sender == self_) {
      return share(forger_.commit(twin_header(commit->header, face)));
    }
    if (const auto* vote = std::get_if<core::Checkpoint>(message.get()); vote && vote->sender == self_) {
      return share(forger_.checkpoint(vote->seq, changed(vote->state)));
    }
    if (const auto* change = std::get_if<core::ViewChangePtr>(message.get());
        change && (*change)->sender == self_) {
      core::ViewChange hiding = **change;
      hiding.prepared.clear();
      return share(forger_.view_change(std::move(hiding)));
    }
    return message;
  }

  static constexpr std::size_t max_slots = 1024;
  const ReplicaId self_;
  const core::Quorums quorums_;
  const Forger forger_;
  const Targets deceived_;
  /// As first seen; the lowest are forgotten.
  std::map<std::pair<SeqNum, View>, core::BodyPtr> bodies_;
};

}  // namespace

BehaviourPtr equivocate(Targets deceived, const Self& self) {
  return std::make_unique<Equivocate>(std::move(deceived), self);
}

}  // namespace pbft::adversary
