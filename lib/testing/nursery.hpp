// Processes that all begin alike: forked, one after the other, from one that does nothing else. What is
// allocated where in them does not depend on what their common ancestor does meanwhile.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <functional>

#include "pbft/types.hpp"

namespace pbft::testing {

/// Whole messages between two processes.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}
  /// Both return false when the other side is gone.
  bool send(std::uint8_t kind, BytesView bytes);
  bool receive(std::uint8_t& kind, Bytes& bytes);

 private:
  int socket_;
};

class Nursery {
 public:
  /// What each process does with the message that it was started with. It ends without destructors or exit
  /// handlers.
  using Work = std::function<void(BytesView task, Channel& parent)>;
  using Hear = std::function<void(std::uint8_t kind, BytesView bytes)>;
  struct Exit {
    int code = 0;
    int signal = 0;  ///< 0: none, it ended by itself.
  };

  /// Forks. Throws std::system_error if there is no process or socket to be had.
  explicit Nursery(const Work& work);
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  /// Starts a process, and calls `hear` here with all that it sends, in order, until it has ended. Throws
  /// std::system_error if there is none to be had.
  Exit raise(BytesView task, const Hear& hear);

 private:
  int socket_ = -1;
  pid_t process_ = -1;
};

}  // namespace pbft::testing
