#include "micro/replica_member.hpp"

#include <utility>

#include "core/state_tree.hpp"

namespace pbft::bench {

namespace {

core::ReplicaConfig config_of(const World& world, ReplicaId id, const std::set<ClientId>& clients,
                              const core::Crypto& crypto) {
  core::ReplicaConfig config;
  config.id = id;
  config.limits.pipeline_spacing = {};  // time hardly passes here
  config.replicas = world.replicas;
  config.clients = clients;
  config.agreed = world.limits.agreed;
  config.genesis = core::state_digest(crypto, core::genesis_core_state(), Bytes(8));
  return config;
}

}  // namespace

ReplicaMember::ReplicaMember(World& world, ReplicaId id, const std::set<ClientId>& clients,
                             std::size_t result_bytes, const core::Crypto& crypto)
    : Member(world, id, crypto),
      core_(config_of(world, id, clients, crypto), crypto_, sealer_),
      authenticator_(crypto_, core::Quorums(world.replicas)),
      log_([this](std::uint64_t token) { feed(core::Persisted{token}); }),
      result_bytes_(result_bytes) {}

void ReplicaMember::start() {
  stepping_ = true;
  core_.start(world_.tick(), outputs_);
  perform_outputs();
  stepping_ = false;
}

std::optional<core::Instant> ReplicaMember::due() const {
  std::optional<core::Instant> next;
  for (const auto& timer : timers_) {
    if (timer && (!next || *timer < *next)) next = timer;
  }
  return next;
}

void ReplicaMember::fire_due() {
  for (std::size_t i = 0; i < timers_.size(); ++i) {
    if (!timers_[i] || *timers_[i] > world_.now.monotonic) continue;
    timers_[i].reset();
    feed(core::TimerFired{static_cast<core::Timer>(i)});
  }
}

void ReplicaMember::on_frame(const core::Identity& from, BytesView frame) {
  auto decoded = decode(frame);
  if (std::holds_alternative<core::Rejection>(decoded)) {
    ++rejections_;
    return;
  }
  auto judged = world_.meter.run<Stage::authenticate>(
      [&] { return authenticator_.authenticate(std::get<core::Message>(std::move(decoded))); });
  auto* message = std::get_if<core::AuthenticMessage>(&judged);
  if (!message) {
    ++rejections_;
  } else if (const auto* replica = std::get_if<ReplicaId>(&from)) {
    feed(core::FromReplica{*replica, std::move(*message)});
  } else {
    feed(core::FromClient{std::get<ClientId>(from), std::move(*message)});
  }
}

void ReplicaMember::feed(core::Event event) {
  waiting_.push_back(std::move(event));
  if (std::exchange(stepping_, true)) return;
  while (!waiting_.empty()) {
    core::Input input{world_.tick(), std::move(waiting_.front())};
    waiting_.pop_front();
    world_.meter.run<Stage::core_step>([&] { core_.step(std::move(input), outputs_); });
    perform_outputs();
  }
  stepping_ = false;
}

void ReplicaMember::perform_outputs() {
  for (core::Output& output : outputs_) {
    std::visit([this](auto& kind) { perform(kind); }, output);
  }
  outputs_.clear();
}

void ReplicaMember::perform(core::Send& output) {
  if (!world_.is_lost(*output.message)) send(output.to, encode(*output.message));
}

void ReplicaMember::perform(core::Broadcast& output) {
  if (world_.is_lost(*output.message)) return;
  const Bytes frame = encode(*output.message);
  for (std::uint32_t id = 0; id < world_.replicas; ++id) {
    if (core::Identity(ReplicaId{id}) != self_) send(ReplicaId{id}, frame);
  }
}

void ReplicaMember::perform(core::SendReply& output) { send(output.to, encode(*output.message)); }

void ReplicaMember::perform(core::Persist& output) {
  world_.meter.run<Stage::log>([&] { log_.append(output.token, std::move(output.record)); });
}

void ReplicaMember::perform(core::Execute& output) {
  core::Executed executed{output.seq, {}};
  world_.meter.run<Stage::execute>([&] {
    executed.results.reserve(output.items.size());
    for (const core::Execute::Item& item : output.items) {
      executed_ += 1 + item.body.size();
      executed.results.emplace_back(result_bytes_);
    }
  });
  feed(std::move(executed));
}

void ReplicaMember::perform(core::TakeSnapshot& output) {
  Bytes application;
  for (int shift = 0; shift < 64; shift += 8)
    application.push_back(static_cast<std::uint8_t>(executed_ >> shift));
  const Digest state = world_.meter.run<Stage::checkpoint>(
      [&] { return core::state_digest(crypto_, output.core_state, application); });
  feed(core::SnapshotReady{output.seq, state});
}

void ReplicaMember::perform(core::Report& output) {
  if (std::holds_alternative<core::Rejected>(output)) ++rejections_;
}

}  // namespace pbft::bench
