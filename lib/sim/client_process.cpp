#include "sim/client_process.hpp"

#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

ClientProcess::ClientProcess(const World& world, core::ClientConfig config, const core::Crypto& crypto,
                             std::uint64_t first_ticket)
    : world_(world),
      id_(config.id),
      sealer_(crypto, world.mail.limits()),
      core_(std::move(config), crypto, sealer_),
      first_ticket_(first_ticket) {}

core::Now ClientProcess::now() const {
  const Instant since = world_.scheduler.now();
  return {monotonic_start + since, Timestamp{wall_start_us + static_cast<std::uint64_t>(since.count())}};
}

void ClientProcess::start() {
  core::ClientOutputs out;
  core_.start(now(), out);
  for (core::ClientOutput& output : out) perform(output);
  for (std::uint32_t peer = 0; peer < world_.replicas; ++peer) step(core::ClientLinkUp{ReplicaId{peer}});
}

void ClientProcess::deliver(const Node& from, const FramePtr& frame) {
  if (killed_) return;
  const Opened& opened = world_.mail.open(*frame, from, id_);
  const auto* message = std::get_if<core::AuthenticMessage>(&opened);
  const auto* reply = message ? std::get_if<core::Reply>(&message->get()) : nullptr;
  const auto* answers = message ? std::get_if<core::QueryReply>(&message->get()) : nullptr;
  world_.trace.note(reply || answers ? Trace::Kind::delivered : Trace::Kind::refused, id_, frame->hash, [&] {
    return "<- " + describe(from) + " " +
           (message ? describe(message->get()) : std::string("a frame it cannot read"));
  });
  if (reply) step(core::FromReplicaReply{std::get<ReplicaId>(from), *reply});
  if (answers) step(core::FromReplicaQueryReply{std::get<ReplicaId>(from), *answers});
}

std::size_t ClientProcess::submit(const std::vector<std::string>& bodies, bool read_only) {
  const std::size_t first = operations_.size();
  core::Submit submit;
  for (const std::string& body : bodies) {
    const std::uint64_t ticket = first_ticket_ + operations_.size();
    operations_.push_back({body, read_only, {}, {}, {}, world_.scheduler.now(), {}});
    ++waiting_;
    world_.history.on_submitted(id_, ticket, to_bytes(body), read_only);
    submit.items.push_back({ticket, to_bytes(body), read_only});
  }
  step(std::move(submit));
  return first;
}

void ClientProcess::step(core::ClientEvent event) {
  if (killed_) return;
  core::ClientOutputs out;
  core_.step({now(), std::move(event)}, out);
  core_.invariants();
  for (core::ClientOutput& output : out) perform(output);
}

void ClientProcess::perform(core::ClientOutput& output) {
  if (const auto* request = std::get_if<core::SendRequest>(&output)) {
    for (ReplicaId to : request->to) world_.network.send(id_, to, request->message, true);
  } else if (auto* done = std::get_if<core::Completed>(&output)) {
    complete(std::move(*done));
  } else if (const auto* timer = std::get_if<core::SetClientTimer>(&output)) {
    const std::uint64_t generation = ++timer_generation_;
    world_.scheduler.at(timer->at - monotonic_start, EventKind::timer, [this, generation] {
      if (generation == timer_generation_) step(core::ClientTimerFired{});
    });
  } else if (std::holds_alternative<core::CancelClientTimer>(output)) {
    ++timer_generation_;
  }
}

void ClientProcess::complete(core::Completed&& done) {
  const std::size_t index = done.ticket - first_ticket_;
  if (index >= operations_.size() || operations_[index].completion) {
    unsafe("an operation of " + describe(Node(id_)) + " completes twice");
  }
  Operation& operation = operations_[index];
  operation.completion = done.completion;
  operation.result = to_text(done.result);
  operation.outcome = done.outcome;
  operation.completed = world_.scheduler.now();
  --waiting_;
  world_.trace.note(Trace::Kind::completed, id_, hash64(done.ticket, done.result), [&] {
    return "gets for \"" + operation.body + "\": " + std::to_string(static_cast<int>(done.completion)) + " " +
           operation.result;
  });
  world_.history.on_completed(id_, done.ticket, done.completion, done.result);
}

}  // namespace pbft::sim
