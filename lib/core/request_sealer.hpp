// What turns a draft into a request that can be sent.
#pragma once

#include "core/messages.hpp"

namespace pbft::core {

/// Encodes and signs a draft. Pure: Ed25519 is deterministic.
class RequestSealer {
 public:
  virtual ~RequestSealer() = default;
  /// As the identity that it was made for; nullptr for a draft that exceeds a limit.
  virtual RequestPtr seal(const RequestDraft& draft) const = 0;
};

}  // namespace pbft::core
