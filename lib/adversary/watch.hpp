// Where the protocol is, as far as it shows in what the honest core sends: so that lies are near the truth.
#pragma once

#include <algorithm>

#include "adversary/behaviour.hpp"

namespace pbft::adversary {

class Watch {
 public:
  void on_send(const core::Message& message) {
    if (const auto* prepare = std::get_if<core::Prepare>(&message)) see(prepare->header);
    if (const auto* commit = std::get_if<core::Commit>(&message)) see(commit->header);
    if (const auto* proposal = std::get_if<core::PrePrepare>(&message)) see(proposal->header);
    if (const auto* change = std::get_if<core::ViewChangePtr>(&message)) {
      stable = (*change)->stable;
      incarnation = (*change)->incarnation;
    }
    if (const auto* proof = std::get_if<core::CheckpointProof>(&message)) stable = *proof;
    if (const auto* status = std::get_if<core::Status>(&message)) {
      view = std::max(view, status->view);
      seq = std::max(seq, status->executed);
    }
  }

  View view;
  SeqNum seq;
  core::CheckpointProof stable;  ///< The last that was sent; empty before.
  std::uint64_t incarnation = 0;

 private:
  void see(const core::BatchHeader& header) {
    view = std::max(view, header.view);
    seq = std::max(seq, header.seq);
  }
};

/// Appends a message for every other replica.
inline void broadcast(const core::MessagePtr& message, ReplicaId self, std::uint32_t replicas,
                      std::vector<Letter>& out) {
  for (std::uint32_t id = 0; id < replicas; ++id) {
    if (id != self.value) out.push_back({ReplicaId{id}, message, nullptr});
  }
}

}  // namespace pbft::adversary
