// What travels on simulated links: the bytes that a real link would carry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "core/authenticator.hpp"
#include "sim/keys.hpp"
#include "wire/codec.hpp"

namespace pbft::sim {

using Opened = std::variant<core::AuthenticMessage, core::Rejection>;

struct Frame {
  Bytes bytes;
  std::uint64_t hash = 0;
  /// Made by a correct member and not touched on the way: whoever refuses it is wrong.
  bool genuine = false;
  /// The verdict on `bytes`, a pure function of them and of their one sender unless they hold tags: with
  /// ideal signatures found by the first receiver, for all.
  mutable std::optional<Opened> opened;
};
using FramePtr = std::shared_ptr<const Frame>;

/// Both ends of the encoding, with the real codec and the real authenticator.
class Mail {
 public:
  /// With real signatures each receiver opens for itself, with what its own Crypto remembers.
  Mail(const Keys& keys, std::uint32_t replicas, const AgreedLimits& agreed);
  /// REQUIRES, where genuine: the message respects the limits (else a Violation).
  FramePtr seal(const core::MessagePtr& message, bool genuine) const;
  FramePtr seal_bytes(Bytes bytes) const;
  /// Holds until the frame is opened again.
  const Opened& open(const Frame& frame, const core::Identity& sender, const core::Identity& receiver) const;
  const wire::DecodeLimits& limits() const { return limits_; }

 private:
  Opened judge(const Frame& frame, const core::Identity& sender, const core::Crypto& crypto) const;

  const Keys& keys_;
  wire::DecodeLimits limits_;
};

}  // namespace pbft::sim
