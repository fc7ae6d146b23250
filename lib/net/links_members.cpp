// Who calls, who is called, who is refused.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/links_impl.hpp"

namespace pbft::net {
namespace {

/// Callers accepted per loop turn: those that are shaking hands already get their turn in between.
constexpr int max_accepts = 16;
constexpr std::uint64_t mute_memory_factor = 10;

}  // namespace

Links::Impl::Member* Links::Impl::find(const Peer& peer) {
  const auto found = members.find(peer);
  return found == members.end() ? nullptr : &found->second;
}
const Links::Impl::Member* Links::Impl::find(const Peer& peer) const {
  const auto found = members.find(peer);
  return found == members.end() ? nullptr : &found->second;
}

void Links::Impl::log(LogLevel level, std::string text) {
  if (in_call) return later([this, level, text] { log(level, text); });
  if (events.log && !closing) events.log(level, std::move(text));
}

void Links::Impl::log(LineBudget& budget, LogLevel level, std::string text) {
  if (budget.take(uv_now(loop))) log(level, std::move(text) + budget.note());
}

void Links::Impl::accept_callers() {
  for (int accepted = 0; accepted < max_accepts && listener->socket.is_open(); ++accepted) {
    const int fd = accept_from(listener->socket.fd());
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      // No descriptor or memory left: the caller stays in the kernel's queue; look again with the next tick.
      listener->socket.want(0);
      return log(stranger_lines, LogLevel::error,
                 std::string("cannot accept a connection: ") + uv_strerror(uv_translate_sys_error(errno)));
    }
    make_room_for_caller();
    connections.push_back(std::make_unique<Connection>(*this, context, fd, Address::remote(fd)));
    if (connections.back()->start()) {
      ++open_handles;
    } else {
      connections.pop_back();
    }
  }
}

void Links::Impl::make_room_for_caller() {
  std::size_t half_open = 0;
  Connection* oldest = nullptr;
  Connection* oldest_stranger = nullptr;
  for (const auto& connection : connections) {
    if (connection->was_dialled() || !connection->is_half_open()) continue;
    ++half_open;
    if (oldest == nullptr) oldest = connection.get();
    if (oldest_stranger == nullptr && !handshakes.is_configured(connection->remote().source())) {
      oldest_stranger = connection.get();
    }
  }
  if (oldest == nullptr || half_open < config.max_half_open) return;
  ++context.counters.half_open_cut;
  (oldest_stranger != nullptr ? oldest_stranger : oldest)->close("too many connections without a handshake");
}

void Links::Impl::dial_later(Member& member, Duration delay) {
  uv_timer_start(
      &member.dialler->timer,
      [](uv_timer_t* handle) {
        Dialler& dialler = *static_cast<Dialler*>(handle->data);
        dialler.links.dial(dialler.member);
      },
      in_ms(delay), 0);
}

void Links::Impl::dial(Member& member) {
  if (is_muted(member)) {
    return dial_later(member, std::chrono::milliseconds(member.muted_until_ms - uv_now(loop)));
  }
  Dialler& dialler = *member.dialler;
  const Result<int> fd = connect_to(dialler.address);
  if (!fd) return on_attempt_over(member, false, fd.error().message);
  connections.push_back(
      std::make_unique<Connection>(*this, context, *fd, dialler.address, member.id, member.key));
  if (!connections.back()->start()) {
    connections.pop_back();
    return on_attempt_over(member, false, "the loop cannot watch the socket");
  }
  ++open_handles;
  dialler.attempt = connections.back().get();
}

void Links::Impl::on_attempt_over(Member& member, bool was_up, const std::string& why) {
  if (closing) return;
  Dialler& dialler = *member.dialler;
  dialler.attempt = nullptr;
  if (was_up) {
    if (uv_now(loop) - dialler.up_at_ms >= in_ms(config.stable_after)) dialler.backoff.reset();
  } else if (dialler.logged != why) {
    dialler.logged = why;
    log(LogLevel::warning, "no link to " + describe(member.id) + " at " + dialler.address.text() + ": " +
                               why + "; trying again");
  }
  if (!closing) dial_later(member, dialler.backoff.next());
}

void Links::Impl::mute(Member& member) const {
  const std::uint64_t now = uv_now(loop), first = in_ms(config.muted_for);
  if (now < member.muted_until_ms) return;  // cut again before its link was gone
  const bool again =
      member.muted_for_ms > 0 && now - member.muted_until_ms < mute_memory_factor * member.muted_for_ms;
  const std::uint64_t longest = std::max(first, in_ms(config.max_muted_for));
  member.muted_for_ms = again ? std::min(2 * member.muted_for_ms, longest) : first;
  member.muted_until_ms = now + member.muted_for_ms;
}

void Links::Impl::cut(const Peer& peer, const std::string& why) {
  Member* member = find(peer);
  if (member == nullptr || closing) return;
  mute(*member);
  in_call = true;
  if (member->link != nullptr) {
    ++context.counters.links_cut;
    member->link->close("cut: " + why);
  } else if (member->dialler && member->dialler->attempt != nullptr) {
    member->dialler->attempt->close("cut: " + why);
  }
  in_call = false;
}

bool Links::Impl::may_shake_hands(const Connection& connection) {
  return handshakes.allow(connection.remote().source(), uv_now(loop));
}

std::variant<Peer, Refusal> Links::Impl::admit(const crypto::X25519Public& caller, Role claimed) {
  const auto found = by_key.find(caller);
  if (found == by_key.end()) return Refusal::not_admitted;
  const Member& member = *found->second;
  // Whom we call has no reason to call us: with both directions open, two links would replace each other.
  if (role_of(member.id) != claimed || member.dialler) return Refusal::not_admitted;
  if (is_muted(member)) return Refusal::muted;
  return member.id;
}

void Links::Impl::on_refused(Connection& connection, Refusal reason, bool by_peer) {
  if (closing) return;
  const std::optional<Peer>& peer = connection.peer();
  const std::string who = (peer ? describe(*peer) + " at " : "") + connection.remote().text();
  Refused refused{.reason = reason, .by_peer = by_peer, .peer = peer, .address = connection.remote().text()};
  if (connection.was_dialled()) {
    // Its log line is that of the failed attempt.
    refused.text = (by_peer ? who + " refused the link: " : "no link to " + who + ": ");
  } else {
    ++context.counters.handshakes_refused;
    if (!stranger_lines.take(uv_now(loop))) return;
    refused.text = "refused a link from " + who + ": ";
  }
  refused.text += explain(reason);
  if (!connection.was_dialled()) log(LogLevel::warning, refused.text + stranger_lines.note());
  if (events.refused && !closing) events.refused(refused);
}

void Links::Impl::on_up(Connection& connection) {
  Member* member = find(*connection.peer());
  if (is_muted(*member)) return connection.close("muted");
  if (member->link != nullptr) member->link->close("a newer link took over");
  if (!connection.is_up() || closing) return;
  member->link = &connection;
  if (member->dialler) {
    member->dialler->up_at_ms = uv_now(loop);
    member->dialler->logged.clear();
  }
  log(member_lines, LogLevel::info,
      "link to " + describe(member->id) + " at " + connection.remote().text() + " is up");
  if (events.up && !closing) events.up(member->id);
}

void Links::Impl::on_frame(Connection& connection, BytesView frame) {
  if (events.frame && !closing) events.frame(*connection.peer(), frame);
}

void Links::Impl::on_waiting(Connection& connection) {
  waiting.push_back(&connection);
  arm_turn();
}

void Links::Impl::on_end(Connection& connection, const std::string& why) {
  std::erase(waiting, &connection);
  if (!connection.peer()) return;
  Member& member = *find(*connection.peer());
  const bool was_up = member.link == &connection;
  if (was_up) member.link = nullptr;
  if (closing) return;
  if (connection.was_dialled()) {
    on_attempt_over(member, was_up, why);
  }
  if (!was_up) return;
  const auto tell = [this, id = member.id,
                     text = "link to " + describe(member.id) + " at " + connection.remote().text() +
                            " ended: " + why] {
    log(member_lines, LogLevel::info, text);
    if (events.down && !closing) events.down(id);
  };
  if (in_call) {
    later(tell);
  } else {
    tell();
  }
}

void Links::Impl::on_closed(Connection& connection) {
  connections.remove_if([&connection](const auto& owned) { return owned.get() == &connection; });
  on_handle_closed();
}

}  // namespace pbft::net
