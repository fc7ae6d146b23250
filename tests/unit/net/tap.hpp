// A wire that a test holds in its hand: it records, spoils, stalls and cuts what passes between two nodes.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/socket.hpp"
#include "unit/net/loop.hpp"

namespace pbft::net {

class Tap {
 public:
  /// Passes connections on to `target` of the loopback interface.
  Tap(Loop& loop, std::uint16_t target);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  std::uint16_t port() const { return port_; }
  /// Nothing passes any more, on connections of now and later; the senders notice when the kernel's buffers
  /// fill.
  void stall() { stalled_ = true; }
  void resume();
  /// Ends all connections of now, with a reset after the end where bytes were left unread: then the next
  /// write of the other side is one to a broken pipe.
  void cut();

  std::function<void(Bytes&)> to_target;  ///< May change what passes.
  Bytes recorded;                         ///< What went to the target.
  std::size_t connections = 0;

 private:
  struct End;
  struct Door;
  void accept();

  Loop& loop_;
  std::uint16_t target_;
  std::uint16_t port_ = 0;
  bool stalled_ = false;
  std::size_t open_ = 0;
  std::unique_ptr<Door> door_;
  std::vector<std::unique_ptr<End>> ends_;
};

/// Says what it likes to a listening node: a socket without any protocol.
class Stranger {
 public:
  explicit Stranger(std::uint16_t port);
  ~Stranger();
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void say(BytesView bytes);
  /// What has come so far.
  const Bytes& heard();
  /// The other side has ended the connection.
  bool is_cut();
  /// Not ended but thrown away, and with it perhaps what was said last.
  bool was_reset();

 private:
  void listen();

  int fd_;
  Bytes heard_;
  bool cut_ = false;
  bool reset_ = false;
};

}  // namespace pbft::net
