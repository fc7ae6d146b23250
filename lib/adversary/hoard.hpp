// What others have signed, kept for use where it does not belong.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/messages.hpp"

namespace pbft::adversary {

/// The newest of each kind; bounded.
class Hoard {
 public:
  void learn(const core::Message& message) {
    if (const auto* proposal = std::get_if<core::PrePrepare>(&message)) {
      proposals_[proposal->header] = proposal->signature;
    } else if (const auto* prepare = std::get_if<core::Prepare>(&message)) {
      prepares_[prepare->header][prepare->sender] = prepare->signature;
    } else if (const auto* vote = std::get_if<core::Checkpoint>(&message)) {
      checkpoints_[{vote->seq, vote->state}][vote->sender] = vote->signature;
    } else if (const auto* proof = std::get_if<core::CheckpointProof>(&message)) {
      for (const core::SignerSignature& signer : proof->votes) {
        checkpoints_[{proof->seq, proof->state}][signer.replica] = signer.signature;
      }
    } else if (const auto* change = std::get_if<core::ViewChangePtr>(&message)) {
      // The first that each sent for a view: that may be one which it has forgotten.
      changes_.try_emplace({(*change)->new_view, (*change)->sender}, *change);
      for (const core::PreparedCertificate& certificate : (*change)->prepared) learn(certificate);
    }
    while (proposals_.size() > most) proposals_.erase(proposals_.begin());
    while (prepares_.size() > most) prepares_.erase(prepares_.begin());
    while (checkpoints_.size() > most) checkpoints_.erase(checkpoints_.begin());
    while (certificates_.size() > most) certificates_.erase(certificates_.begin());
    while (changes_.size() > most) changes_.erase(changes_.begin());
  }
  void learn(const core::PreparedCertificate& certificate) {
    certificates_.try_emplace(certificate.header, certificate);
  }

  using Signers = std::map<ReplicaId, core::Signature>;
  const std::map<core::BatchHeader, core::Signature>& proposals() const { return proposals_; }
  const std::map<core::BatchHeader, Signers>& prepares() const { return prepares_; }
  const std::map<core::BatchHeader, core::PreparedCertificate>& certificates() const { return certificates_; }
  const std::map<std::pair<SeqNum, Digest>, Signers>& checkpoints() const { return checkpoints_; }
  const std::map<std::pair<View, ReplicaId>, core::ViewChangePtr>& changes() const { return changes_; }

 private:
  static constexpr std::size_t most = 256;
  std::map<core::BatchHeader, core::Signature> proposals_;
  std::map<core::BatchHeader, Signers> prepares_;
  std::map<core::BatchHeader, core::PreparedCertificate> certificates_;
  std::map<std::pair<SeqNum, Digest>, Signers> checkpoints_;
  std::map<std::pair<View, ReplicaId>, core::ViewChangePtr> changes_;
};

}  // namespace pbft::adversary
