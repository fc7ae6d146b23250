// What proves what: pure functions over certificates (OSDI'99 4.3 and 4.4).
#pragma once

#include <vector>

#include "core/crypto.hpp"
#include "core/messages.hpp"
#include "core/quorum.hpp"

namespace pbft::core {

/// q distinct replicas signed this checkpoint; or it is genesis: sequence number 0 with `genesis`, no votes.
bool is_valid(const CheckpointProof& proof, const Digest& genesis, const Quorums& quorums,
              const Crypto& crypto);

/// The primary of the view signed the pre-prepare and q-1 distinct backups the matching prepares.
bool is_valid(const PreparedCertificate& certificate, const Quorums& quorums, const Crypto& crypto);

/// The proof is valid, and so is every certificate: one per sequence number in (stable, stable + window],
/// from a view below the new one. The outer signature was checked when the message came.
bool is_valid(const ViewChange& view_change, std::uint64_t window, const Digest& genesis,
              const Quorums& quorums, const Crypto& crypto);

/// What a NewView must order: digests[i] at stable + 1 + i.
struct Choice {
  SeqNum stable;                ///< min_s: the highest proven stable checkpoint.
  CheckpointProof proof;        ///< Of it.
  std::vector<Digest> digests;  ///< Up to max_s: the digest certified in the highest view, else `null_batch`.
};

/// REQUIRES: every ViewChange is valid. The order of `sources` does not matter: of two certificates for one
/// sequence number the higher view wins, and two of one view have one digest (quorums intersect).
Choice choose_pre_prepares(const std::vector<ViewChangePtr>& sources, const Digest& null_batch);

}  // namespace pbft::core
