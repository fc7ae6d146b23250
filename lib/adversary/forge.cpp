// False proofs: certificates, checkpoints and NewViews made of what others have really signed, where they
// need not be false at first sight. Each is what one missing check would let pass.
#include <algorithm>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/hoard.hpp"
#include "adversary/kinds.hpp"
#include "adversary/watch.hpp"
#include "core/certificates.hpp"
#include "core/images.hpp"
#include "core/quorum.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

using core::MessagePtr;
using core::NewView;
using core::NewViewPtr;
using core::PreparedCertificate;
using core::ViewChange;
using core::ViewChangePtr;

class Forge : public Behaviour {
 public:
  Forge(double share, const Self& self)
      : share_(share),
        self_(self.id),
        crypto_(self.crypto),
        agreed_(self.limits.agreed),
        quorums_(self.limits.replicas),
        forger_(self.id, self.crypto),
        null_batch_(forger_.body(Timestamp{}, {})->digest),
        random_(self.seed) {}

  // One forgery for all who are to see it, or they would not believe each other.
  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) {
      hoard_.learn(*letter.message);
      if (last_sent_ != letter.message) {
        last_sent_ = letter.message;
        forged_ = random_.chance(share_) ? forge(*letter.message, traffic) : nullptr;
      }
      if (forged_) letter.message = forged_;
    }
    traffic.out.push_back(std::move(letter));
  }
  void on_receive(Instant, Heard heard, Traffic& traffic) override {
    hoard_.learn(heard.message.get());
    if (const auto* change = std::get_if<ViewChangePtr>(&heard.message.get());
        change && random_.chance(share_)) {
      pass_on_cut((*change), traffic);
    }
    traffic.in.push_back(std::move(heard));
  }

 private:
  MessagePtr forge(const core::Message& message, Traffic& traffic) {
    if (const auto* change = std::get_if<ViewChangePtr>(&message); change && (*change)->sender == self_) {
      return share(false_view_change(**change));
    }
    if (const auto* entered = std::get_if<NewViewPtr>(&message);
        entered && quorums_.primary((*entered)->view) == self_) {
      return false_new_view(**entered, traffic);
    }
    if (const auto* status = std::get_if<core::Status>(&message)) {
      if (auto proof = false_checkpoint(status->stable)) return share(*std::move(proof));
    }
    return nullptr;
  }

  // ---- ViewChanges ----------------------------------------------------------------------------------------

  /// One kind of lie in each: where one is found out, what else is false does not count.
  ViewChangePtr false_view_change(ViewChange change) {
    const std::uint64_t kind = random_.below(8);
    if (kind == 0) {
      if (auto proof = false_checkpoint(change.stable.seq)) {
        change.stable = *std::move(proof);
        std::erase_if(change.prepared, [&](const auto& c) { return c.header.seq <= change.stable.seq; });
      }
    } else if (kind == 1) {
      change.prepared.clear();
    } else {
      for (std::uint64_t lies = 1 + random_.below(3); lies > 0; --lies) {
        const auto lie = kind < 4 ? padded_certificate(kind == 2) : moved_certificate(kind, change.new_view);
        if (lie) put(change, *lie);
      }
    }
    return forger_.view_change(std::move(change));
  }
  static void put(ViewChange& change, const PreparedCertificate& certificate) {
    const SeqNum seq = certificate.header.seq;
    if (seq <= change.stable.seq || change.new_view <= certificate.header.view) return;
    std::erase_if(change.prepared, [&](const auto& c) { return c.header.seq == seq; });
    change.prepared.insert(std::find_if(change.prepared.begin(), change.prepared.end(),
                                        [&](const auto& c) { return c.header.seq > seq; }),
                           certificate);
  }
  /// A real certificate, said to be for another batch, place or view.
  std::optional<PreparedCertificate> moved_certificate(std::uint64_t kind, View below) {
    if (hoard_.certificates().empty()) return std::nullopt;
    PreparedCertificate lie = any_of(hoard_.certificates()).second;
    if (kind == 4) {
      lie.header.digest = null_batch_;
    } else if (kind == 5) {
      lie.header.seq = SeqNum{lie.header.seq.value + 1 + random_.below(3)};
    } else if (kind == 6 && lie.header.view < below) {  // the highest view of the same primary
      const std::uint64_t rounds = (below.value - 1 - lie.header.view.value) / quorums_.n();
      lie.header.view = View{lie.header.view.value + rounds * quorums_.n()};
    } else {
      lie.header = {View{below.value - 1}, lie.header.seq, null_batch_};
    }
    return lie;
  }
  /// For a proposal that we have seen: as many prepares as there are, our own among them, and some of them
  /// twice or too few.
  std::optional<PreparedCertificate> padded_certificate(bool repeats) {
    if (hoard_.proposals().empty()) return std::nullopt;
    const auto& [header, signature] = any_of(hoard_.proposals());
    PreparedCertificate lie{header, signature, {}};
    Hoard::Signers signers;
    if (const auto known = hoard_.prepares().find(header); known != hoard_.prepares().end()) {
      signers = known->second;
    }
    signers[self_] = forger_.prepare(header).signature;
    for (const auto& [replica, prepare] : signers) lie.prepares.push_back({replica, prepare});
    const std::size_t needed = quorums_.quorum() - 1;
    while (lie.prepares.size() > needed) lie.prepares.pop_back();
    while (repeats && lie.prepares.size() < needed) lie.prepares.push_back(lie.prepares.back());
    return lie;
  }
  /// Another's, without what it has prepared; the signature is that of the whole one.
  void pass_on_cut(const ViewChangePtr& change, Traffic& traffic) {
    if (change->prepared.empty()) return;
    broadcast(share(cut(*change)), self_, quorums_.n(), traffic.out);
  }
  ViewChangePtr cut(ViewChange change) const {
    change.prepared.clear();
    change.digest = core::view_change_digest(crypto_, change);
    return std::make_shared<const ViewChange>(std::move(change));
  }

  // ---- Checkpoints ----------------------------------------------------------------------------------------

  /// Of a state that nobody has, or that too few vouch for.
  std::optional<core::CheckpointProof> false_checkpoint(SeqNum stable) {
    const std::uint64_t interval = agreed_.checkpoint_interval;
    core::CheckpointProof lie;
    Hoard::Signers signers;
    if (hoard_.checkpoints().empty() || random_.chance(0.3)) {
      lie.seq = SeqNum{(stable.value / interval + 1 + random_.below(2)) * interval};
      lie.state = changed(null_batch_);
    } else {
      const auto& [place, votes] = *hoard_.checkpoints().rbegin();
      lie.seq = place.first;
      lie.state = random_.chance(0.5) ? changed(place.second) : place.second;
      signers = votes;
    }
    signers[self_] = forger_.checkpoint(lie.seq, lie.state).signature;
    for (const auto& [replica, signature] : signers) lie.votes.push_back({replica, signature});
    while (lie.votes.size() > quorums_.quorum()) lie.votes.erase(lie.votes.begin());
    const bool repeats = random_.chance(0.5);
    while (repeats && lie.votes.size() < quorums_.quorum()) lie.votes.push_back(lie.votes.back());
    return lie;
  }

  // ---- NewViews -------------------------------------------------------------------------------------------

  /// All of it follows from its sources, but these are too few, of another view, forgotten or forged.
  MessagePtr false_new_view(const NewView& truth, Traffic& traffic) {
    std::map<ReplicaId, ViewChangePtr> sources;
    for (const auto& [key, change] : hoard_.changes()) {
      if (key.first == truth.view) sources[key.second] = change;
    }
    const std::uint64_t kind = random_.below(5);
    if (kind == 0) {
      for (auto at = sources.begin(); at != sources.end();)
        at = at->first == self_ ? ++at : sources.erase(at);
    } else if (kind == 1) {
      for (const auto& [key, change] : hoard_.changes()) {
        auto& used = sources[key.second];
        if (!used || change->prepared.size() < used->prepared.size()) used = change;
      }
    } else if (kind == 2) {
      if (const auto own = sources.find(self_); own != sources.end()) {
        own->second = false_view_change(*own->second);
      }
    } else if (kind == 3) {
      for (auto& [replica, change] : sources) {
        if (replica != self_ && !change->prepared.empty()) change = cut(*change);
      }
    }
    std::vector<ViewChangePtr> chosen;
    for (const auto& [replica, change] : sources) chosen.push_back(change);
    // Those that tell of the least.
    while (chosen.size() > quorums_.quorum()) {
      chosen.erase(std::max_element(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
        return a->prepared.size() < b->prepared.size();
      }));
    }
    if (chosen.empty()) return nullptr;
    NewView lie;
    lie.view = truth.view;
    const core::Choice choice = core::choose_pre_prepares(chosen, null_batch_);
    lie.first = choice.stable.next();
    for (const Digest& digest : choice.digests) lie.headers.push_back({digest, {}});
    for (const ViewChangePtr& change : chosen) {
      lie.sources.push_back({change->sender, change->digest});
      broadcast(share(change), self_, quorums_.n(), traffic.out);
    }
    NewViewPtr made = forger_.new_view(std::move(lie));
    if (kind == 4 && !made->headers.empty()) made = with_broken_header(*made);
    return share(std::move(made));
  }
  NewViewPtr with_broken_header(NewView lie) {
    core::Signature& signature = lie.headers[random_.below(lie.headers.size())].signature;
    signature.bytes[0] = static_cast<std::uint8_t>(signature.bytes[0] ^ 1);
    lie.signature = crypto_.sign(core::Statement::new_view, core::image_of(lie));
    return std::make_shared<const NewView>(std::move(lie));
  }

  template <class Map>
  const typename Map::value_type& any_of(const Map& map) {
    return *std::next(map.begin(), static_cast<std::ptrdiff_t>(random_.below(map.size())));
  }

  const double share_;
  const ReplicaId self_;
  const core::Crypto& crypto_;
  const AgreedLimits agreed_;
  const core::Quorums quorums_;
  const Forger forger_;
  const Digest null_batch_;
  core::Random random_;
  Hoard hoard_;
  MessagePtr last_sent_;
  MessagePtr forged_;
};

}  // namespace

BehaviourPtr forge(double share, const Self& self) { return std::make_unique<Forge>(share, self); }

}  // namespace pbft::adversary
