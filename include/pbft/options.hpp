// What a replica or client process may choose for itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pbft/limits.hpp"

typedef struct uv_loop_s uv_loop_t;

namespace pbft {

enum class LogLevel { debug, info, warning, error };
/// Called from any of the library's threads, one call at a time; keep it short. `text` is one line without a
/// line end.
using LogSink = std::function<void(LogLevel, std::string_view text)>;

inline constexpr unsigned max_crypto_workers = 256;
inline constexpr std::uint64_t min_log_segment_bytes = 64 * 1024;
inline constexpr std::uint64_t max_log_segment_bytes = 1024 * 1024 * 1024;

struct ReplicaOptions {
  ReplicaLimits limits;
  /// Where this replica keeps what it must not forget; made by create_data_directory (data_directory.hpp)
  /// when the cluster is created, for one process at a time. A directory that is missing or was not made so
  /// means that the data is lost: the replica makes a new one and observes - follows without voting or
  /// answering - until the others have ordered its Rejoin (docs/protocol.md, amnesia). Empty: in memory. The
  /// replicas of an in-memory cluster start together; one that is started again sets `lost_data`.
  std::string data_directory;
  /// Of a file of the write-ahead log in data_directory: a multiple of 4096, at least min_log_segment_bytes.
  /// Twice as much is appended before what is superseded is dropped.
  std::uint64_t log_segment_bytes = 16 * 1024 * 1024;
  /// In memory only: an earlier process ran as this replica, and what it promised is gone. The replica
  /// observes until its Rejoin. Not setting it when it is so can lose operations that were acknowledged.
  bool lost_data = false;
  /// Where to listen, instead of this replica's entry in the cluster configuration ("0.0.0.0" behind a NAT).
  std::string listen_host;
  /// A loop that the caller runs, in one thread. Null: one of its own in a thread of its own. With a caller's
  /// loop, start() is called before the loop runs or in the loop's thread; the loop is never stopped or
  /// closed here, and goes on running until it has closed the handles: called from another thread, stop()
  /// waits for that; called in the loop's thread it returns before, and the loop's next turns do it.
  uv_loop_t* loop = nullptr;
  /// Threads that check signatures, at most max_crypto_workers; 0: on the loop.
  unsigned crypto_workers = 0;
  LogSink log;  ///< Empty: silent.
};

/// How a client shows the replicas that a request is its own.
enum class Authentication {
  signature,  ///< To all by one Ed25519 signature.
  /// To each replica by a tag of its own, keyed BLAKE2b: a hundred times quicker to make and to check, but
  /// the replicas need one more exchange of messages before they order the request. What is sent to all
  /// replicas, and after a retry everything for a while, is signed all the same.
  mac,
};

struct ClientOptions {
  ClientLimits limits;
  Authentication authentication = Authentication::signature;
  /// As in ReplicaOptions. Blocking calls in the loop's thread are refused.
  uv_loop_t* loop = nullptr;
  Duration connect_timeout = std::chrono::seconds(10);  ///< Until f+1 replicas have answered the first time.
  LogSink log;
};

}  // namespace pbft
