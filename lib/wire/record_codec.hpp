// Between the records of a replica's log and their bytes; the layout stands in record_codec.cpp.
#pragma once

#include <variant>

#include "core/io.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

/// Signatures as they were made; derived digests and whether a body's requests are authentic are not
/// recorded. REQUIRES: a prepared record has its body, a NewView its sources in their order.
Bytes encode_record(const core::Record& record);

/// `bytes` may be anything. As strict as decode(), and what belongs together must fit together: a body its
/// header, a NewView's sources the senders and digests that it names, prepares ascending and of members.
/// Derived digests are computed. Signatures are the core's to check. Work and memory are linear in
/// bytes.size(); `bytes` aligned to 8 are decoded in place. Rejections: as decode().
std::variant<core::Record, core::Rejection> decode_record(BytesView bytes, const DecodeLimits& limits,
                                                          const core::Crypto& crypto);

}  // namespace pbft::wire
