// A replica whose loop is busy while it reads: what decoding and signatures take of it.
#include <utility>

#include "sim/replica_process.hpp"

namespace pbft::sim {

namespace {

/// One check at the least hangs on the message itself. A tag or a claim costs nothing to speak of.
bool is_signed(const core::Message& message) {
  if (const auto* request = std::get_if<core::RequestMessage>(&message)) {
    return request->request->proof == core::Proof::signature;
  }
  return std::holds_alternative<core::PrePrepare>(message) ||
         std::holds_alternative<core::Prepare>(message) || std::holds_alternative<core::Commit>(message) ||
         std::holds_alternative<core::Checkpoint>(message) ||
         std::holds_alternative<core::CheckpointProof>(message) ||
         std::holds_alternative<core::Complaints>(message) ||
         std::holds_alternative<core::ViewChangePtr>(message) ||
         std::holds_alternative<core::NewViewPtr>(message);
}

}  // namespace

void ReplicaProcess::deliver(const Node& from, const FramePtr& frame) {
  if (!life_) return;
  if (tempo.frame == Duration{}) return take(from, *frame);
  life_->inbox.emplace_back(from, frame);
  if (!std::exchange(life_->reading, true)) read_next();
}

void ReplicaProcess::read_next() {
  if (life_->inbox.empty()) {
    life_->reading = false;
    return;
  }
  const auto [from, frame] = std::move(life_->inbox.front());
  life_->inbox.pop_front();
  const Instant done = world_.scheduler.now() + cost_of(from, *frame);
  at(done, [this] { read_next(); });  // before it is handled: that may be the end of this life
  take(from, *frame);
}

// As a real replica: what is needless whatever its signature says is dropped before that is checked.
Duration ReplicaProcess::cost_of(const Node& from, const Frame& frame) const {
  const Opened opened = world_.mail.open(frame, from, id_);
  if (const auto* rejection = std::get_if<core::Rejection>(&opened)) {
    return tempo.frame + (*rejection == core::Rejection::bad_signature ? tempo.signature : Duration{});
  }
  const core::Message& message = std::get<core::AuthenticMessage>(opened).get();
  const bool is_checked = is_signed(message) && !life_->core.foresee(from, message);
  return tempo.frame + (is_checked ? tempo.signature : Duration{});
}

}  // namespace pbft::sim
