// From a request's signed bytes to the request, with the reason if there is no way.
#pragma once

#include <memory>
#include <variant>

#include "core/crypto.hpp"
#include "core/messages.hpp"
#include "core/rejection.hpp"
#include "pbft/limits.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

/// Without proof: the caller adds what it has. Copies `payload` once; rejections: malformed, too_large.
std::variant<std::shared_ptr<core::Request>, core::Rejection> parse_request(BytesView payload,
                                                                            const AgreedLimits& agreed,
                                                                            const core::Crypto& crypto);

}  // namespace pbft::wire
