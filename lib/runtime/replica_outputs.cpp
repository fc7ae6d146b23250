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
                         std::holds_alternative<core::Status>(message);
  return is_urgent ? net::Priority::urgent : net::Priority::normal;
}
}  // namespace

void Replica::Impl::perform(core::Send& output) {
  if (!links_->is_up(output.to)) return;
  links_->send(output.to, wire::encode(*output.message), priority_of(*output.message));
}

void Replica::Impl::perform(core::Broadcast& output) {
  const Bytes frame = wire::encode(*output.message);
  const net::Priority priority = priority_of(*output.message);
  for (std::uint32_t id = 0; id < quorums_.n(); ++id) {
    if (ReplicaId{id} != id_) links_->send(ReplicaId{id}, frame, priority);
  }
}

void Replica::Impl::perform(core::SendReply& output) {
  if (!links_->is_up(output.to)) return;
  links_->send(output.to, wire::encode(*output.message), net::Priority::normal);
}

void Replica::Impl::perform(core::Persist& output) {
  data_.log->append(output.token, std::move(output.record));
}

void Replica::Impl::perform(core::Execute& output) { executor_->push(std::move(output)); }
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
