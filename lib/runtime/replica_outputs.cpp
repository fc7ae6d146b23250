// What the core wants done.
#include <utility>

#include "core/check.hpp"
#include "runtime/replica_impl.hpp"
#include "runtime/reports.hpp"

namespace pbft {

namespace {
// What a cluster needs to come back to order goes first.
net::Priority priority_of(const core::Message& message) {
  const bool is_urgent = std::holds_alternative<core::ViewChangePtr>(message) ||
                         std::holds_alternative<core::NewViewPtr>(message) ||
                         std::holds_alternative<core::Checkpoint>(message) ||
                         std::holds_alternative<core::CheckpointProof>(message) ||
                         std::holds_alternative<core::Status>(message) ||
                         std::holds_alternative<core::Complaints>(message);
  return is_urgent ? net::Priority::urgent : net::Priority::normal;
}
}  // namespace

void Replica::Impl::send(const net::Peer& to, const core::Message& message) {
  if (!links_->is_up(to)) return;
  links_->send(to, wire::encode(message), priority_of(message));
}

void Replica::Impl::perform(core::Send& output) {
  if (tamper_) return tamper_->on_send(output.to, output.message);
  send(output.to, *output.message);
}

void Replica::Impl::perform(core::Broadcast& output) {
  if (tamper_) {
    for (std::uint32_t id = 0; id < quorums_.n(); ++id) {
      if (ReplicaId{id} != id_) tamper_->on_send(ReplicaId{id}, output.message);
    }
    return;
  }
  const Bytes frame = wire::encode(*output.message);
  const net::Priority priority = priority_of(*output.message);
  for (std::uint32_t id = 0; id < quorums_.n(); ++id) {
    if (ReplicaId{id} != id_) links_->send(ReplicaId{id}, frame, priority);
  }
}

void Replica::Impl::perform(core::SendReply& output) {
  if (tamper_) return tamper_->on_send(output.to, output.message);
  send(output.to, *output.message);
}

void Replica::Impl::perform(core::Persist& output) {
  data_.log->append(output.token, std::move(output.record));
}

void Replica::Impl::perform(core::Execute& output) { executor_->push(std::move(output)); }
void Replica::Impl::perform(core::AnswerQueries& output) { executor_->push(std::move(output)); }
void Replica::Impl::perform(core::TakeSnapshot& output) { executor_->push(std::move(output)); }
void Replica::Impl::perform(core::InstallState& output) { executor_->push(output); }
void Replica::Impl::perform(core::DiscardSnapshots& output) { keeper_->push(std::move(output)); }
void Replica::Impl::perform(core::ReadBlock& output) { keeper_->push(output); }
void Replica::Impl::perform(core::CollectState& output) { keeper_->push(output); }
void Replica::Impl::perform(core::KeepBlock& output) { keeper_->push(std::move(output)); }

void Replica::Impl::perform(core::SetTimer& output) {
  timers_.at(static_cast<std::size_t>(output.timer))->set(output.at);
}

void Replica::Impl::perform(core::CancelTimer& output) {
  timers_.at(static_cast<std::size_t>(output.timer))->cancel();
}

void Replica::Impl::perform(core::Report& output) {
  if (const auto* rejected = std::get_if<core::Rejected>(&output)) {
    refuse(rejected->from, rejected->reason);
    if (rejected->reason == core::Rejection::wrong_link) punish(rejected->from, rejected->reason);
    return;
  }
  const runtime::Line line = runtime::line_of(output, quorums_);
  log_(line.level, line.text);
}

}  // namespace pbft
