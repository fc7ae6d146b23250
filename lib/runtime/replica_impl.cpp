#include "runtime/replica_impl.hpp"

#include <algorithm>
#include <utility>

#include "runtime/clock.hpp"

namespace pbft {

using core::Rejection;

Result<std::shared_ptr<Replica::Impl>> Replica::Impl::start(const ClusterConfig& config,
                                                            const ReplicaKey& key, StateMachine& machine,
                                                            const ReplicaOptions& options,
                                                            std::shared_ptr<runtime::Tamper> tamper) {
  Result<std::unique_ptr<runtime::Loop>> loop = runtime::Loop::create(options.loop);
  if (!loop) return loop.error();
  const std::shared_ptr<Impl> impl(new Impl(config, key, options, std::move(*loop)));
  if (Result<void> restored = impl->restore(config, machine, options); !restored) return restored.error();
  Result<std::unique_ptr<net::Links>> links =
      net::Links::create(impl->loop_->uv(), impl->links_config(config, key, options), impl->links_events());
  if (!links) return links.error();
  impl->links_ = std::move(*links);
  if (tamper) impl->let_in(std::move(tamper));
  impl->loop_->post([self = impl.get()] { self->begin(); });
  impl->loop_->run(impl, [self = impl.get()] { self->on_turn(); });
  return impl;
}

Replica::Impl::Impl(const ClusterConfig& config, const ReplicaKey& key, const ReplicaOptions& options,
                    std::unique_ptr<runtime::Loop> loop)
    : id_(key.id),
      quorums_(static_cast<std::uint32_t>(config.replicas.size())),
      log_(options.log, net::describe(net::Peer(key.id))),
      loop_(std::move(loop)),
      ring_(std::make_shared<const crypto::KeyRing>(crypto::key_ring(config))),
      crypto_(ring_, key.id, key.key),
      wire_limits_{quorums_.n(), config.limits},
      sealer_(crypto_, wire_limits_),
      results_([this] { loop_->post([this] { on_results(); }); }),
      verifier_(
          crypto_, wire_limits_, options.crypto_workers,
          [this](const net::Peer& from, runtime::Verdict verdict) { on_verdict(from, std::move(verdict)); },
          [this] { loop_->post([this] { verifier_.deliver_finished(); }); }),
      rejections_(log_) {
  verifier_.dismiss_with(
      [this](const net::Peer& from, const core::Message& message) { return dismiss(from, message); });
  for (std::size_t i = 0; i < core::timer_count; ++i) {
    timers_[i] =
        &loop_->add_timer([this, timer = static_cast<core::Timer>(i)] { feed(core::TimerFired{timer}); });
  }
}

Result<void> Replica::Impl::restore(const ClusterConfig& config, StateMachine& machine,
                                    const ReplicaOptions& options) {
  runtime::DataEvents events;
  events.post = [this](std::function<void()> task) { loop_->post(std::move(task)); };
  events.durable = [this](std::uint64_t token) { feed(core::Persisted{token}); };
  events.failed = [this](const Error& error) { fail(error); };
  Result<runtime::Data> data =
      runtime::open_data({ring_->cluster, id_}, options, wire_limits_, crypto_, log_, std::move(events));
  if (!data) return data.error();
  data_ = std::move(*data);
  keeper_.emplace(*data_.checkpoints, results_);
  executor_.emplace(machine, crypto_, *data_.checkpoints, *keeper_, results_);
  Result<runtime::Executor::Beginning> beginning = executor_->begin();
  if (!beginning) return beginning.error();
  genesis_ = beginning->genesis;
  core_.emplace(core_config(config, machine, options.limits), crypto_, sealer_);
  return core_->restore({data_.log->records(), std::move(beginning->checkpoint)});
}

core::ReplicaConfig Replica::Impl::core_config(const ClusterConfig& config, const StateMachine& machine,
                                               const ReplicaLimits& limits) const {
  core::ReplicaConfig made;
  made.id = id_;
  made.replicas = quorums_.n();
  for (const ClientInfo& client : config.clients) made.clients.insert(client.id);
  made.agreed = config.limits;
  made.limits = limits;
  made.genesis = genesis_;
  made.incarnation = data_.incarnation;
  made.valid = [&machine](const core::Request& request) {
    return std::all_of(request.items.begin(), request.items.end(), [&](const core::Request::Item& item) {
      return machine.valid(request.client, item.body);
    });
  };
  return made;
}

net::LinksConfig Replica::Impl::links_config(const ClusterConfig& config, const ReplicaKey& key,
                                             const ReplicaOptions& options) {
  net::LinksConfig made;
  made.cluster = ring_->cluster;
  made.genesis = genesis_;
  made.self = id_;
  made.secret = crypto::x25519_of(key.key);
  made.listen = true;
  for (const ReplicaInfo& replica : config.replicas) {
    made.addresses[replica.id] = {replica.host, replica.port};
    if (replica.id != id_) {
      made.members[replica.id] = crypto::x25519_of(replica.key).value();
      continue;
    }
    made.listen_host = options.listen_host.empty() ? replica.host : options.listen_host;
    made.listen_port = replica.port;
  }
  for (const ClientInfo& client : config.clients) {
    made.members[client.id] = crypto::x25519_of(client.key).value();
  }
  made.max_frame_bytes = wire_limits_.max_frame_bytes();
  made.max_queue_bytes = std::max(made.max_queue_bytes, 2 * made.max_frame_bytes);
  return made;
}

net::LinksEvents Replica::Impl::links_events() {
  net::LinksEvents events;
  events.up = [this](const net::Peer& peer) { on_up(peer); };
  events.down = [this](const net::Peer& peer) { on_down(peer); };
  events.frame = [this](const net::Peer& from, BytesView frame) { on_frame(from, frame); };
  events.log = [this](LogLevel level, const std::string& text) { log_(level, text); };
  return events;
}

void Replica::Impl::let_in(std::shared_ptr<runtime::Tamper> tamper) {
  tamper_ = std::move(tamper);
  tamper_->enter(
      {id_, crypto_, wire_limits_, *loop_,
       [this](const net::Peer& to, const core::Message& message) {
         if (!stopping_) send(to, message);
       },
       [this](const net::Peer& to, BytesView frame) {
         if (!stopping_) links_->send(to, frame, net::Priority::normal);
       },
       [this](const net::Peer& from, core::AuthenticMessage message) { hear(from, std::move(message)); }});
}

void Replica::Impl::begin() {
  if (stopping_) return;
  stepping_ = true;
  core_->start(runtime::now(), outputs_);
  perform_outputs();
  stepping_ = false;
  drain();
}

void Replica::Impl::stop() {
  stopping_ = true;
  stop_threads();
  loop_->post([this] { close(); });
  loop_->wait_closed();
}

void Replica::Impl::stop_threads() {
  const std::lock_guard lock(stop_mutex_);
  executor_->stop();
  keeper_->stop();
  verifier_.stop();
}

// The data directory is free for another process when the log is gone.
void Replica::Impl::close() {
  if (std::exchange(closing_, true)) return;
  publish();
  data_.log.reset();
  links_->close([this] { loop_->close(); });
}

void Replica::Impl::fail(const Error& error) {
  if (stopping_.exchange(true)) return;
  failed_ = error.message;
  const char* remedy = error.code == ErrorCode::io
                           ? "make room or mend the disk, and start it again: it goes on from what is durable"
                           : "mend the state machine, and start it again";
  log_(LogLevel::error, "stops: " + failed_ + "; the others go on without it; " + remedy);
  stop_threads();
  loop_->post([this] { close(); });
}

void Replica::Impl::on_up(const net::Peer& peer) {
  up_.insert(peer);
  if (const auto* replica = std::get_if<ReplicaId>(&peer)) feed(core::LinkUp{*replica});
}

void Replica::Impl::on_down(const net::Peer& peer) {
  up_.erase(peer);
  changed_ = true;
  if (const auto* replica = std::get_if<ReplicaId>(&peer)) feed(core::LinkDown{*replica});
}

void Replica::Impl::on_frame(const net::Peer& from, BytesView frame) {
  if (stopping_) return;
  if (!verifier_.submit(from, frame)) refuse(from, Rejection::too_often);
}

void Replica::Impl::on_results() {
  for (core::Event& result : results_.take()) feed(std::move(result));
  if (const std::optional<Error> failure = results_.failure()) fail(*failure);
}

void Replica::Impl::on_verdict(const net::Peer& from, runtime::Verdict verdict) {
  if (const auto* rejection = std::get_if<Rejection>(&verdict)) {
    refuse(from, *rejection);
    return punish(from, *rejection);
  }
  auto& message = std::get<core::AuthenticMessage>(verdict);
  if (tamper_) return tamper_->on_receive(from, std::move(message));
  hear(from, std::move(message));
}

void Replica::Impl::hear(const net::Peer& from, core::AuthenticMessage message) {
  if (const auto* replica = std::get_if<ReplicaId>(&from)) {
    feed(core::FromReplica{*replica, std::move(message)});
  } else {
    feed(core::FromClient{std::get<ClientId>(from), std::move(message)});
  }
}

void Replica::Impl::refuse(const net::Peer& from, Rejection reason) {
  rejections_.count(from, reason);
  changed_ = true;
  if (rejections_.overdraw(from, runtime::now().monotonic)) {
    links_->cut(from,
                std::string("a flood of messages that are of no use, the last one ") + core::name_of(reason));
  }
}

bool Replica::Impl::dismiss(const net::Peer& from, const core::Message& message) {
  const auto needless = core_->foresee(from, message);
  if (!needless) return false;
  if (const auto reason = needless->reason) {
    refuse(from, *reason);
    if (*reason == Rejection::wrong_link) punish(from, *reason);
  }
  return true;
}

// Of what does not decode, or bears a signature that does not hold, none comes from a correct member: it
// checks what it forwards. But for tags, of which it can check its own only.
void Replica::Impl::punish(const net::Peer& from, Rejection reason) {
  if (reason == Rejection::wrong_tag && std::holds_alternative<ReplicaId>(from)) return;
  if (!rejections_.strike(from, runtime::now().monotonic)) return;
  links_->cut(from, std::string("too many messages that no correct member sends, the last one ") +
                        core::name_of(reason));
}

void Replica::Impl::feed(core::Event event) {
  if (stopping_) return;
  waiting_.push_back(std::move(event));
  drain();
}

void Replica::Impl::drain() {
  if (std::exchange(stepping_, true)) return;
  while (!waiting_.empty() && !stopping_) {
    core::Input input{runtime::now(), std::move(waiting_.front())};
    waiting_.pop_front();
    const core::Instant begun = input.now.monotonic;
    const bool replies = std::holds_alternative<core::Executed>(input.event);
    core_->step(std::move(input), outputs_);
#ifndef NDEBUG
    core_->invariants();
#endif
    perform_outputs();
    if (replies) replying_.add(runtime::now().monotonic - begun);
  }
  stepping_ = false;
}

void Replica::Impl::perform_outputs() {
  for (core::Output& output : outputs_) {
    std::visit([this](auto& kind) { perform(kind); }, output);
  }
  outputs_.clear();
  changed_ = true;
}

void Replica::Impl::on_turn() {
  if (stopping_) return;
  rejections_.tell(runtime::now().monotonic);
  if (std::exchange(changed_, false)) publish();
}

void Replica::Impl::publish() {
  std::uint32_t replicas = 0, clients = 0;
  for (const net::Peer& peer : up_) ++(std::holds_alternative<ReplicaId>(peer) ? replicas : clients);
  const std::lock_guard lock(published_mutex_);
  published_.core = core_->state();
  published_.connected_replicas = replicas;
  published_.connected_clients = clients;
  published_.rejections = rejections_.counts();
  published_.failed = failed_;
  published_.longest_turn = loop_->longest_turn();
  published_.stages = core_->stage_times();
  published_.stages[static_cast<std::size_t>(core::Stage::reply)] = replying_;
  published_.fsyncs = data_.log->syncs();
  published_.bytes_written = data_.disk ? data_.disk->written_bytes() : 0;
  published_.bytes_received = links_->counters().bytes_in;
  published_.bytes_sent = links_->counters().bytes_out;
}

ReplicaStatus Replica::Impl::status() const {
  Published last;
  {
    const std::lock_guard lock(published_mutex_);
    last = published_;
  }
  ReplicaStatus status;
  status.id = id_;
  status.view = last.core.view;
  status.changing_view = last.core.pending != last.core.view;
  status.is_primary = !status.changing_view && quorums_.primary(last.core.view) == id_;
  status.stable = last.core.stable;
  status.executed = last.core.executed;
  status.checkpoint = last.core.checkpoint;
  status.checkpoint_state = last.core.checkpoint_state;
  status.operations = last.core.operations;
  status.batches = last.core.batches;
  status.fsyncs = last.fsyncs;
  status.bytes_written = last.bytes_written;
  status.bytes_received = last.bytes_received;
  status.bytes_sent = last.bytes_sent;
  for (std::size_t i = 0; i < core::stage_count; ++i) {
    const core::LatencyHistogram& times = last.stages[i];
    status.stages[core::name_of(static_cast<core::Stage>(i))] = {times.count(), times.mean(),
                                                                 times.quantile(0.5), times.quantile(0.99)};
  }
  status.view_changes = last.core.view_changes;
  status.waiting_requests = last.core.waiting_requests;
  status.longest_turn = last.longest_turn;
  status.connected_replicas = last.connected_replicas;
  status.connected_clients = last.connected_clients;
  status.answering = last.core.answering && last.failed.empty();
  status.observing = last.core.observing;
  status.collecting = last.core.collecting;
  status.durable = data_.durable;
  status.failed = last.failed;
  for (std::size_t i = 0; i < last.rejections.size(); ++i) {
    if (last.rejections[i] > 0) {
      status.rejections[core::name_of(static_cast<Rejection>(i))] = last.rejections[i];
    }
  }
  return status;
}

}  // namespace pbft
