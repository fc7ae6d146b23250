#include "net/connection.hpp"

#include <algorithm>
#include <cstring>

namespace pbft::net {
namespace {

/// Sealed and handed to the kernel per link and loop turn; what does not fit stays where urgent frames
/// overtake.
constexpr std::size_t max_flush_bytes = 256 * 1024;
/// Reads per link and loop turn: nobody who sends without pause keeps the loop from the others.
constexpr int max_reads = 4;

static_assert(sizeof(Connection) <= 4096, "what a stranger's connection costs before it has shown a key");

}  // namespace

Connection::Connection(Owner& owner, ConnectionContext& context, int fd, const Address& remote)
    : owner_(owner),
      context_(context),
      socket_(fd, *this),
      remote_(remote),
      dialled_(false),
      stage_(Stage::hello),
      callee_(context.config) {}

Connection::Connection(Owner& owner, ConnectionContext& context, int fd, const Address& remote,
                       const Peer& callee, const crypto::X25519Public& callee_key)
    : owner_(owner),
      context_(context),
      socket_(fd, *this),
      remote_(remote),
      dialled_(true),
      stage_(Stage::connecting),
      peer_(callee),
      caller_(std::in_place, context.config, callee_key) {}

bool Connection::start() {
  return socket_.watch(context_.loop, stage_ == Stage::connecting ? UV_WRITABLE : UV_READABLE);
}

void Connection::on_readable() {
  if (stage_ == Stage::leaving) {
    discard();
  } else if (!is_up()) {
    read_handshake();
  }
  if (is_up()) read_records();
}

void Connection::on_writable() {
  if (stage_ == Stage::connecting) {
    on_connected();
  } else if (is_up()) {
    resume_unsent();
  }
}

void Connection::on_closed() { owner_.on_closed(*this); }

bool Connection::got_bytes(const Socket::Transfer& transfer) {
  switch (transfer.outcome) {
    case Socket::Outcome::done:
      return true;
    case Socket::Outcome::later:
      return false;
    case Socket::Outcome::ended:
      close("the other side closed the connection");
      return false;
    case Socket::Outcome::failed:
      close(transfer.error);
      return false;
  }
  return false;
}

void Connection::read_records() {
  const Inbox::Sink sink = [this](BytesView frame) {
    ++context_.counters.frames_in;
    owner_.on_frame(*this, frame);
    return is_up();
  };
  for (int reads = 0; reads < max_reads && is_up(); ++reads) {
    const std::span<std::uint8_t> room = session_->inbox.room();
    const Socket::Transfer transfer = socket_.read(room);
    if (!got_bytes(transfer)) return;
    silent_ticks_ = 0;
    context_.counters.bytes_in += transfer.bytes;
    const std::uint64_t records_before = session_->inbox.records();
    const Inbox::Verdict verdict = session_->inbox.received(transfer.bytes, sink);
    context_.counters.records_in += session_->inbox.records() - records_before;
    if (verdict == Inbox::Verdict::not_genuine) {
      ++context_.counters.records_refused;
      close("a record is not genuine");
    } else if (verdict == Inbox::Verdict::frame_too_long) {
      ++context_.counters.frames_refused;
      close("a frame is longer than the limit");
    }
    if (transfer.bytes < room.size()) return;
  }
}

void Connection::discard() {
  for (int reads = 0; reads < max_reads && is_open(); ++reads) {
    if (!got_bytes(socket_.read(context_.read_scratch.sealed))) return;
  }
}

bool Connection::send(BytesView frame, Priority priority) {
  if (session_->outbox.empty() && session_->unsent.empty()) owner_.on_waiting(*this);
  return session_->outbox.push(frame, priority);
}

std::size_t Connection::queued_bytes() const {
  if (!session_) return 0;
  return session_->outbox.bytes() + session_->unsent.size() - session_->unsent_at;
}

void Connection::flush() {
  if (!is_up() || !session_->unsent.empty() || session_->outbox.empty()) return;
  Bytes& wire = context_.wire;
  wire.clear();
  while (!session_->outbox.empty() &&
         wire.size() + record_header_bytes + max_sealed_bytes <= max_flush_bytes) {
    context_.counters.frames_out += session_->outbox.seal_next(session_->send, wire);
    ++context_.counters.records_out;
  }
  write_sealed(wire);
  if (is_up() && session_->unsent.empty() && !session_->outbox.empty()) owner_.on_waiting(*this);
}

void Connection::write_sealed(BytesView sealed) {
  idle_ticks_ = 0;
  const Socket::Transfer transfer = socket_.write(sealed);
  if (transfer.outcome == Socket::Outcome::failed) return close(transfer.error);
  context_.counters.bytes_out += transfer.bytes;
  if (transfer.bytes == sealed.size()) return;
  const BytesView rest = sealed.subspan(transfer.bytes);
  session_->unsent.assign(rest.begin(), rest.end());
  session_->unsent_at = 0;
  socket_.want(UV_READABLE | UV_WRITABLE);
}

void Connection::resume_unsent() {
  Session& session = *session_;
  if (!session.unsent.empty()) {
    const Socket::Transfer transfer = socket_.write(BytesView(session.unsent).subspan(session.unsent_at));
    if (transfer.outcome == Socket::Outcome::failed) return close(transfer.error);
    context_.counters.bytes_out += transfer.bytes;
    session.unsent_at += transfer.bytes;
    if (session.unsent_at < session.unsent.size()) return;
    session.unsent = Bytes();
    session.unsent_at = 0;
  }
  socket_.want(UV_READABLE);
  flush();
}

void Connection::tick() {
  if (is_half_open()) {
    if (++half_open_ticks_ < context_.handshake_ticks) return;
    if (!dialled_ && stage_ != Stage::leaving) ++context_.counters.half_open_cut;
    return close("no handshake in time");
  }
  if (!is_up()) return;
  if (++silent_ticks_ >= context_.silence_ticks) {
    ++context_.counters.links_cut;
    return close("nothing was heard for too long");
  }
  if (++idle_ticks_ < context_.keep_alive_ticks || queued_bytes() > 0) return;
  context_.wire.clear();
  seal_record({}, session_->send, context_.wire);
  ++context_.counters.records_out;
  write_sealed(context_.wire);
}

void Connection::close(const std::string& why) {
  if (!is_open()) return;
  stage_ = Stage::closed;
  socket_.close();
  owner_.on_end(*this, farewell_.empty() ? why : farewell_);
}

}  // namespace pbft::net
