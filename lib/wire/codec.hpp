// Between frames and core values. The only place that knows Cap'n Proto.
#pragma once

#include <variant>

#include "core/client.hpp"
#include "core/messages.hpp"
#include "core/rejection.hpp"
#include "pbft/limits.hpp"

namespace pbft::wire {

// Limits that follow from how the core builds its messages.
inline constexpr std::size_t max_reply_items = 4096;       ///< The core splits a Reply long before.
inline constexpr std::size_t max_status_checkpoints = 16;  ///< Checkpoints above the stable one: a few.
inline std::size_t max_status_slots(const AgreedLimits& agreed) { return 3 * agreed.window(); }
/// All results of one Reply: the core closes it once 256 KiB are reached.
inline std::size_t max_reply_bytes(const AgreedLimits& agreed) {
  return 256 * 1024 + agreed.max_result_bytes;
}

/// Limits of decoding, computed from the cluster.
struct DecodeLimits {
  std::uint32_t replicas = 4;
  AgreedLimits agreed;
  /// Largest frame any correct member sends, of whatever kind: of a full batch, a ViewChange or a NewView in
  /// a large cluster, of results or a block of state in one whose own limits are small.
  std::size_t max_frame_bytes() const;
};

/// One frame: a single-segment Cap'n Proto message without the segment table. Never fails for a message that
/// respects the limits. Derived fields do not travel.
Bytes encode(const core::Message& message);
/// The same behind what `to` holds. REQUIRES: to.size() is a multiple of 8.
void append_frame(Bytes& to, const core::Message& message);

/// `frame` may be anything. Strict: exact length, one segment, known union member, every list and blob within
/// its limit, ascending orders as the values' invariants say, digests of requests and bodies computed with
/// `crypto`. Work and memory are linear in frame.size(). Rejections: too_large where a size of AgreedLimits
/// is exceeded, else malformed. A frame that is not aligned to 8 bytes is copied first.
std::variant<core::Message, core::Rejection> decode(BytesView frame, const DecodeLimits& limits,
                                                    const core::Crypto& crypto);

/// Whether it seems to be a message whose check takes no signature: quicker done than passed on. A hint, from
/// a glance at its beginning; true of what append_frame() made of a request with tags, an introduction or a
/// vouch.
bool has_no_signature(BytesView frame);

/// The bytes a client signs; their layout stands in request.cpp.
Bytes encode_request_payload(const core::RequestDraft& draft);
/// A request from its signed bytes; nullptr if they are malformed or exceed a limit. The digest is computed
/// here.
core::RequestPtr decode_request(BytesView payload, const core::Signature& signature,
                                const DecodeLimits& limits, const core::Crypto& crypto);

/// encode_request_payload and sign; nullptr for a draft that exceeds a limit.
class Sealer : public core::RequestSealer {
 public:
  Sealer(const core::Crypto& crypto, DecodeLimits limits) : crypto_(crypto), limits_(std::move(limits)) {}
  core::RequestPtr seal(const core::RequestDraft& draft) const override;
  core::RequestPtr seal_with_tags(const core::RequestDraft& draft) const override;
  core::RequestPtr sign(const core::Request& request) const override;

 private:
  const core::Crypto& crypto_;
  DecodeLimits limits_;
};

}  // namespace pbft::wire
