// A client: has operations executed, exactly once, whatever f replicas do.
#pragma once

#include <functional>
#include <memory>

#include "pbft/config.hpp"
#include "pbft/export.hpp"
#include "pbft/options.hpp"
#include "pbft/result.hpp"

namespace pbft {

/// Move-only handle. Thread-safe. One process at a time per client key: a second one takes over, and the
/// operations of the first end as `rejected`. A handle that was moved from can only be destroyed or assigned
/// to.
class PBFT_API Client {
 public:
  using Callback = std::function<void(Result<Bytes>)>;

  /// Returns once f+1 replicas have answered an ordered operation of this client.
  /// Errors: invalid_argument (configuration; n-f replicas refuse key, cluster or version), timed_out (too
  /// few replicas answer); the message names who did not answer and why. io: no descriptor left. With
  /// options.loop set it returns at once; the first operations wait for the answer.
  static Result<Client> connect(const ClusterConfig& config, const ClientKey& key,
                                const ClientOptions& options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();  ///< stop()

  /// Blocks until f+1 equal replies by distinct replicas, or Error: timed_out, overloaded, rejected, stopped.
  Result<Bytes> invoke(BytesView operation);
  /// A linearizable read, answered by StateMachine::query. It is not ordered, so one round trip; n-f equal
  /// answers always suffice. It is ordered like an operation, and answered all the same, where writes came
  /// between the answers, where the state machine wants it ordered, and after retry_timeout.
  Result<Bytes> query(BytesView operation);

  /// `done` is called exactly once, in the loop's thread (after stop(): at once, in this one); keep it short,
  /// it must not throw. It may call this client, stop() too, and may destroy the handle; only the blocking
  /// calls are refused there. Many may be outstanding (AgreedLimits::client_window on the wire, the rest wait
  /// here, unbounded).
  void invoke_async(BytesView operation, Callback done);
  void query_async(BytesView operation, Callback done);

  /// The view that f+1 replicas report, for curiosity and tests.
  View view() const;
  /// Outstanding operations end with `stopped`, before stop() returns. Idempotent. In a caller's loop that
  /// has made no turn yet they end with its first one (ClientOptions::loop).
  void stop();

 private:
  class PBFT_LOCAL Impl;
  explicit Client(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  ///< Shared with the loop until it has closed all handles.
};

}  // namespace pbft
