// Statements in one replica's name, properly signed: whatever it likes to say.
#pragma once

#include <utility>
#include <vector>

#include "core/crypto.hpp"
#include "core/messages.hpp"

namespace pbft::adversary {

class Forger {
 public:
  /// `crypto` signs as `self` and outlives this object.
  Forger(ReplicaId self, const core::Crypto& crypto) : self_(self), crypto_(crypto) {}

  core::BodyPtr body(Timestamp time, std::vector<core::RequestPtr> requests) const;
  /// Believed only where `self` is the primary of header.view.
  core::PrePrepare pre_prepare(const core::BatchHeader& header, core::BodyPtr body) const;
  core::Prepare prepare(const core::BatchHeader& header) const;
  core::Commit commit(const core::BatchHeader& header) const;
  core::Checkpoint checkpoint(SeqNum seq, const Digest& state) const;
  /// About the primary of `view`, said at the low watermark `stable`.
  core::Complaints complaint(View view, SeqNum stable) const;
  /// Signs what is filled in, whoever `sender` is.
  core::ViewChangePtr view_change(core::ViewChange change) const;
  /// Signs what is filled in, headers included. Believed only where `self` is the primary of the view.
  core::NewViewPtr new_view(core::NewView entered) const;

 private:
  ReplicaId self_;
  const core::Crypto& crypto_;
};

/// Another digest, the same for all who change it.
inline Digest changed(Digest digest) {
  digest.bytes[0] = static_cast<std::uint8_t>(digest.bytes[0] ^ 1);
  return digest;
}

inline core::MessagePtr share(core::Message message) {
  return std::make_shared<const core::Message>(std::move(message));
}

}  // namespace pbft::adversary
