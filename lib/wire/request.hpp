// From a request's signed bytes to the request, with the reason if there is no way.
#pragma once

#include <variant>

#include "core/crypto.hpp"
#include "core/messages.hpp"
#include "core/rejection.hpp"
#include "pbft/limits.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

/// Copies `payload` once; rejections: malformed, too_large.
std::variant<core::RequestPtr, core::Rejection> parse_request(BytesView payload,
                                                              const core::Signature& signature,
                                                              const AgreedLimits& agreed,
                                                              const core::Crypto& crypto);

}  // namespace pbft::wire
