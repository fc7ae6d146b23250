// A client with a genuine key, in a real process, that sends what no correct client sends. For tests and
// benchmarks; never part of what is installed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "pbft/config.hpp"
#include "pbft/options.hpp"
#include "pbft/result.hpp"

namespace pbft::faulty {

struct FaultyClientOptions {
  std::uint64_t seed = 1;
  /// The body of its i-th operation, such that the service accepts it; any two differ. Called on its loop.
  std::function<Bytes(std::uint64_t)> operation;
  LogSink log;
};

/// Move-only handle. Thread-safe.
class FaultyClient {
 public:
  struct Counts {
    std::uint64_t frames_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t frames_received = 0;
  };

  /// Dials all replicas, and sends nothing until behave(). Errors: io.
  static Result<FaultyClient> start(const ClusterConfig& config, const ClientKey& key,
                                    FaultyClientOptions options);
  FaultyClient(FaultyClient&&) noexcept;
  FaultyClient& operator=(FaultyClient&&) noexcept;
  ~FaultyClient();  ///< stop()

  /// "storm(1000/s)", "conflict(100/s)+jump(10/s)", "idle" (adversary/client_behaviour.hpp).
  Result<void> behave(const std::string& spec);
  Counts counts() const;
  void stop();  ///< Returns when its thread has ended. Idempotent.

 private:
  class Impl;
  explicit FaultyClient(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  ///< Shared with the loop until it has closed all handles.
};

}  // namespace pbft::faulty
