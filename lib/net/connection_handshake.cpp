// The part of a connection's life before it is a link; handshake.hpp says what travels.
#include "core/check.hpp"
#include "net/connection.hpp"

namespace pbft::net {
namespace {

/// TCP_NOTSENT_LOWAT.
constexpr int max_unsent_bytes = 256 * 1024;

}  // namespace

void Connection::on_connected() {
  if (const std::string error = socket_.connect_error(); !error.empty()) return close(error);
  // Dialling a port of this machine where nobody listens can meet itself (RFC 9293, 3.5: simultaneous open).
  if (Address::local(socket_.fd()).text() == Address::remote(socket_.fd()).text()) {
    return close("nobody listens there");
  }
  stage_ = Stage::answer;
  socket_.want(UV_READABLE);
  say(caller_->first_flight());
}

/// A fresh socket takes a whole flight; one that does not is not worth keeping.
void Connection::say(BytesView flight) {
  const Socket::Transfer transfer = socket_.write(flight);
  context_.counters.bytes_out += transfer.bytes;
  if (transfer.bytes < flight.size()) close(transfer.error.empty() ? "it takes no bytes" : transfer.error);
}

std::size_t Connection::step_bytes() const {
  switch (stage_) {
    case Stage::answer:
      return answer_bytes;
    case Stage::second:
      return second_bytes;
    case Stage::hello:
      return hello_bytes;
    case Stage::first:
      return first_bytes;
    case Stage::confirm:
      return confirm_bytes;
    default:
      return 0;
  }
}

void Connection::read_handshake() {
  // Never more than the step needs: what follows may be records already.
  while (const std::size_t wanted = step_bytes()) {
    const Socket::Transfer transfer = socket_.read(std::span(step_).first(wanted).subspan(step_filled_));
    if (!got_bytes(transfer)) return;
    context_.counters.bytes_in += transfer.bytes;
    step_filled_ += transfer.bytes;
    if (step_filled_ < wanted) continue;
    step_filled_ = 0;
    on_step(BytesView(step_).first(wanted));
  }
}

void Connection::on_step(BytesView step) {
  switch (stage_) {
    case Stage::answer:
      return on_answer(step);
    case Stage::second:
      return on_second(step);
    case Stage::hello:
      return on_hello(step);
    case Stage::first:
      return on_first(step);
    case Stage::confirm:
      return on_confirm(step);
    default:
      PBFT_CHECK(false);
  }
}

void Connection::on_hello(BytesView hello) {
  if (const auto refusal = callee_->on_hello(hello)) return refuse(*refusal);
  stage_ = Stage::first;
}

void Connection::on_first(BytesView message) {
  if (!owner_.may_shake_hands(*this)) return refuse(Refusal::busy);
  if (const auto refusal = callee_->on_first(message)) return refuse(*refusal);
  const std::variant<Peer, Refusal> admission = owner_.admit(callee_->caller(), callee_->caller_role());
  if (const Refusal* refusal = std::get_if<Refusal>(&admission)) return refuse(*refusal);
  peer_ = std::get<Peer>(admission);
  stage_ = Stage::confirm;
  say(callee_->accept());
}

void Connection::on_confirm(BytesView record) {
  const auto refusal = callee_->on_confirm(record);
  if (!refusal) return become_up(callee_->take_keys());
  if (*refusal == Refusal::other_genesis) {
    owner_.on_refused(*this, *refusal, false);
  } else {
    ++context_.counters.records_refused;
  }
  close(std::string(explain(*refusal)));
}

void Connection::on_answer(BytesView answer) {
  const auto refusal = caller_->on_answer(answer);
  if (!refusal) {
    stage_ = Stage::second;
    return;
  }
  owner_.on_refused(*this, *refusal, *refusal != Refusal::not_this_protocol);
  close(std::string(explain(*refusal)));
}

void Connection::on_second(BytesView message) {
  const auto refusal = caller_->on_second(message);
  if (!refusal) {
    say(caller_->confirm());
    if (is_open()) become_up(caller_->take_keys());
    return;
  }
  owner_.on_refused(*this, *refusal, false);
  if (*refusal != Refusal::other_genesis) return close(std::string(explain(*refusal)));
  say(caller_->confirm());
  leave(*refusal);
}

void Connection::refuse(Refusal reason) {
  owner_.on_refused(*this, reason, false);
  if (!is_open()) return;
  say(callee_->refuse(reason));
  leave(reason);
}

/// Closing with bytes unread resets the connection, and what was said with it; so the other side closes
/// first.
void Connection::leave(Refusal reason) {
  if (!is_open()) return;
  farewell_ = explain(reason);
  stage_ = Stage::leaving;
  socket_.end_writes();
}

void Connection::become_up(crypto::NoiseKeys keys) {
  session_ = std::make_unique<Session>(Session{
      .send = std::move(keys.send),
      .outbox = Outbox(context_.config.max_queue_bytes),
      .inbox = Inbox(std::move(keys.receive), context_.config.max_frame_bytes, context_.read_scratch)});
  caller_.reset();
  callee_.reset();
  limit_unsent(socket_.fd(), max_unsent_bytes);
  stage_ = Stage::up;
  owner_.on_up(*this);
}

}  // namespace pbft::net
