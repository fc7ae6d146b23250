// All links of one process: listens, dials, keeps them up, seals and opens. One libuv loop, one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "crypto/noise.hpp"
#include "core/crypto.hpp"
#include "pbft/config.hpp"
#include "pbft/options.hpp"

namespace pbft::net {

using Peer = core::Identity;

/// Which frames leave first.
enum class Priority { urgent, normal };  ///< urgent: view change, checkpoint, status.

struct LinksConfig {
  Digest cluster;             ///< Prologue, with protocol name and the roles.
  Digest genesis;             ///< Travels in the encrypted payloads; unequal ones end the link, with a clear log line.
  Peer self;
  crypto::X25519Secret secret;
  std::map<Peer, crypto::X25519Public> members;        ///< Who may talk to us: replicas and, for a replica, clients.
  std::map<ReplicaId, std::pair<std::string, std::uint16_t>> addresses;  ///< Of the replicas.
  bool listen = false;        ///< Replicas listen and dial those with a higher id... see links.cpp; clients dial all.
  std::string listen_host;
  std::uint16_t listen_port = 0;
  std::size_t max_frame_bytes = 4 << 20;
  std::size_t max_queue_bytes = 16 << 20;  ///< Per peer, waiting to leave. Beyond: emptied and counted.
};

struct LinksEvents {
  std::function<void(const Peer&)> up;
  std::function<void(const Peer&)> down;
  std::function<void(const Peer&, BytesView frame)> frame;  ///< View valid during the call.
  std::function<void(LogLevel, std::string)> log;           ///< Rate-limited where a peer can cause it.
};

struct LinksCounters {
  std::uint64_t bytes_in = 0, bytes_out = 0, records_in = 0, records_out = 0, frames_in = 0, frames_out = 0;
  std::uint64_t queue_overflows = 0, handshakes_refused = 0, frames_refused = 0;
};

/// Not thread-safe: everything on the loop's thread.
class Links {
 public:
  /// Error::io with address and remedy if the port cannot be bound.
  static Result<std::unique_ptr<Links>> create(uv_loop_t* loop, LinksConfig config, LinksEvents events);
  ~Links();  ///< REQUIRES: closed.

  /// Queued now; leaves sealed with all else for this peer at the end of this loop turn. Dropped if the link is
  /// down: the protocol repairs it. `frame` is copied.
  void send(const Peer& to, BytesView frame, Priority priority);
  bool is_up(const Peer& peer) const;
  std::size_t queued_bytes(const Peer& peer) const;
  /// A peer that misbehaves: cut, and refused for a while.
  void cut(const Peer& peer, const std::string& why);
  const LinksCounters& counters() const;

  /// Closes every handle; `done` runs on the loop once all are closed. Queued frames get a short chance to leave.
  void close(std::function<void()> done);

 private:
  struct Impl;
  explicit Links(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::net
