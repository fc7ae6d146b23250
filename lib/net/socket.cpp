#include "net/socket.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/check.hpp"

namespace pbft::net {
namespace {

std::string system_text(int error) { return uv_strerror(uv_translate_sys_error(error)); }

void set_option(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof(value));
}

int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

std::string remedy_for(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; stop the process that listens there, or choose another port";
    case EADDRNOTAVAIL:
      return "; it is no address of this machine: set listen_host to one that is";
    case EACCES:
      return "; ports below 1024 need a privilege: choose a higher one";
    default:
      return "";
  }
}

Socket::Transfer transfer_of(ssize_t result, Socket::Outcome on_zero) {
  if (result > 0) return {Socket::Outcome::done, static_cast<std::size_t>(result), {}};
  if (result == 0) return {on_zero, 0, {}};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Socket::Outcome::later, 0, {}};
  return {Socket::Outcome::failed, 0, system_text(errno)};
}

}  // namespace

Socket::~Socket() {
  PBFT_CHECK(!watched_ || fd_ < 0);
  if (fd_ >= 0) ::close(fd_);
}

bool Socket::watch(uv_loop_t* loop, int uv_events) {
  if (uv_poll_init_socket(loop, &poll_, fd_) != 0) return false;
  watched_ = true;
  poll_.data = this;
  want(uv_events);
  return true;
}

void Socket::want(int uv_events) {
  if (wanted_ == uv_events) return;
  wanted_ = uv_events;
  if (uv_events == 0) {
    uv_poll_stop(&poll_);
  } else {
    uv_poll_start(&poll_, uv_events, &Socket::on_poll);
  }
}

void Socket::on_poll(uv_poll_t* handle, int status, int uv_events) {
  Socket& self = *static_cast<Socket*>(handle->data);
  int wanted = 0;
  if (status < 0) {
    // libuv has stopped watching; what is wrong the socket itself says, after the last bytes that came.
    wanted = std::exchange(self.wanted_, 0);
    uv_events = UV_READABLE | UV_WRITABLE;
  }
  if ((uv_events & UV_WRITABLE) != 0) self.events_.on_writable();
  if ((uv_events & UV_READABLE) != 0 && self.is_open()) self.events_.on_readable();
  if (self.is_open() && self.wanted_ == 0) self.want(wanted);
}

Socket::Transfer Socket::read(std::span<std::uint8_t> room) {
  return transfer_of(::recv(fd_, room.data(), room.size(), 0), Outcome::ended);
}

Socket::Transfer Socket::write(BytesView bytes) {
  return transfer_of(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), Outcome::later);
}

std::string Socket::connect_error() const {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::string() : system_text(error);
}

void Socket::end_writes() { ::shutdown(fd_, SHUT_WR); }

void Socket::close() {
  if (!is_open()) return;
  if (watched_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_),
             [](uv_handle_t* handle) { static_cast<Socket*>(handle->data)->events_.on_closed(); });
  }
  ::close(std::exchange(fd_, -1));
}

Result<int> listen_on(const Address& address) {
  const int fd = open_socket(address.family());
  if (fd >= 0) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (fd >= 0 && ::bind(fd, address.raw(), address.raw_size()) == 0 && ::listen(fd, SOMAXCONN) == 0)
    return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  return Error{ErrorCode::io,
               "cannot listen on " + address.text() + ": " + system_text(error) + remedy_for(error)};
}

Result<int> connect_to(const Address& address) {
  const int fd = open_socket(address.family());
  if (fd >= 0 && (::connect(fd, address.raw(), address.raw_size()) == 0 || errno == EINPROGRESS)) return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  return Error{ErrorCode::io, system_text(error)};
}

int accept_from(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

void limit_unsent(int fd, int bytes) { set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes); }

}  // namespace pbft::net
