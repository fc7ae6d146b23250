#include "core/certificates.hpp"

#include <algorithm>
#include <map>

#include "core/images.hpp"
#include "core/mutants.hpp"

namespace pbft::core {

namespace {

bool signed_by_all(const std::vector<SignerSignature>& signers, Statement statement, const Bytes& image,
                   const Crypto& crypto) {
  if (mutated(Mutant::certificates_unverified)) return true;
  return std::all_of(signers.begin(), signers.end(), [&](const SignerSignature& signer) {
    return crypto.verify(statement, signer.replica, image, signer.signature);
  });
}

bool are_distinct_replicas(const std::vector<SignerSignature>& signers, std::uint32_t n) {
  for (std::size_t i = 0; i < signers.size(); ++i) {
    if (signers[i].replica.value >= n) return false;
    if (i > 0 && !(signers[i - 1].replica < signers[i].replica) && !mutated(Mutant::signers_may_repeat))
      return false;
  }
  return true;
}

}  // namespace

bool is_valid(const CheckpointProof& proof, const Digest& genesis, const Quorums& quorums,
              const Crypto& crypto) {
  if (mutated(Mutant::checkpoint_unproven)) return true;
  if (proof.seq.value == 0) return proof.state == genesis && proof.votes.empty();
  return proof.votes.size() == quorums.quorum() && are_distinct_replicas(proof.votes, quorums.n()) &&
         signed_by_all(proof.votes, Statement::checkpoint, checkpoint_image(proof.seq, proof.state), crypto);
}

bool is_valid(const PreparedCertificate& certificate, const Quorums& quorums, const Crypto& crypto) {
  const ReplicaId primary = quorums.primary(certificate.header.view);
  const Bytes image = image_of(certificate.header);
  return (certificate.prepares.size() == quorums.quorum() - 1 ||
          (mutated(Mutant::short_certificate) && !certificate.prepares.empty())) &&
         are_distinct_replicas(certificate.prepares, quorums.n()) &&
         std::none_of(certificate.prepares.begin(), certificate.prepares.end(),
                      [&](const SignerSignature& signer) {
                        return signer.replica == primary && !mutated(Mutant::primary_among_signers);
                      }) &&
         (mutated(Mutant::certificates_unverified) ||
          crypto.verify(Statement::pre_prepare, primary, image, certificate.pre_prepare)) &&
         signed_by_all(certificate.prepares, Statement::prepare, image, crypto);
}

bool is_valid(const ViewChange& view_change, std::uint64_t window, const Digest& genesis,
              const Quorums& quorums, const Crypto& crypto) {
  SeqNum below = view_change.stable.seq;
  for (const PreparedCertificate& certificate : view_change.prepared) {
    const BatchHeader& header = certificate.header;
    if (!(below < header.seq) || header.seq.value - view_change.stable.seq.value > window) return false;
    if (!(header.view < view_change.new_view)) return false;
    below = header.seq;
  }
  return is_valid(view_change.stable, genesis, quorums, crypto) &&
         std::all_of(view_change.prepared.begin(), view_change.prepared.end(),
                     [&](const PreparedCertificate& c) { return is_valid(c, quorums, crypto); });
}

Choice choose_pre_prepares(const std::vector<ViewChangePtr>& sources, const Digest& null_batch) {
  Choice choice;
  bool first = true;
  for (const ViewChangePtr& source : sources) {
    const bool is_higher = mutated(Mutant::lower_checkpoint) ? source->stable.seq < choice.proof.seq
                                                             : choice.proof.seq < source->stable.seq;
    if (first || is_higher) choice.proof = source->stable;
    first = false;
  }
  choice.stable = choice.proof.seq;

  std::map<SeqNum, BatchHeader> highest;  // by view
  for (const ViewChangePtr& source : sources) {
    for (const PreparedCertificate& certificate : source->prepared) {
      const BatchHeader& header = certificate.header;
      if (header.seq <= choice.stable) continue;
      auto [at, inserted] = highest.emplace(header.seq, header);
      const bool is_better =
          mutated(Mutant::lowest_view_wins) ? header.view < at->second.view : at->second.view < header.view;
      if (!inserted && is_better) at->second = header;
    }
  }
  if (highest.empty()) return choice;
  const SeqNum last = highest.rbegin()->first;
  for (SeqNum seq = choice.stable.next(); seq <= last; seq = seq.next()) {
    auto at = highest.find(seq);
    if (mutated(Mutant::nothing_above_a_gap) && at == highest.end()) break;
    const bool is_lost = mutated(Mutant::null_for_prepared) && at != highest.end() &&
                         at->second.view.next() < sources.front()->new_view;
    choice.digests.push_back(at == highest.end() || is_lost ? null_batch : at->second.digest);
  }
  return choice;
}

}  // namespace pbft::core
