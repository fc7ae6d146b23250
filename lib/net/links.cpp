#include "net/links.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "crypto/sodium.hpp"
#include "net/links_impl.hpp"

namespace pbft::net {
namespace {

constexpr std::uint64_t drain_check_ms = 5;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  PBFT_CHECK(uv_random(nullptr, nullptr, &seed, sizeof(seed), 0, nullptr) == 0);
  return seed;
}

std::set<Source> sources_of(const LinksConfig& config) {
  std::set<Source> sources;
  for (const auto& [id, address] : config.addresses) {
    if (const auto parsed = Address::parse(address.first, address.second)) sources.insert(parsed->source());
  }
  return sources;
}

/// Between replicas the lower id dials; clients dial all replicas.
bool dials(const Peer& caller, const Peer& callee) {
  const auto* to = std::get_if<ReplicaId>(&callee);
  const auto* from = std::get_if<ReplicaId>(&caller);
  return to != nullptr && (from == nullptr || *from < *to);
}

Error bad_address(const std::string& of, const std::string& host) {
  return {ErrorCode::invalid_argument,
          of + ": \"" + host + "\" is neither an IPv4 nor an IPv6 address; names are not looked up"};
}

}  // namespace

std::string describe(const Peer& peer) {
  if (const auto* replica = std::get_if<ReplicaId>(&peer)) return "replica " + std::to_string(replica->value);
  return "client " + std::to_string(std::get<ClientId>(peer).value);
}

Links::Impl::Impl(uv_loop_t* loop_in, LinksConfig config_in, LinksEvents events_in)
    : loop(loop_in),
      config(std::move(config_in)),
      events(std::move(events_in)),
      context{.loop = loop_in, .config = config},
      handshakes(config.handshakes_per_second, config.handshake_burst, sources_of(config)) {
  for (const auto& [id, key] : config.members) {
    if (id == config.self) continue;
    Member& member = members.emplace(id, Member{.id = id, .key = key}).first->second;
    by_key.emplace(key, &member);
  }
}

Links::Impl::~Impl() { PBFT_CHECK(open_handles == 0); }

Result<void> Links::Impl::start() {
  crypto::ensure_sodium();
  if (Result<void> planned = plan_dialling(); !planned) return planned;
  if (config.listen) {
    const auto address = Address::parse(config.listen_host, config.listen_port);
    if (!address) return bad_address("listen_host", config.listen_host);
    const Result<int> socket = listen_on(*address);
    if (!socket) return socket.error();
    listener = std::make_unique<Listener>(*this, *socket);
    if (!listener->socket.watch(loop, UV_READABLE)) {
      return Error{ErrorCode::io, "the loop cannot watch the socket that listens on " + address->text()};
    }
    ++open_handles;
  }
  init_handles();
  return {};
}

Result<void> Links::Impl::plan_dialling() {
  for (auto& [id, member] : members) {
    if (!dials(config.self, id)) continue;
    const auto entry = config.addresses.find(std::get<ReplicaId>(id));
    if (entry == config.addresses.end()) {
      return Error{ErrorCode::invalid_argument, describe(id) + " has no address"};
    }
    const auto& [host, port] = entry->second;
    const auto address = Address::parse(host, port);
    if (!address) return bad_address(describe(id), host);
    member.dialler = std::make_unique<Dialler>(
        Dialler{.links = *this,
                .member = member,
                .address = *address,
                .backoff = Backoff(config.first_backoff, config.max_backoff, random_seed())});
  }
  return {};
}

void Links::Impl::init_handles() {
  uv_prepare_init(loop, &turn_end);
  uv_idle_init(loop, &no_wait);
  uv_timer_init(loop, &ticks);
  turn_end.data = no_wait.data = ticks.data = this;
  open_handles += 3;
  const std::uint64_t tick_ms = std::max<std::uint64_t>(
      1, in_ms(std::min({config.keep_alive, config.silence_limit, config.handshake_timeout})) / 4);
  const auto ticks_in = [tick_ms](Duration time) { return in_ms(time) / tick_ms + 1; };
  context.keep_alive_ticks = ticks_in(config.keep_alive);
  context.silence_ticks = ticks_in(config.silence_limit);
  context.handshake_ticks = ticks_in(config.handshake_timeout);
  uv_timer_start(
      &ticks, [](uv_timer_t* handle) { static_cast<Impl*>(handle->data)->on_tick(); }, tick_ms, tick_ms);
  for (auto& [id, member] : members) {
    if (!member.dialler) continue;
    uv_timer_init(loop, &member.dialler->timer);
    member.dialler->timer.data = member.dialler.get();
    ++open_handles;
    dial_later(member, Duration::zero());
  }
}

template <class Handle>
void Links::Impl::close_handle(Handle& handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle),
           [](uv_handle_t* closed) { static_cast<Impl*>(closed->data)->on_handle_closed(); });
}

void Links::Impl::on_handle_closed() {
  if (--open_handles > 0) return;
  const std::function<void()> last = std::move(done);
  if (last) last();  // May destroy this object.
}

void Links::Impl::later(std::function<void()> event) {
  due.push_back(std::move(event));
  arm_turn();
}

void Links::Impl::arm_turn() {
  uv_prepare_start(&turn_end, [](uv_prepare_t* handle) { static_cast<Impl*>(handle->data)->on_turn_end(); });
  // Without it a call from another prepare handle's callback would lie here while the loop waits for input.
  uv_idle_start(&no_wait, [](uv_idle_t*) {});
}

void Links::Impl::on_turn_end() {
  uv_prepare_stop(&turn_end);
  uv_idle_stop(&no_wait);
  for (const auto& event : std::exchange(due, {})) {
    if (!closing) event();
  }
  flushing.swap(waiting);
  for (Connection* connection : flushing) connection->flush();
  flushing.clear();
}

void Links::Impl::on_tick() {
  if (listener) listener->socket.want(UV_READABLE);
  for (const auto& connection : connections) connection->tick();
}

void Links::Impl::send(const Peer& to, BytesView frame, Priority priority) {
  Member* member = find(to);
  if (member == nullptr || member->link == nullptr || closing) return;
  if (frame.size() > config.max_frame_bytes) {
    ++context.counters.frames_refused;
    return later([this, to, size = frame.size()] {
      log(member_lines, LogLevel::error,
          "a frame of " + std::to_string(size) + " bytes to " + describe(to) + " exceeds the limit of " +
              std::to_string(config.max_frame_bytes) + ": dropped");
    });
  }
  if (member->link->send(frame, priority)) return;
  ++context.counters.queue_overflows;
  later([this, to] {
    log(member_lines, LogLevel::warning,
        describe(to) + " does not keep up: " + std::to_string(config.max_queue_bytes) +
            " bytes waited for it and were dropped");
  });
}

void Links::Impl::close(std::function<void()> done_in) {
  PBFT_CHECK(!closing);
  closing = true;
  done = std::move(done_in);
  due.clear();
  if (listener) listener->socket.close();
  for (auto& [id, member] : members) {
    if (!member.dialler) continue;
    uv_close(reinterpret_cast<uv_handle_t*>(&member.dialler->timer),
             [](uv_handle_t* closed) { static_cast<Dialler*>(closed->data)->links.on_handle_closed(); });
  }
  for (const auto& connection : connections) {
    if (connection->is_half_open()) connection->close("closing");
  }
  drain_checks_left = in_ms(config.close_linger) / drain_check_ms;
  uv_timer_start(
      &ticks,
      [](uv_timer_t* handle) {
        Impl& self = *static_cast<Impl*>(handle->data);
        const bool drained =
            std::all_of(self.connections.begin(), self.connections.end(),
                        [](const auto& connection) { return connection->queued_bytes() == 0; });
        if (drained || self.drain_checks_left-- == 0) self.finish_closing();
      },
      0, drain_check_ms);
}

void Links::Impl::finish_closing() {
  for (const auto& connection : connections) connection->close("closing");
  close_handle(ticks);
  close_handle(no_wait);
  close_handle(turn_end);
}

Links::Links(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Links::~Links() = default;

Result<std::unique_ptr<Links>> Links::create(uv_loop_t* loop, LinksConfig config, LinksEvents events) {
  auto impl = std::make_unique<Impl>(loop, std::move(config), std::move(events));
  if (Result<void> started = impl->start(); !started) return started.error();
  return std::unique_ptr<Links>(new Links(std::move(impl)));
}

std::uint16_t Links::listen_port() const {
  return impl_->listener ? impl_->listener->port : std::uint16_t{0};
}
void Links::send(const Peer& to, BytesView frame, Priority priority) { impl_->send(to, frame, priority); }
bool Links::is_up(const Peer& peer) const {
  const Impl::Member* member = std::as_const(*impl_).find(peer);
  return member != nullptr && member->link != nullptr && !impl_->closing;
}
std::size_t Links::queued_bytes(const Peer& peer) const {
  const Impl::Member* member = std::as_const(*impl_).find(peer);
  return member != nullptr && member->link != nullptr ? member->link->queued_bytes() : 0;
}
void Links::cut(const Peer& peer, const std::string& why) { impl_->cut(peer, why); }
const LinksCounters& Links::counters() const { return impl_->context.counters; }
void Links::close(std::function<void()> done) { impl_->close(std::move(done)); }

}  // namespace pbft::net
