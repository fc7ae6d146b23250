// The only maker of AuthenticMessage: checks the outer signature of a decoded message.
#pragma once

#include <optional>
#include <variant>

#include "core/crypto.hpp"
#include "core/messages.hpp"
#include "core/quorum.hpp"
#include "core/rejection.hpp"

namespace pbft::core {

/// Stateless; any thread, as far as `crypto` allows it.
class Authenticator {
 public:
  Authenticator(const Crypto& crypto, Quorums quorums) : crypto_(crypto), quorums_(quorums) {}

  /// Checks the signature of the signer that the message names (for PrePrepare and NewView the primary of the
  /// view), or a request's tag for us; sets Body::requests_authentic of an enclosed body and
  /// Introduction::Item::authentic; fills derived digests. Certificates inside ViewChange and NewView are
  /// left to the core, which checks them for the view that it really enters. Rejections: unknown_replica,
  /// bad_signature (also for a client that is not admitted), wrong_tag.
  /// `link`: who brought the message, if that is known. A Commit that its sender brings itself is not checked
  /// (Vote::Signed).
  std::variant<AuthenticMessage, Rejection> authenticate(Message message,
                                                         std::optional<Identity> link = std::nullopt) const;

 private:
  const Crypto& crypto_;
  Quorums quorums_;
};

}  // namespace pbft::core
