#include "micro/client_member.hpp"

#include <algorithm>
#include <utility>

namespace pbft::bench {

namespace {

core::ClientConfig config_of(const World& world, ClientId id, const Load& load) {
  core::ClientConfig config;
  config.id = id;
  config.replicas = world.replicas;
  config.agreed = world.limits.agreed;
  config.limits.max_requests_in_flight =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, load.outstanding / load.request_operations));
  config.limits.retry_timeout = config.limits.operation_timeout = std::chrono::hours(1);
  if (load.to_all) config.limits.broadcast_share = 1;
  config.seed = id.value;
  config.incarnation = RequestNumber{world.now.wall.unix_us};
  return config;
}

}  // namespace

ClientMember::ClientMember(World& world, ClientId id, const Load& load, const core::Crypto& crypto)
    : Member(world, id, crypto), load_(load), core_(config_of(world, id, load), crypto_, sealer_) {}

void ClientMember::start() {
  core_.start(world_.tick(), outputs_);
  perform_outputs();
  for (std::uint32_t id = 0; id < world_.replicas; ++id) {
    core_.step({world_.tick(), core::ClientLinkUp{ReplicaId{id}}}, outputs_);
    perform_outputs();
  }
}

void ClientMember::on_frame(const core::Identity& from, BytesView frame) {
  auto decoded = decode(frame);
  auto* message = std::get_if<core::Message>(&decoded);
  auto* reply = message ? std::get_if<core::Reply>(message) : nullptr;
  if (!reply) {
    ++failed_;
    return;
  }
  world_.meter.run<Stage::client_replies>([&] {
    core_.step({world_.tick(), core::FromReplicaReply{std::get<ReplicaId>(from), std::move(*reply)}},
               outputs_);
  });
  perform_outputs();
}

void ClientMember::end_turn() {
  while (left_ > 0 && submitted_ - completed_ + load_.request_operations <= load_.outstanding) {
    core::Submit submit;
    for (; left_ > 0 && submit.items.size() < load_.request_operations; --left_) {
      submit.items.push_back({submitted_++, Bytes(load_.operation_bytes), false});
    }
    world_.meter.run<Stage::client_submit>([&] { core_.step({world_.tick(), std::move(submit)}, outputs_); });
    perform_outputs();
  }
}

void ClientMember::perform_outputs() {
  for (core::ClientOutput& output : outputs_) {
    std::visit([this](auto& kind) { perform(kind); }, output);
  }
  outputs_.clear();
}

void ClientMember::perform(core::SendRequest& output) {
  const Bytes frame = encode(*output.message);
  for (const ReplicaId to : output.to) send(to, frame);
}

void ClientMember::perform(core::Completed& output) {
  ++completed_;
  if (output.completion != core::Completion::ok) ++failed_;
}

}  // namespace pbft::bench
