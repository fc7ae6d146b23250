// Links from the inside: which connection serves which member.
#pragma once

#include <uv.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/backoff.hpp"
#include "net/connection.hpp"
#include "net/links.hpp"

namespace pbft::net {

/// For libuv's timers: never shorter than asked for.
inline std::uint64_t in_ms(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

struct Links::Impl final : Connection::Owner {
  struct Member;
  /// Calls a member that is ours to call.
  struct Dialler {
    Impl& links;
    Member& member;
    Address address;
    Backoff backoff;
    uv_timer_t timer{};
    Connection* attempt = nullptr;  ///< Connecting, shaking hands, or the link.
    std::uint64_t up_at_ms = 0;
    std::string logged{};  ///< Why the last attempt failed: said once, not with each attempt.
  };
  struct Member {
    Peer id;
    crypto::X25519Public key;
    std::unique_ptr<Dialler> dialler{};  ///< Null if the member calls us.
    Connection* link = nullptr;          ///< While up.
    std::uint64_t muted_until_ms = 0;
    std::uint64_t muted_for_ms = 0;  ///< The last time.
  };
  /// Accepts callers.
  struct Listener final : Socket::Events {
    Listener(Impl& owner, int fd) : links(owner), socket(fd, *this), port(Address::local(fd).port()) {}
    void on_readable() override { links.accept_callers(); }
    void on_writable() override {}
    void on_closed() override { links.on_handle_closed(); }
    Impl& links;
    Socket socket;
    std::uint16_t port;
  };

  Impl(uv_loop_t* loop_in, LinksConfig config_in, LinksEvents events_in);
  ~Impl();

  // ---- links.cpp: beginning, end, what happens once per loop turn or tick ---------------------------------
  Result<void> start();
  Result<void> plan_dialling();
  void init_handles();
  void send(const Peer& to, BytesView frame, Priority priority);
  void close(std::function<void()> done);
  void arm_turn();
  void on_turn_end();
  void on_tick();
  void finish_closing();
  template <class Handle>
  void close_handle(Handle& handle);
  void on_handle_closed();
  /// At the turn's end: events may not run inside a call of ours.
  void later(std::function<void()> event);

  // ---- links_members.cpp: who calls, who is called, who is refused ----------------------------------------
  void accept_callers();
  void make_room_for_caller();
  void dial(Member& member);
  void dial_later(Member& member, Duration delay);
  void on_attempt_over(Member& member, bool was_up, const std::string& why);
  void cut(const Peer& peer, const std::string& why);
  void mute(Member& member) const;
  Member* find(const Peer& peer);
  const Member* find(const Peer& peer) const;
  bool is_muted(const Member& member) const { return uv_now(loop) < member.muted_until_ms; }
  void log(LogLevel level, std::string text);
  void log(LineBudget& budget, LogLevel level, std::string text);

  bool may_shake_hands(const Connection& connection) override;
  std::variant<Peer, Refusal> admit(const crypto::X25519Public& caller, Role claimed) override;
  void on_refused(Connection& connection, Refusal reason, bool by_peer) override;
  void on_up(Connection& connection) override;
  void on_frame(Connection& connection, BytesView frame) override;
  void on_waiting(Connection& connection) override;
  void on_end(Connection& connection, const std::string& why) override;
  void on_closed(Connection& connection) override;

  uv_loop_t* loop;
  const LinksConfig config;
  LinksEvents events;
  ConnectionContext context;
  HandshakeLimiter handshakes;
  LineBudget stranger_lines{2, 20};  ///< Caused by anybody.
  LineBudget member_lines{20, 200};  ///< Caused by members only.

  std::map<Peer, Member> members;
  std::map<crypto::X25519Public, Member*> by_key;
  std::list<std::unique_ptr<Connection>> connections;  ///< In the order in which they began.
  std::unique_ptr<Listener> listener;

  uv_prepare_t turn_end{};  ///< Runs before the loop waits for input: when a turn is over.
  uv_idle_t no_wait{};      ///< Keeps the loop from waiting while a turn's end is due.
  uv_timer_t ticks{};
  std::vector<Connection*> waiting;        ///< With something to flush.
  std::vector<Connection*> flushing;       ///< What on_turn_end() works on.
  std::vector<std::function<void()>> due;  ///< See later().
  bool in_call = false;                    ///< Inside cut().

  std::size_t open_handles = 0;
  bool closing = false;
  std::uint64_t drain_checks_left = 0;
  std::function<void()> done;
};

}  // namespace pbft::net
