#include "testing/nursery.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace pbft::testing {

namespace {

constexpr std::size_t head_bytes = 9;                                      // kind, then u64 bytes
constexpr std::uint8_t task_kind = 0, exit_kind = 1, no_process_kind = 2;  // a work's own are letters

bool send_all(int socket, const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

bool receive_all(int socket, std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::recv(socket, bytes, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

Nursery::Exit wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

[[noreturn]] void be_child(int socket, const Nursery::Work& work) {
  Channel parent(socket);
  std::uint8_t kind = 0;
  Bytes task;
  if (!parent.receive(kind, task)) _exit(1);
  work(task, parent);
  std::fflush(stdout);
  std::fflush(stderr);
  _exit(0);
}

// Allocates nothing.
[[noreturn]] void be_nursery(int socket, const Nursery::Work& work) {
  // A test framework's handlers would report the parent's test.
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM}) std::signal(signal, SIG_DFL);
  Channel parent(socket);
  std::uint8_t wish = 0;
  while (receive_all(socket, &wish, 1)) {
    const pid_t child = fork();
    if (child == 0) be_child(socket, work);
    const int error = errno;
    const Nursery::Exit exit = child < 0 ? Nursery::Exit{error, 0} : wait_for(child);
    std::array<std::uint8_t, sizeof exit> bytes;
    std::memcpy(bytes.data(), &exit, sizeof exit);
    if (!parent.send(child < 0 ? no_process_kind : exit_kind, bytes)) break;
    if (child < 0) break;  // its task is still on the way
  }
  _exit(0);
}

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

bool Channel::send(std::uint8_t kind, BytesView bytes) {
  std::array<std::uint8_t, head_bytes> head{kind};
  const std::uint64_t size = bytes.size();
  std::memcpy(head.data() + 1, &size, sizeof size);
  return send_all(socket_, head.data(), head.size()) && send_all(socket_, bytes.data(), bytes.size());
}

bool Channel::receive(std::uint8_t& kind, Bytes& bytes) {
  std::array<std::uint8_t, head_bytes> head{};
  if (!receive_all(socket_, head.data(), head.size())) return false;
  kind = head[0];
  std::uint64_t size = 0;
  std::memcpy(&size, head.data() + 1, sizeof size);
  bytes.resize(size);
  return receive_all(socket_, bytes.data(), bytes.size());
}

Nursery::Nursery(const Work& work) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail(errno, "socketpair");
  std::fflush(stdout);  // or both processes would write what waits there
  std::fflush(stderr);
  process_ = fork();
  if (process_ == 0) {
    close(ends[0]);
    be_nursery(ends[1], work);
  }
  const int error = errno;
  close(ends[1]);
  socket_ = ends[0];
  if (process_ < 0) {
    close(socket_);
    fail(error, "fork");
  }
}

Nursery::~Nursery() {
  close(socket_);
  wait_for(process_);
}

Nursery::Exit Nursery::raise(BytesView task, const Hear& hear) {
  constexpr std::uint8_t wish = 1;
  Channel channel(socket_);
  if (!send_all(socket_, &wish, 1) || !channel.send(task_kind, task)) fail(errno, "the nursery has ended");
  std::uint8_t kind = 0;
  Bytes bytes;
  while (channel.receive(kind, bytes)) {
    if (kind != exit_kind && kind != no_process_kind) {
      hear(kind, bytes);
      continue;
    }
    Exit exit;
    std::memcpy(&exit, bytes.data(), sizeof exit);
    if (kind == no_process_kind) fail(exit.code, "fork");
    return exit;
  }
  fail(ECHILD, "the nursery has ended");
}

}  // namespace pbft::testing
