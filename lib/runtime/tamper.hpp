// The seam at which a test makes a replica faulty: what leaves its core, and what reaches it, passes through
// someone else's hands. The library itself hands it to nobody.
#pragma once

#include <functional>
#include <memory>

#include "core/io.hpp"
#include "pbft/replica.hpp"
#include "runtime/loop.hpp"
#include "wire/codec.hpp"

namespace pbft::runtime {

/// Everything on the replica's loop.
class Tamper {
 public:
  /// The replica as it is without. Valid as long as the replica's handle.
  struct Inside {
    ReplicaId id;
    const core::Crypto& crypto;  ///< Signs as `id`. Any thread.
    const wire::DecodeLimits& limits;
    Loop& loop;  ///< For a timer, and to post.
    std::function<void(const core::Identity& to, const core::Message& message)> send;
    std::function<void(const core::Identity& to, BytesView frame)> send_frame;
    std::function<void(const core::Identity& from, core::AuthenticMessage message)> hear;
  };

  virtual ~Tamper() = default;
  /// Once, before the loop runs.
  virtual void enter(Inside inside) = 0;
  /// The core wants this to leave.
  virtual void on_send(const core::Identity& to, const core::MessagePtr& message) = 0;
  /// This has arrived and is authentic.
  virtual void on_receive(const core::Identity& from, core::AuthenticMessage message) = 0;
};

struct Seam {
  /// Replica::start(); `tamper` may be null.
  static Result<Replica> start(const ClusterConfig& config, const ReplicaKey& key, StateMachine& machine,
                               const ReplicaOptions& options, std::shared_ptr<Tamper> tamper);
};

}  // namespace pbft::runtime
