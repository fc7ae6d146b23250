// Frames: what a peer sends once its link is up.
#include <algorithm>
#include <optional>

#include "core/authenticator.hpp"
#include "core/images.hpp"
#include "fuzz/crypto.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "wire/codec.hpp"

namespace pbft::fuzz {

namespace {

using core::Message;
using core::Rejection;
using Decoded = std::variant<Message, Rejection>;

/// What the signature of each kind covers, and the digests that are computed; empty where nothing is signed.
struct Covered {
  Bytes operator()(const core::RequestMessage& m) const { return m.request->payload; }
  Bytes operator()(const core::PrePrepare& m) const {
    Bytes covered = core::image_of(m.header);
    if (m.body) covered.insert(covered.end(), m.body->digest.bytes.begin(), m.body->digest.bytes.end());
    return covered;
  }
  Bytes operator()(const core::Prepare& m) const { return core::image_of(m.header); }
  Bytes operator()(const core::Commit& m) const { return core::image_of(m.header); }
  Bytes operator()(const core::Checkpoint& m) const { return core::checkpoint_image(m.seq, m.state); }
  Bytes operator()(const core::CheckpointProof& m) const { return core::checkpoint_image(m.seq, m.state); }
  Bytes operator()(const core::ViewChangePtr& m) const { return core::image_of(*m); }
  Bytes operator()(const core::NewViewPtr& m) const { return core::image_of(*m); }
  Bytes operator()(const core::BodyMessage& m) const { return copy_of(m.body->digest.bytes); }
  Bytes operator()(const core::Complaints& m) const {
    return core::complaint_image(m.view, m.votes.front().stable);
  }
  template <class Unsigned>
  Bytes operator()(const Unsigned&) const {
    return {};
  }
};

/// Whoever passes the frame on says the same as who made it, to the last bit that a signature covers.
void check_meaning(const Message& message, const Message& again) {
  FUZZ_CHECK(message.index() == again.index());
  FUZZ_CHECK(std::visit(Covered(), message) == std::visit(Covered(), again));
  for (const std::optional<core::Identity>& link :
       {std::optional<core::Identity>(), std::optional<core::Identity>(ReplicaId{1})}) {
    const core::Authenticator authenticator(toy_crypto, core::Quorums(4));
    const auto first = authenticator.authenticate(message, link),
               second = authenticator.authenticate(again, link);
    FUZZ_CHECK(first.index() == second.index());
    if (const auto* refused = std::get_if<Rejection>(&first))
      FUZZ_CHECK(*refused == std::get<Rejection>(second));
  }
}

wire::DecodeLimits narrow_limits() {
  wire::DecodeLimits limits;
  limits.replicas = 7;
  limits.agreed.checkpoint_interval = 1;
  limits.agreed.client_window = 4;
  limits.agreed.max_operation_bytes = 16;
  limits.agreed.max_result_bytes = 8;
  limits.agreed.max_request_bytes = 128;
  limits.agreed.max_request_operations = 2;
  limits.agreed.max_batch_bytes = 256;
  limits.agreed.max_batch_requests = 2;
  return limits;
}

void check_frame(BytesView frame, const wire::DecodeLimits& limits) {
  const Decoded decoded = wire::decode(frame, limits, toy_crypto);
  (void)wire::has_no_signature(frame);

  Bytes shifted(frame.size() + 1);
  std::copy(frame.begin(), frame.end(), shifted.begin() + 1);
  const Decoded elsewhere = wire::decode(BytesView(shifted).subspan(1), limits, toy_crypto);
  FUZZ_CHECK(decoded.index() == elsewhere.index());
  if (const auto* refused = std::get_if<Rejection>(&decoded)) {
    FUZZ_CHECK(*refused == std::get<Rejection>(elsewhere));
    return;
  }

  const auto& message = std::get<Message>(decoded);
  const Bytes encoded = wire::encode(message);
  FUZZ_CHECK(encoded.size() == frame.size());
  FUZZ_CHECK(wire::encode(std::get<Message>(elsewhere)) == encoded);
  const Decoded again = wire::decode(encoded, limits, toy_crypto);
  FUZZ_CHECK(std::holds_alternative<Message>(again));
  FUZZ_CHECK(wire::encode(std::get<Message>(again)) == encoded);
  check_meaning(message, std::get<Message>(again));

  const auto* request = std::get_if<core::RequestMessage>(&message);
  const bool unsigned_kind = std::holds_alternative<core::Introduction>(message) ||
                             std::holds_alternative<core::Vouch>(message) ||
                             (request && request->request->proof == core::Proof::tags);
  FUZZ_CHECK(!unsigned_kind || wire::has_no_signature(encoded));
}

void fuzz_message(BytesView frame) {
  static const wire::DecodeLimits usual, narrow = narrow_limits();
  check_frame(frame, usual);
  check_frame(frame, narrow);
}

const Target target("message", fuzz_message);

}  // namespace

}  // namespace pbft::fuzz
