#include "sim/forger.hpp"

namespace pbft::sim {

namespace {
core::RequestDraft draft_of(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                            std::uint64_t lowest_unanswered) {
  core::RequestDraft draft;
  draft.client = by;
  draft.lowest_unanswered = RequestNumber{lowest_unanswered};
  draft.first = RequestNumber{first};
  for (const std::string& body : bodies) draft.items.push_back({to_bytes(body), false});
  return draft;
}
}  // namespace

core::RequestPtr Forger::request(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                                 std::uint64_t lowest_unanswered) const {
  return request(draft_of(by, first, bodies, lowest_unanswered));
}

core::RequestPtr Forger::tagged(ClientId by, std::uint64_t first,
                                const std::vector<std::string>& bodies) const {
  std::set<ReplicaId> all;
  for (std::uint32_t id = 0; id < quorums_.n(); ++id) all.insert(ReplicaId{id});
  return tagged(by, first, bodies, all);
}

core::RequestPtr Forger::tagged(ClientId by, std::uint64_t first, const std::vector<std::string>& bodies,
                                const std::set<ReplicaId>& right) const {
  const core::RequestDraft draft = draft_of(by, first, bodies, first);
  auto request =
      std::const_pointer_cast<core::Request>(wire::Sealer(keys_.of(by), limits_).seal_with_tags(draft));
  for (std::uint32_t id = 0; id < quorums_.n(); ++id) {
    if (!right.contains(ReplicaId{id})) request->tags[id].bytes[3] ^= 1;
  }
  return request;
}

core::RequestPtr Forger::request(const core::RequestDraft& draft) const {
  return request_signed_by(draft.client, draft);
}

core::RequestPtr Forger::request_signed_by(ClientId by, const core::RequestDraft& draft) const {
  return wire::Sealer(keys_.of(by), limits_).seal(draft);
}

core::PreparedCertificate Forger::certificate(const core::BatchHeader& header) const {
  core::PreparedCertificate result{header, pre_prepare(header, nullptr).signature, {}};
  for (std::uint32_t i = 0; result.prepares.size() + 1 < quorums_.quorum(); ++i) {
    const ReplicaId backup{i};
    if (backup == quorums_.primary(header.view)) continue;
    result.prepares.push_back({backup, prepare(backup, header).signature});
  }
  return result;
}

}  // namespace pbft::sim
