// Statements in any member's name, properly signed: what whoever holds that member's key can say.
#pragma once

#include <string>
#include <vector>

#include "sim/keys.hpp"
#include "wire/codec.hpp"

namespace pbft::sim {

class Forger {
 public:
  Forger(const Keys& keys, wire::DecodeLimits limits)
      : keys_(keys), limits_(limits), quorums_(limits.replicas) {}

  // ---- As a client ----------------------------------------------------------------------------------------
  /// Operations under the numbers first, first + 1, ...
  core::RequestPtr request(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                           std::uint64_t lowest_unanswered = 1) const;
  core::RequestPtr request(const core::RequestDraft& draft) const;
  /// Of client `named`, signed by client `by`.
  core::RequestPtr request_signed_by(ClientId by, const core::RequestDraft& draft) const;

  // ---- As a replica ---------------------------------------------------------------------------------------
  core::BodyPtr body(Timestamp time, std::vector<core::RequestPtr> requests) const;
  core::BodyPtr null_body() const { return body(Timestamp{}, {}); }
  /// Signed by the primary of the header's view.
  core::PrePrepare pre_prepare(const core::BatchHeader& header, core::BodyPtr body) const;
  core::PrePrepare pre_prepare(View view, SeqNum seq, core::BodyPtr body) const {
    const Digest digest = body->digest;
    return pre_prepare({view, seq, digest}, std::move(body));
  }
  core::Prepare prepare(ReplicaId by, const core::BatchHeader& header) const;
  core::Commit commit(ReplicaId by, const core::BatchHeader& header) const;
  core::Checkpoint checkpoint(ReplicaId by, SeqNum seq, const Digest& state) const;
  /// A certificate with the signatures of the q-1 lowest backups.
  core::PreparedCertificate certificate(const core::BatchHeader& header) const;
  /// Signs what is filled in, as `sender`.
  core::ViewChangePtr view_change(core::ViewChange change) const;
  /// Signs what is filled in, as primary of `view`, headers included.
  core::NewViewPtr new_view(core::NewView entered) const;

  const core::Crypto& as(const core::Identity& member) const { return keys_.of(member); }

 private:
  const Keys& keys_;
  wire::DecodeLimits limits_;
  core::Quorums quorums_;
};

}  // namespace pbft::sim
