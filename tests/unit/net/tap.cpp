#include "unit/net/tap.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace pbft::net {

struct Tap::End final : Socket::Events {
  End(Tap& owner, int fd, bool at_caller) : tap(owner), socket(fd, *this), faces_caller(at_caller) {}

  void on_readable() override {
    if (tap.stalled_) return watch();
    Bytes chunk(64 * 1024);
    const Socket::Transfer transfer = socket.read(chunk);
    if (transfer.outcome == Socket::Outcome::later) return;
    if (transfer.outcome != Socket::Outcome::done) return end();
    chunk.resize(transfer.bytes);
    if (faces_caller) {
      if (tap.to_target) tap.to_target(chunk);
      tap.recorded.insert(tap.recorded.end(), chunk.begin(), chunk.end());
    }
    other->pass(std::move(chunk));
  }
  void on_writable() override { pass({}); }
  void on_closed() override { --tap.open_; }

  void pass(Bytes bytes) {
    pending.insert(pending.end(), bytes.begin(), bytes.end());
    while (!pending.empty() && socket.is_open()) {
      const Socket::Transfer transfer = socket.write(pending);
      if (transfer.outcome == Socket::Outcome::failed) return end();
      if (transfer.outcome == Socket::Outcome::later) break;
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(transfer.bytes));
    }
    watch();
    other->watch();
  }
  /// An end is read while the other one keeps up.
  void watch() {
    if (!socket.is_open()) return;
    const bool readable = !tap.stalled_ && other->pending.empty();
    socket.want((readable ? UV_READABLE : 0) | (pending.empty() ? 0 : UV_WRITABLE));
  }
  void end() {
    socket.close();
    other->socket.close();
  }

  Tap& tap;
  Socket socket;
  bool faces_caller;
  End* other = nullptr;
  Bytes pending;
};

struct Tap::Door final : Socket::Events {
  Door(Tap& owner, int fd) : tap(owner), socket(fd, *this) {}
  void on_readable() override { tap.accept(); }
  void on_writable() override {}
  void on_closed() override { --tap.open_; }
  Tap& tap;
  Socket socket;
};

Tap::Tap(Loop& loop, std::uint16_t target) : loop_(loop), target_(target) {
  const Result<int> fd = listen_on(*Address::parse("127.0.0.1", 0));
  REQUIRE(fd.has_value());
  port_ = Address::local(*fd).port();
  door_ = std::make_unique<Door>(*this, *fd);
  REQUIRE(door_->socket.watch(loop.raw(), UV_READABLE));
  ++open_;
}

Tap::~Tap() {
  door_->socket.close();
  cut();
  CHECK(loop_.run_until([this] { return open_ == 0; }));
}

void Tap::accept() {
  const int fd = accept_from(door_->socket.fd());
  if (fd < 0) return;
  const Result<int> onward = connect_to(*Address::parse("127.0.0.1", target_));
  REQUIRE(onward.has_value());
  ++connections;
  auto caller = std::make_unique<End>(*this, fd, true);
  auto callee = std::make_unique<End>(*this, *onward, false);
  caller->other = callee.get();
  callee->other = caller.get();
  REQUIRE(caller->socket.watch(loop_.raw(), UV_READABLE));
  REQUIRE(callee->socket.watch(loop_.raw(), UV_READABLE));
  open_ += 2;
  ends_.push_back(std::move(caller));
  ends_.push_back(std::move(callee));
}

void Tap::resume() {
  stalled_ = false;
  for (const auto& end : ends_) {
    if (end->socket.is_open()) end->pass({});
  }
}

void Tap::cut() {
  for (const auto& end : ends_) {
    if (end->socket.is_open()) end->socket.end_writes();
    end->socket.close();
  }
}

Stranger::Stranger(std::uint16_t port) {
  const Result<int> fd = connect_to(*Address::parse("127.0.0.1", port));
  REQUIRE(fd.has_value());
  fd_ = *fd;
  pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
  REQUIRE(poll(&ready, 1, 10'000) == 1);  // The kernel connects; nobody has to accept for that.
}

Stranger::~Stranger() { ::close(fd_); }

void Stranger::say(BytesView bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

void Stranger::listen() {
  std::uint8_t chunk[4096];
  while (!cut_) {
    const ssize_t got = ::recv(fd_, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    cut_ = got <= 0;
    reset_ = got < 0;
    if (got > 0) heard_.insert(heard_.end(), chunk, chunk + got);
  }
}

const Bytes& Stranger::heard() {
  listen();
  return heard_;
}

bool Stranger::was_reset() {
  listen();
  return reset_;
}

bool Stranger::is_cut() {
  listen();
  return cut_;
}

}  // namespace pbft::net
