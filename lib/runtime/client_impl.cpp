#include "runtime/client_impl.hpp"

#include <algorithm>
#include <random>

#include "runtime/client_errors.hpp"
#include "runtime/clock.hpp"

namespace pbft {

Result<std::shared_ptr<Client::Impl>> Client::Impl::start(const ClusterConfig& config, const ClientKey& key,
                                                          const ClientOptions& options) {
  Result<std::unique_ptr<runtime::Loop>> loop = runtime::Loop::create(options.loop);
  if (!loop) return loop.error();
  const std::shared_ptr<Impl> impl(new Impl(config, key, options, std::move(*loop)));
  Result<std::unique_ptr<net::Links>> links =
      net::Links::create(impl->loop_->uv(), impl->links_config(config, key), impl->links_events());
  if (!links) return links.error();
  impl->links_ = std::move(*links);
  impl->loop_->post([self = impl.get()] { self->begin(); });
  impl->loop_->run(impl, [self = impl.get()] { self->rejections_.tell(runtime::now().monotonic); });
  return impl;
}

Client::Impl::Impl(const ClusterConfig& config, const ClientKey& key, const ClientOptions& options,
                   std::unique_ptr<runtime::Loop> loop)
    : id_(key.id),
      quorums_(static_cast<std::uint32_t>(config.replicas.size())),
      agreed_(config.limits),
      options_(options),
      log_(options.log, net::describe(net::Peer(key.id))),
      loop_(std::move(loop)),
      ring_(std::make_shared<const crypto::KeyRing>(crypto::key_ring(config))),
      crypto_(ring_, key.id, key.key),
      wire_limits_{quorums_.n(), config.limits},
      sealer_(crypto_, wire_limits_),
      core_(core_config(), crypto_, sealer_),
      retry_(loop_->add_timer([this] { feed(core::ClientTimerFired{}); })),
      rejections_(log_) {}

core::ClientConfig Client::Impl::core_config() const {
  core::ClientConfig made;
  made.id = id_;
  made.replicas = quorums_.n();
  made.agreed = agreed_;
  made.limits = options_.limits;
  made.use_tags = options_.authentication == Authentication::mac;
  std::random_device random;
  made.seed = (std::uint64_t{random()} << 32) | random();
  made.incarnation = RequestNumber{runtime::now().wall.unix_us};
  return made;
}

net::LinksConfig Client::Impl::links_config(const ClusterConfig& config, const ClientKey& key) const {
  net::LinksConfig made;
  made.cluster = ring_->cluster;
  made.self = id_;
  made.secret = crypto::x25519_of(key.key);
  for (const ReplicaInfo& replica : config.replicas) {
    made.addresses[replica.id] = {replica.host, replica.port};
    made.members[replica.id] = crypto::x25519_of(replica.key).value();
  }
  made.max_frame_bytes = wire_limits_.max_frame_bytes();
  made.max_queue_bytes = std::max(made.max_queue_bytes, 2 * made.max_frame_bytes);
  return made;
}

net::LinksEvents Client::Impl::links_events() {
  net::LinksEvents events;
  events.up = [this](const net::Peer& peer) { on_up(peer); };
  events.down = [this](const net::Peer& peer) { on_down(peer); };
  events.frame = [this](const net::Peer& from, BytesView frame) { on_frame(from, frame); };
  events.refused = [this](const net::Refused& refused) { on_refused(refused); };
  events.log = [this](LogLevel level, const std::string& text) { log_(level, text); };
  return events;
}

void Client::Impl::begin() {
  if (ended_) return;
  core_.start(runtime::now(), outputs_);
  perform_outputs();
}

void Client::Impl::close_links() {
  if (std::exchange(closing_, true)) return;
  links_->close([this] { loop_->close(); });
}

void Client::Impl::on_up(const net::Peer& peer) {
  const ReplicaId replica = std::get<ReplicaId>(peer);
  {
    const std::lock_guard lock(mutex_);
    up_.insert(replica);
    refused_.erase(replica);
  }
  feed(core::ClientLinkUp{replica});
}

void Client::Impl::on_down(const net::Peer& peer) {
  const ReplicaId replica = std::get<ReplicaId>(peer);
  {
    const std::lock_guard lock(mutex_);
    up_.erase(replica);
  }
  feed(core::ClientLinkDown{replica});
}

void Client::Impl::on_refused(const net::Refused& refused) {
  if (!refused.peer) return;
  const std::lock_guard lock(mutex_);
  refused_.insert_or_assign(std::get<ReplicaId>(*refused.peer), refused);
  opening_changed_.notify_all();
}

void Client::Impl::on_frame(const net::Peer& from, BytesView frame) {
  if (ended_) return;
  auto decoded = wire::decode(frame, wire_limits_, crypto_);
  auto* message = std::get_if<core::Message>(&decoded);
  auto* reply = message ? std::get_if<core::Reply>(message) : nullptr;
  auto* answers = message ? std::get_if<core::QueryReply>(message) : nullptr;
  if (!reply && !answers) {
    const core::Rejection reason = message ? core::Rejection::wrong_link : std::get<core::Rejection>(decoded);
    rejections_.count(from, reason);
    if (rejections_.strike(from, runtime::now().monotonic)) {
      links_->cut(from, std::string("too many messages that no correct replica sends, the last one ") +
                            core::name_of(reason));
    }
    return;
  }
  const ReplicaId replica = std::get<ReplicaId>(from);
  if (!was_open_) {
    const std::lock_guard lock(mutex_);
    answered_.insert(replica);
  }
  if (reply) {
    feed(core::FromReplicaReply{replica, std::move(*reply)});
  } else {
    feed(core::FromReplicaQueryReply{replica, std::move(*answers)});
  }
}

void Client::Impl::feed(core::ClientEvent event) {
  if (!ended_) step(std::move(event));
}

void Client::Impl::step(core::ClientEvent event) {
  core_.step({runtime::now(), std::move(event)}, outputs_);
#ifndef NDEBUG
  core_.invariants();
#endif
  perform_outputs();
}

void Client::Impl::perform_outputs() {
  for (core::ClientOutput& output : outputs_) {
    std::visit([this](auto& kind) { perform(kind); }, output);
  }
  outputs_.clear();
  view_ = core_.believed_view().value;
  if (core_.is_open() && !was_open_) {
    was_open_ = true;
    const std::lock_guard lock(mutex_);
    open_ = true;
    opening_changed_.notify_all();
  }
  give_answers();
}

void Client::Impl::perform(core::SendRequest& output) {
  const Bytes frame = wire::encode(*output.message);
  for (const ReplicaId to : output.to) links_->send(to, frame, net::Priority::normal);
}

void Client::Impl::perform(core::Completed& output) {
  const auto at = outstanding_.find(output.ticket);
  Callback done = std::move(at->second);
  outstanding_.erase(at);
  if (output.completion == core::Completion::ok) {
    answers_.push_back({std::move(done), std::move(output.result)});
  } else {
    const std::lock_guard lock(mutex_);
    answers_.push_back(
        {std::move(done), runtime::error_of(output, agreed_, options_.limits, reachability())});
  }
}

void Client::Impl::perform(core::SetClientTimer& output) { retry_.set(output.at); }
void Client::Impl::perform(core::CancelClientTimer&) { retry_.cancel(); }

// A callback may call anything of this client, stop() too, which comes back here: then the inner call gives
// what is left, and the outer one finds nothing.
void Client::Impl::give_answers() noexcept {
  while (!answers_.empty()) {
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    answer.done(std::move(answer.result));
  }
}

}  // namespace pbft
