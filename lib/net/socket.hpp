// A non-blocking TCP socket on a libuv loop.
#pragma once

#include <uv.h>

#include <span>
#include <string>

#include "net/address.hpp"
#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft::net {

/// Built on uv_poll_t, not uv_tcp_t: libuv's stream writes raise SIGPIPE when the other side is gone, and a
/// library may not change what signals do in its user's process. Here every write says MSG_NOSIGNAL.
class Socket {
 public:
  /// All called on the loop.
  class Events {
   public:
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;  ///< Also ends an attempt to connect, well or not.
    virtual void on_closed() = 0;    ///< The last call; may destroy the socket.

   protected:
    ~Events() = default;
  };

  enum class Outcome { done, later, ended, failed };
  struct Transfer {
    Outcome outcome;
    std::size_t bytes = 0;  ///< With done: at least 1.
    std::string error;      ///< With failed: what the system says.
  };

  /// Takes `fd` over. `events` outlives the socket.
  Socket(int fd, Events& events) : fd_(fd), events_(events) {}
  ~Socket();  ///< REQUIRES: on_closed was called, or watch() never succeeded.
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// False: the loop cannot watch it.
  bool watch(uv_loop_t* loop, int uv_events);
  /// UV_READABLE and UV_WRITABLE. REQUIRES: watch() succeeded.
  void want(int uv_events);
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  Transfer read(std::span<std::uint8_t> room);
  Transfer write(BytesView bytes);
  /// What became of an attempt to connect; empty if it succeeded.
  std::string connect_error() const;
  void end_writes();
  void close();

 private:
  static void on_poll(uv_poll_t* handle, int status, int uv_events);

  int fd_;
  Events& events_;
  uv_poll_t poll_{};
  int wanted_ = 0;
  bool watched_ = false;
};

/// A socket that listens; Error::io with address and remedy.
Result<int> listen_on(const Address& address);
/// A socket that is connecting.
Result<int> connect_to(const Address& address);
/// The next caller's socket, or -1 with errno.
int accept_from(int listener);
/// No more of what has not been sent than this is handed to the kernel, so that urgent frames can overtake.
void limit_unsent(int fd, int bytes);

}  // namespace pbft::net
