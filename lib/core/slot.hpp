// All that a replica knows about one sequence number.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/io.hpp"
#include "core/messages.hpp"
#include "core/stages.hpp"
#include "core/vote_set.hpp"

namespace pbft::core {

struct Slot {
  /// The pre-prepare accepted in the current view; header->body stays null, bodies are below.
  std::optional<PrePrepare> header;
  bool reissued = false;      ///< The header came with the NewView of the current view.
  bool body_refused = false;  ///< Its body was reported as unacceptable once; votes may yet vouch for it.
  bool certificate_pending = false;  ///< The current view's certificate is on its way to the disk.
  std::optional<PrePrepare> early;   ///< Of a view that we are about to enter.
  VoteSet prepares;
  VoteSet commits;
  std::optional<PreparedCertificate> certificate;  ///< Prepared, in the highest view in which it was.
  std::optional<Digest> committed;                 ///< q commits match, in whichever view.
  std::vector<BodyPtr> bodies;                     ///< For the digests above; at most one per digest.
  BodyPtr doubtful;  ///< The header's, but not all in it is proven to us; for when votes vouch for it.
  std::vector<Digest> wanted;  ///< Bodies asked for on behalf of a view change.
  struct Asked {
    Digest body;
    std::uint64_t round = 0;  ///< Of fetching.
    bool of_primary = false;  ///< Of nobody else in that round.
  };
  std::vector<Asked> asked;
  /// Since when it can be committed but for the primary or a gap below: there is a header or a certificate.
  std::optional<Instant> waits_since;
  std::optional<Instant> proposed_at;  ///< When the current view's proposal was here with its body.
  Instant touched{};                   ///< When it was first heard of, or the view was entered.
  StageClock clock;

  std::size_t retired_bytes = 0;  ///< What it takes since it was reduced to its proof and its body; 0 before.

  bool is_prepared_in(View view) const {
    return certificate_pending || (certificate && certificate->header.view == view);
  }
  BodyPtr body(const Digest& digest) const {
    for (const BodyPtr& held : bodies) {
      if (held->digest == digest) return held;
    }
    return nullptr;
  }
  bool wants(const Digest& digest) const {
    if (body(digest)) return false;
    if (header && header->header.digest == digest) return true;
    if (committed && *committed == digest) return true;
    for (const Digest& want : wanted) {
      if (want == digest) return true;
    }
    return false;
  }
};

}  // namespace pbft::core
