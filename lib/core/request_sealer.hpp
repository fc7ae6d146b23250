// What turns a draft into a request that can be sent.
#pragma once

#include "core/messages.hpp"

namespace pbft::core {

/// Encodes and signs a draft. Pure: Ed25519 is deterministic, and so are tags.
class RequestSealer {
 public:
  virtual ~RequestSealer() = default;
  /// As the identity that it was made for; nullptr for a draft that exceeds a limit.
  virtual RequestPtr seal(const RequestDraft& draft) const = 0;
  /// The same with tags instead of a signature.
  virtual RequestPtr seal_with_tags(const RequestDraft& draft) const = 0;
  /// The same request, signed.
  virtual RequestPtr sign(const Request& request) const = 0;
};

}  // namespace pbft::core
