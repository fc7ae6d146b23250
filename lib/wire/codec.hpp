// Between frames and core values. The only place that knows Cap'n Proto.
#pragma once

#include <variant>

#include "core/client.hpp"
#include "core/messages.hpp"
#include "core/rejection.hpp"
#include "pbft/limits.hpp"

namespace pbft::wire {

/// Limits of decoding, computed from the cluster.
struct DecodeLimits {
  std::uint32_t replicas = 4;
  AgreedLimits agreed;
  /// Largest frame any correct member sends: the largest of a full batch, a ViewChange and a NewView.
  std::size_t max_frame_bytes() const;
};

/// One frame: a single-segment Cap'n Proto message without the segment table. Never fails for a message that
/// respects the limits.
Bytes encode(const core::Message& message);

/// `frame` may be anything. Strict: exact length, one segment, known union member, every list and blob within
/// its limit, ascending orders as the values' invariants say, digests of requests and bodies computed with
/// `crypto`. Work and memory are linear in frame.size().
std::variant<core::Message, core::Rejection> decode(BytesView frame, const DecodeLimits& limits,
                                                    const core::Crypto& crypto);

/// The bytes a client signs.
Bytes encode_request_payload(const core::RequestDraft& draft);
/// A request from its signed bytes; nullptr if they are malformed. The digest is computed here.
core::RequestPtr decode_request(BytesView payload, const core::Signature& signature, const DecodeLimits& limits,
                                const core::Crypto& crypto);

/// encode_request_payload and sign.
class Sealer : public core::RequestSealer {
 public:
  Sealer(const core::Crypto& crypto, DecodeLimits limits) : crypto_(crypto), limits_(std::move(limits)) {}
  core::RequestPtr seal(const core::RequestDraft& draft) const override;

 private:
  const core::Crypto& crypto_;
  DecodeLimits limits_;
};

}  // namespace pbft::wire
