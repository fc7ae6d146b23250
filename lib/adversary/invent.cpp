// Proposals that nobody may vote for: of operations that no client has asked for, and at times that are not.
#include <map>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "core/quorum.hpp"
#include "core/splitmix.hpp"
#include "wire/request.hpp"

namespace pbft::adversary {

namespace {

/// As primary, shows another body in place of its own, to everybody the same.
class FalseProposal : public Behaviour {
 public:
  explicit FalseProposal(const Self& self)
      : self_(self.id), quorums_(self.limits.replicas), forger_(self.id, self.crypto), random_(self.seed) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    const auto* proposal = letter.message ? std::get_if<core::PrePrepare>(letter.message.get()) : nullptr;
    if (proposal && proposal->body && quorums_.primary(proposal->header.view) == self_) {
      auto [shown, fresh] = shown_.try_emplace(proposal->header);
      if (fresh) shown->second = instead_of(*proposal->body);
      if (shown->second) {
        letter.message = share(forger_.pre_prepare(
            {proposal->header.view, proposal->header.seq, shown->second->digest}, shown->second));
      }
      while (shown_.size() > most) shown_.erase(shown_.begin());
    }
    traffic.out.push_back(std::move(letter));
  }

 protected:
  /// Null: the truth.
  virtual core::BodyPtr instead_of(const core::Body& truth) = 0;

  static constexpr std::size_t most = 64;
  const ReplicaId self_;
  const core::Quorums quorums_;
  const Forger forger_;
  core::Random random_;

 private:
  std::map<core::BatchHeader, core::BodyPtr> shown_;
};

/// Adds operations in a client's name, under signatures or tags that are not its own.
class Invent : public FalseProposal {
 public:
  Invent(double share, const Self& self)
      : FalseProposal(self), share_(share), agreed_(self.limits.agreed), crypto_(self.crypto) {}

  void on_send(Instant now, Letter letter, Traffic& traffic) override {
    const auto* introduction =
        letter.message ? std::get_if<core::Introduction>(letter.message.get()) : nullptr;
    if (introduction && quorums_.primary(introduction->view) == self_) {
      core::Introduction more = *introduction;
      const core::RequestPtr& real = more.items.back().request;
      auto [made, fresh] = introduced_.try_emplace(real->digest);
      if (fresh) made->second = invented(*real, core::Proof::tags);
      if (made->second) more.items.push_back({made->second, core::Tag{}, false});
      while (introduced_.size() > most) introduced_.erase(introduced_.begin());
      letter.message = adversary::share(std::move(more));
    }
    FalseProposal::on_send(now, std::move(letter), traffic);
  }

 private:
  core::BodyPtr instead_of(const core::Body& truth) override {
    if (truth.requests.empty() || !random_.chance(share_)) return nullptr;
    std::vector<core::RequestPtr> requests = truth.requests;
    const core::Request& real = *requests[random_.below(requests.size())];
    const auto shown = introduced_.find(real.digest);
    const bool was_introduced = shown != introduced_.end() && shown->second;
    core::RequestPtr lie = was_introduced ? shown->second : invented(real, core::Proof::signature);
    if (!lie) return nullptr;
    requests.push_back(std::move(lie));
    return forger_.body(truth.time, std::move(requests));
  }
  /// What might be the client's next request.
  core::RequestPtr invented(const core::Request& real, core::Proof proof) const {
    if (real.items.empty()) return nullptr;
    const Bytes payload = wire::encode_request_payload({real.client,
                                                        core::RequestKind::operations,
                                                        real.lowest_unanswered,
                                                        real.last().next(),
                                                        {{to_bytes("invented"), false}}});
    auto parsed = wire::parse_request(payload, agreed_, crypto_);
    auto* request = std::get_if<std::shared_ptr<core::Request>>(&parsed);
    if (!request) return nullptr;
    (*request)->proof = proof;
    (*request)->signature = real.signature;
    return *request;
  }

  const double share_;
  const AgreedLimits agreed_;
  const core::Crypto& crypto_;
  std::map<Digest, core::RequestPtr> introduced_;
};

/// An hour ahead, or as much behind.
class WrongTime : public FalseProposal {
 public:
  WrongTime(double share, const Self& self) : FalseProposal(self), share_(share) {}

 private:
  core::BodyPtr instead_of(const core::Body& truth) override {
    if (!random_.chance(share_)) return nullptr;
    constexpr std::uint64_t hour = 3'600'000'000;
    const std::uint64_t time = truth.time.unix_us;
    return forger_.body(Timestamp{random_.chance(0.5) ? time + hour : time - std::min(time, hour)},
                        truth.requests);
  }
  const double share_;
};

}  // namespace

BehaviourPtr invent(double share, const Self& self) { return std::make_unique<Invent>(share, self); }
BehaviourPtr wrong_time(double share, const Self& self) { return std::make_unique<WrongTime>(share, self); }

}  // namespace pbft::adversary
