// What the adversary knows: all that was ever said in the cluster, and what its own keys can sign.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/quorum.hpp"
#include "sim/frame.hpp"
#include "sim/keys.hpp"

namespace pbft::fuzz {

class Heard {
 public:
  /// The keys of `corrupt` are the adversary's.
  Heard(const sim::Keys& keys, std::uint32_t replicas, std::set<core::Identity> corrupt)
      : keys_(keys), quorums_(replicas), corrupt_(std::move(corrupt)) {}

  /// Of an honest process, whoever's it is.
  void listen(const sim::FramePtr& frame, const wire::DecodeLimits& limits);
  /// Made up: nothing is learnt from it.
  void remember(const sim::FramePtr& frame);
  void learn(const core::BodyPtr& body);
  void learn(const core::RequestPtr& request) { requests.push_back(request); }

  bool is_corrupt(const core::Identity& who) const { return corrupt_.contains(who); }
  /// As good as it gets: made, or repeated, or else one that does not hold.
  core::Signature signature(core::Statement statement, ReplicaId signer, const Bytes& image) const;
  bool has_signature(core::Statement statement, ReplicaId signer, const Bytes& image) const;

  static constexpr std::ptrdiff_t max_frames = 2048;
  std::vector<sim::FramePtr> frames;  ///< The last ones.
  std::vector<core::BodyPtr> bodies;
  std::vector<core::RequestPtr> requests;
  std::vector<core::BatchHeader> headers;
  std::vector<std::pair<SeqNum, Digest>> states;  ///< At checkpoints.
  std::vector<core::ViewChangePtr> view_changes;
  std::vector<core::NewViewPtr> new_views;
  std::vector<Digest> blocks;  ///< That were asked for.
  std::vector<std::shared_ptr<const core::Query>> queries;
  Digest genesis;  ///< The state before the first batch.
  const core::Crypto& hasher() const { return keys_.of(ReplicaId{0}); }

 private:
  using Said = std::tuple<core::Statement, ReplicaId, Bytes>;
  void learn(const core::Message& message);
  void keep(core::Statement statement, ReplicaId signer, Bytes image, const core::Signature& signature) {
    signatures_.insert_or_assign({statement, signer, std::move(image)}, signature);
  }
  void learn(const core::BatchHeader& header);
  void learn(const core::CheckpointProof& proof);
  void learn(const core::ViewChangePtr& change);
  void learn(const core::NewView& entered);

  const sim::Keys& keys_;
  const core::Quorums quorums_;
  const std::set<core::Identity> corrupt_;
  std::map<Said, core::Signature> signatures_;
};

}  // namespace pbft::fuzz
