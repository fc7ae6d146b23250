// One TCP connection from its first byte to its last: handshake, records, keep-alive.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "net/handshake.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"
#include "net/socket.hpp"

namespace pbft::net {

/// What all connections of a Links share.
struct ConnectionContext {
  uv_loop_t* loop;
  const LinksConfig& config;
  LinksCounters counters{};
  ReadScratch read_scratch{};
  Bytes wire{};  ///< Where records are sealed.
  /// Time is counted in ticks of the housekeeping timer, not read from a clock: if this process was stopped
  /// for a while, all links get the chance to prove that they live.
  std::uint64_t keep_alive_ticks = 1;
  std::uint64_t silence_ticks = 1;
  std::uint64_t handshake_ticks = 1;
};

class Connection final : private Socket::Events {
 public:
  /// Decides and is told. May call close() on any connection at any time.
  class Owner {
   public:
    /// Once per accepted connection, before the first expensive operation.
    virtual bool may_shake_hands(const Connection&) = 0;
    virtual std::variant<Peer, Refusal> admit(const crypto::X25519Public& caller, Role claimed) = 0;
    virtual void on_refused(Connection&, Refusal reason, bool by_peer) = 0;
    virtual void on_up(Connection&) = 0;
    virtual void on_frame(Connection&, BytesView frame) = 0;
    /// Something waits to leave: call flush() at the end of this loop turn.
    virtual void on_waiting(Connection&) = 0;
    /// Called once, before close() returns.
    virtual void on_end(Connection&, const std::string& why) = 0;
    /// The last call; destroys the connection.
    virtual void on_closed(Connection&) = 0;

   protected:
    ~Owner() = default;
  };

  /// An accepted connection.
  Connection(Owner& owner, ConnectionContext& context, int fd, const Address& remote);
  /// One that is connecting to `callee`.
  Connection(Owner& owner, ConnectionContext& context, int fd, const Address& remote, const Peer& callee,
             const crypto::X25519Public& callee_key);
  /// False: the loop cannot watch the socket; destroy the connection at once.
  bool start();

  bool is_up() const { return stage_ == Stage::up; }
  bool is_open() const { return stage_ != Stage::closed; }
  bool is_half_open() const { return is_open() && !is_up(); }
  bool was_dialled() const { return dialled_; }
  /// Whom we dialled; or who called, once the key is known (proven once the link is up).
  const std::optional<Peer>& peer() const { return peer_; }
  const Address& remote() const { return remote_; }

  /// False: frames were dropped to make room. REQUIRES: is_up().
  bool send(BytesView frame, Priority priority);
  std::size_t queued_bytes() const;
  /// Seals and writes what waits, up to a limit per turn.
  void flush();
  void tick();
  void close(const std::string& why);

 private:
  enum class Stage {
    connecting,
    answer,
    second,  // dialled
    hello,
    first,
    confirm,  // accepted
    up,
    leaving,  ///< Refused; the other side gets the time to read why.
    closed,
  };
  /// What exists only while the link is up.
  struct Session {
    crypto::CipherState send;
    Outbox outbox;
    Inbox inbox;
    Bytes unsent{};  ///< Sealed, not taken by the kernel yet.
    std::size_t unsent_at = 0;
  };

  void on_readable() override;
  void on_writable() override;
  void on_closed() override;

  void on_connected();
  void read_handshake();
  std::size_t step_bytes() const;
  void on_step(BytesView step);
  void on_hello(BytesView hello);
  void on_first(BytesView message);
  void on_confirm(BytesView record);
  void on_answer(BytesView answer);
  void on_second(BytesView message);
  void say(BytesView flight);
  void refuse(Refusal reason);
  void leave(Refusal reason);
  void become_up(crypto::NoiseKeys keys);

  void read_records();
  /// False: there are none now; if there will be none any more, the connection is closed.
  bool got_bytes(const Socket::Transfer& transfer);
  void discard();
  void write_sealed(BytesView sealed);
  void resume_unsent();

  Owner& owner_;
  ConnectionContext& context_;
  Socket socket_;
  Address remote_;
  bool dialled_;
  Stage stage_;
  std::optional<Peer> peer_;
  std::optional<Caller> caller_;
  std::optional<Callee> callee_;
  std::array<std::uint8_t, max_step_bytes> step_{};
  std::size_t step_filled_ = 0;
  std::unique_ptr<Session> session_;
  std::string farewell_;  ///< Why we are leaving.
  std::uint64_t half_open_ticks_ = 0;
  std::uint64_t silent_ticks_ = 0;
  std::uint64_t idle_ticks_ = 0;
};

}  // namespace pbft::net
