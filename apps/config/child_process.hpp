// A program started by this one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pbft/result.hpp"

namespace app {

/// Move-only. What still runs when it is destroyed is killed; a child that does not outlive its parent also
/// dies with the thread that started it.
class ChildProcess {
 public:
  struct Command {
    std::vector<std::string> arguments;  ///< The first is the program's path.
    std::filesystem::path stdout_file = "/dev/null";
    std::filesystem::path stderr_file = "/dev/null";
    bool outlives_parent = false;  ///< In a session of its own; see also release().
    bool listens = false;          ///< Its stdin is a pipe for tell(); else there is nothing to read.
  };

  /// Errors: io, with the program and the reason.
  static pbft::Result<ChildProcess> start(const Command& command);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Writes a line to its stdin; false if it does not read any more. REQUIRES: Command::listens.
  bool tell(const std::string& line) const;
  /// Exit code, or 128 + the signal that ended it; nullopt while it runs.
  std::optional<int> exit_code();
  /// The same, after waiting for `limit` at most.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// From now on it is not ours: it goes on when this object ends.
  void release() { pid_ = -1; }

 private:
  ChildProcess(pid_t pid, int input) : pid_(pid), input_(input) {}
  pid_t pid_ = -1;
  int input_ = -1;  ///< Our end of its stdin.
  std::optional<int> exit_code_;
};

/// Folder of the program that runs now.
std::filesystem::path program_folder();

/// Asks `condition` every few milliseconds until it holds (true) or `limit` has passed (false).
template <class Condition>
bool await(std::chrono::milliseconds limit, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace app
