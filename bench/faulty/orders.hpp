// "behave SPEC" on stdin: how a faulty process is told what to do.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "pbft/result.hpp"

namespace bench {

/// Reads stdin in a thread of its own, from its beginning to its end. An order that is none, or that `behave`
/// refuses, is said on stderr and ends the process as SIGTERM does: a run with another fault than was asked
/// for is worse than none.
class Orders {
 public:
  using Behave = std::function<pbft::Result<void>(const std::string& spec)>;
  Orders(std::string program, Behave behave);
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;

 private:
  void read(const std::stop_token& stop);
  void follow(const std::string& line);

  const std::string program_;
  const Behave behave_;
  std::jthread thread_;
};

}  // namespace bench
