// Statements in any member's name, properly signed: what whoever holds that member's key can say.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "adversary/forger.hpp"
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
  /// With tags of which those for `right` hold, in the other replicas' eyes nobody made it.
  core::RequestPtr tagged(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                          const std::set<ReplicaId>& right) const;
  /// The same with all tags right.
  core::RequestPtr tagged(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies) const;

  // ---- As a replica ---------------------------------------------------------------------------------------
  core::BodyPtr body(Timestamp time, std::vector<core::RequestPtr> requests) const {
    return in_name_of(ReplicaId{0}).body(time, std::move(requests));
  }
  core::BodyPtr null_body() const { return body(Timestamp{}, {}); }
  /// Signed by the primary of the header's view.
  core::PrePrepare pre_prepare(const core::BatchHeader& header, core::BodyPtr body) const {
    return in_name_of(quorums_.primary(header.view)).pre_prepare(header, std::move(body));
  }
  core::PrePrepare pre_prepare(View view, SeqNum seq, core::BodyPtr body) const {
    const Digest digest = body->digest;
    return pre_prepare({view, seq, digest}, std::move(body));
  }
  core::Prepare prepare(ReplicaId by, const core::BatchHeader& header) const {
    return in_name_of(by).prepare(header);
  }
  core::Commit commit(ReplicaId by, const core::BatchHeader& header) const {
    return in_name_of(by).commit(header);
  }
  core::Checkpoint checkpoint(ReplicaId by, SeqNum seq, const Digest& state) const {
    return in_name_of(by).checkpoint(seq, state);
  }
  /// Of the primary of `view`, said at the low watermark `stable`.
  core::Complaints complaint(ReplicaId by, View view, SeqNum stable) const {
    return in_name_of(by).complaint(view, stable);
  }
  /// A certificate with the signatures of the q-1 lowest backups.
  core::PreparedCertificate certificate(const core::BatchHeader& header) const;
  /// Signs what is filled in, as `sender`.
  core::ViewChangePtr view_change(core::ViewChange change) const {
    return in_name_of(change.sender).view_change(std::move(change));
  }
  /// Signs what is filled in, as primary of `view`, headers included.
  core::NewViewPtr new_view(core::NewView entered) const {
    return in_name_of(quorums_.primary(entered.view)).new_view(std::move(entered));
  }

  const core::Crypto& as(const core::Identity& member) const { return keys_.of(member); }

 private:
  adversary::Forger in_name_of(ReplicaId replica) const { return {replica, keys_.of(replica)}; }

  const Keys& keys_;
  wire::DecodeLimits limits_;
  core::Quorums quorums_;
};

}  // namespace pbft::sim
