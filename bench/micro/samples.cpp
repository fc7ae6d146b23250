#include "micro/samples.hpp"

#include "core/images.hpp"

namespace pbft::bench {

using sim::Signatures;

const sim::Keys& keys(Signatures kind) {
  static const sim::Keys ed25519(Signatures::ed25519, 1, replicas, clients);
  static const sim::Keys ideal(Signatures::ideal, 1, replicas, clients);
  return kind == Signatures::ideal ? ideal : ed25519;
}

const wire::DecodeLimits& limits() {
  static const wire::DecodeLimits limits{replicas, {}};
  return limits;
}

core::RequestPtr request_of(ClientId client, std::uint64_t first, std::size_t operations, std::size_t bytes,
                            Signatures kind) {
  core::RequestDraft draft{
      client, core::RequestKind::operations, RequestNumber{first}, RequestNumber{first}, {}};
  for (std::size_t i = 0; i < operations; ++i) draft.items.push_back({Bytes(bytes), false});
  return wire::Sealer(keys(kind).of(client), limits()).seal(draft);
}

std::shared_ptr<core::Body> body_of(std::size_t requests, std::size_t operations, std::size_t bytes,
                                    std::uint64_t first, Signatures kind) {
  auto body = std::make_shared<core::Body>();
  body->time = Timestamp{1};
  for (std::size_t i = 0; i < requests; ++i) {
    body->requests.push_back(
        request_of(ClientId{1 + i % clients}, first + i / clients * operations, operations, bytes, kind));
  }
  body->digest = core::batch_digest(keys(kind).of(ReplicaId{0}), body->time, body->requests);
  body->requests_authentic = true;
  return body;
}

core::PrePrepare pre_prepare_of(std::uint64_t seq, core::BodyPtr body, Signatures kind) {
  const core::BatchHeader header{View{0}, SeqNum{seq}, body->digest};
  const core::Signature signature =
      keys(kind).of(ReplicaId{0}).sign(core::Statement::pre_prepare, core::image_of(header));
  return {header, signature, std::move(body)};
}

core::Vote vote_of(core::Statement statement, ReplicaId sender, const core::BatchHeader& header,
                   Signatures kind) {
  return {header, sender, keys(kind).of(sender).sign(statement, core::image_of(header))};
}

void per_operation(benchmark::State& state, std::size_t operations) {
  state.counters["per_op"] =
      benchmark::Counter(static_cast<double>(operations),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace pbft::bench
