// All links of one process: listens, dials, keeps them up, seals and opens. One libuv loop, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/crypto.hpp"
#include "crypto/noise.hpp"
#include "net/refusal.hpp"
#include "pbft/config.hpp"
#include "pbft/options.hpp"

namespace pbft::net {

using Peer = core::Identity;

/// "replica 2", "client 7".
std::string describe(const Peer& peer);

/// Which frames leave first. An urgent frame overtakes every normal one that has not begun to leave.
enum class Priority { urgent, normal };  ///< urgent: view change, checkpoint, status.

/// Versions of the link protocol that a side speaks, both ends included.
struct VersionRange {
  std::uint16_t lowest = 1;
  std::uint16_t highest = 1;
};

/// Between two replicas the one with the lower id dials; clients dial all replicas.
struct LinksConfig {
  Digest cluster;  ///< Prologue, with protocol name and the roles.
  Digest genesis;  ///< Travels in the encrypted payloads; unequal ones end the link, with a clear log line.
                   ///< All zeros (a client's): no opinion.
  Peer self;
  crypto::X25519Secret secret;
  std::map<Peer, crypto::X25519Public>
      members;  ///< Who may talk to us: replicas and, for a replica, clients.
  std::map<ReplicaId, std::pair<std::string, std::uint16_t>> addresses;  ///< Of the replicas: IPv4 or IPv6.
  bool listen = false;
  std::string listen_host;        ///< An IPv4 or IPv6 address of this machine; "0.0.0.0" or "::" for all.
  std::uint16_t listen_port = 0;  ///< 0: any free one, see Links::listen_port().
  std::size_t max_frame_bytes = 4 << 20;
  std::size_t max_queue_bytes = 16 << 20;  ///< Per peer, waiting to leave. Beyond: emptied and counted.

  Duration keep_alive = std::chrono::seconds(1);     ///< After so long without a record an empty one leaves.
  Duration silence_limit = std::chrono::seconds(5);  ///< A link on which nothing arrives for so long is cut.
  Duration handshake_timeout = std::chrono::seconds(3);  ///< A connection that is no link by then is cut.
  Duration first_backoff =
      std::chrono::milliseconds(20);  ///< Between two attempts to dial; doubles, jittered.
  Duration max_backoff = std::chrono::seconds(2);
  Duration stable_after = std::chrono::seconds(1);    ///< A link that lasted so long resets the backoff.
  Duration muted_for = std::chrono::seconds(2);       ///< How long a peer stays refused after cut(); doubles
  Duration max_muted_for = std::chrono::seconds(60);  ///< if it is cut again within ten times as long.
  Duration close_linger = std::chrono::milliseconds(200);  ///< What close() gives queued frames to leave.
  std::uint32_t handshakes_per_second = 100;  ///< Per source address; strangers together three times as many.
  std::uint32_t handshake_burst = 500;
  std::size_t max_half_open =
      256;  ///< Accepted connections that are no links yet; beyond, the oldest is cut.
  VersionRange versions;
};

/// A link that was not to be.
struct Refused {
  Refusal reason{};
  bool by_peer = false;      ///< The other side refused; otherwise this one did.
  std::optional<Peer> peer;  ///< Whom we dialled, or who called with a key that we know.
  std::string address;       ///< "127.0.0.1:7001", "[::1]:7001".
  std::string text{};        ///< One line for a person: who, why, what to do.
};

/// All run on the loop, never inside a call of Links. A handler may call any member function of Links.
struct LinksEvents {
  std::function<void(const Peer&)> up;
  std::function<void(const Peer&)> down;  ///< Also before the `up` of a link that replaces an older one.
  std::function<void(const Peer&, BytesView frame)> frame;  ///< View valid during the call.
  std::function<void(const Refused&)> refused;     ///< For callers of ours rate-limited; may be empty.
  std::function<void(LogLevel, std::string)> log;  ///< Rate-limited where a peer can cause it.
};

struct LinksCounters {
  std::uint64_t bytes_in = 0, bytes_out = 0, records_in = 0, records_out = 0, frames_in = 0, frames_out = 0;
  std::uint64_t queue_overflows = 0;     ///< Queues emptied because a peer does not keep up.
  std::uint64_t handshakes_refused = 0;  ///< By us, whatever the reason.
  std::uint64_t frames_refused = 0;      ///< Longer than max_frame_bytes, coming or going.
  std::uint64_t records_refused = 0;     ///< Not genuine: the link was cut.
  std::uint64_t half_open_cut = 0;       ///< Accepted connections that did not become links in time.
  std::uint64_t links_cut = 0;           ///< Silent ones, and those that cut() ended.
};

/// Not thread-safe: everything on the loop's thread. Never runs, stops or closes the loop.
class Links {
 public:
  /// Error::io with address and remedy if the port cannot be bound; invalid_argument for an address that is
  /// none. No event before the loop runs.
  static Result<std::unique_ptr<Links>> create(uv_loop_t* loop, LinksConfig config, LinksEvents events);
  ~Links();  ///< REQUIRES: closed, and `done` has been called (it may destroy the links).

  /// Where we listen; 0 if we do not.
  std::uint16_t listen_port() const;

  /// Queued now; leaves sealed with all else for this peer at the end of this loop turn. Dropped if the link
  /// is down: the protocol repairs it. `frame` is copied; one over max_frame_bytes is dropped, counted and
  /// logged.
  void send(const Peer& to, BytesView frame, Priority priority);
  bool is_up(const Peer& peer) const;
  /// Bytes that wait to leave, not counting what the kernel holds.
  std::size_t queued_bytes(const Peer& peer) const;
  /// A peer that misbehaves: cut, and refused for a while. is_up() is false at once, `down` follows on the
  /// loop.
  void cut(const Peer& peer, const std::string& why);
  const LinksCounters& counters() const;

  /// Closes every handle; `done` runs on the loop once all are closed. Queued frames get a short chance to
  /// leave. No other event comes after this call. REQUIRES: not called before.
  void close(std::function<void()> done);

 private:
  struct Impl;
  explicit Links(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::net
