// What a replica or client process may choose for itself.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pbft/limits.hpp"

typedef struct uv_loop_s uv_loop_t;

namespace pbft {

enum class LogLevel { debug, info, warning, error };
/// Called from any of the library's threads, one call at a time. `text` is one line without a line end.
using LogSink = std::function<void(LogLevel, std::string_view text)>;

struct ReplicaOptions {
  ReplicaLimits limits;
  /// Where to listen, instead of this replica's entry in the cluster configuration ("0.0.0.0" behind a NAT).
  std::string listen_host;
  /// A loop that the caller runs. Null: the replica runs one of its own in a thread of its own. The caller
  /// runs its loop in one thread, and goes on running it until stop() has returned (call stop() from another
  /// thread, or from the loop's thread between two callbacks).
  uv_loop_t* loop = nullptr;
  unsigned crypto_workers = 0;  ///< Threads that check signatures; 0: on the loop.
  LogSink log;                  ///< Empty: silent.
};

struct ClientOptions {
  ClientLimits limits;
  uv_loop_t* loop =
      nullptr;  ///< As in ReplicaOptions. Blocking calls from the loop's own thread are refused.
  Duration connect_timeout = std::chrono::seconds(10);  ///< Until f+1 replicas have answered the first time.
  LogSink log;
};

}  // namespace pbft
