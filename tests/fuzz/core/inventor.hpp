// Messages that the adversary makes up: authentic, since its own keys sign them, and otherwise arbitrary.
#pragma once

#include <vector>

#include "fuzz/core/heard.hpp"
#include "fuzz/input.hpp"
#include "sim/cluster.hpp"

namespace pbft::fuzz {

/// Around where the cluster stands, so that much of it is almost right.
class Inventor {
 public:
  /// `standing`: a correct replica, which is a measure of what is near.
  Inventor(Input& input, sim::Cluster& cluster, Heard& heard, const std::vector<ReplicaId>& faulty,
           ReplicaId standing)
      : input_(input),
        cluster_(cluster),
        heard_(heard),
        faulty_(faulty),
        standing_(standing),
        state_(cluster.replica(standing.value).state()) {}

  /// Of any kind, by one of the faulty.
  core::Message message(ReplicaId by);
  /// By the client whose key is the adversary's.
  core::RequestPtr request();
  /// An open or operations that a client might have sent: numbers may be anything.
  core::BodyPtr new_body();

 private:
  View view();
  View view_led_by(ReplicaId primary);
  SeqNum seq();
  Digest digest();
  core::BodyPtr body();
  core::BatchHeader header();
  core::Signature signature(core::Statement statement, ReplicaId signer, const Bytes& image);
  std::uint64_t replicas_mask();
  core::RequestPtr with_tags(const core::Request& request);

  core::PrePrepare pre_prepare(ReplicaId by);
  core::Vote vote(core::Statement statement, ReplicaId by);
  core::Checkpoint checkpoint(ReplicaId by);
  core::CheckpointProof proof();
  core::PreparedCertificate certificate(SeqNum above);
  core::ViewChangePtr view_change(ReplicaId by);
  core::NewViewPtr new_view(ReplicaId by);
  void choose_sources(core::NewView& entered, std::vector<core::ViewChangePtr>& sources);
  core::Status status();
  core::Complaints complaints(ReplicaId by);
  core::Introduction introduction();
  core::Vouch vouch();
  core::Reply reply();
  core::QueryReply query_reply();
  core::Message state_message();

  template <class Value>
  const Value* any_of(const std::vector<Value>& values) {
    if (values.empty()) return nullptr;
    // The latest are the likeliest to matter.
    return &values[values.size() - 1 - input_.below(std::min<std::size_t>(values.size(), 256))];
  }

  Input& input_;
  sim::Cluster& cluster_;
  Heard& heard_;
  const std::vector<ReplicaId>& faulty_;
  const ReplicaId standing_;
  const core::ReplicaState state_;
};

}  // namespace pbft::fuzz
