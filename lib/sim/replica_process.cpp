#include "sim/replica_process.hpp"

#include <utility>

#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

core::Now ReplicaProcess::now() const {
  const Instant since = world_.scheduler.now();
  const auto wall = static_cast<std::int64_t>(wall_start_us) + (since + tempo.clock_skew).count();
  return {monotonic_start + since, Timestamp{static_cast<std::uint64_t>(wall)}};
}

void ReplicaProcess::take(const Node& from, const Frame& frame) {
  const Opened& opened = world_.mail.open(frame, from, id_);
  if (const auto* rejection = std::get_if<core::Rejection>(&opened)) {
    ++rejections_[static_cast<std::size_t>(*rejection)];
    world_.trace.note(Trace::Kind::refused, id_, frame.hash, [&] {
      return "refuses a frame of " + describe(from) + ": " + core::name_of(*rejection);
    });
    return;
  }
  const auto& message = std::get<core::AuthenticMessage>(opened);
  world_.trace.note(Trace::Kind::delivered, id_, frame.hash,
                    [&] { return "<- " + describe(from) + " " + describe(message.get()); });
  if (!behaviour_) return hear(from, message);
  adversary::Traffic traffic;
  behaviour_->on_receive(now().monotonic, {from, message}, traffic);
  carry(traffic);
}

void ReplicaProcess::hear(const Node& from, const core::AuthenticMessage& message) {
  if (life_ && !paused_) foreseen_ = life_->core.foresee(from, message.get());
  if (const auto* replica = std::get_if<ReplicaId>(&from)) {
    step(core::FromReplica{*replica, message});
  } else {
    step(core::FromClient{std::get<ClientId>(from), message});
  }
}

// A running replica would not have made this step: nothing may come of it but timers.
void ReplicaProcess::check_foresight(const core::Replica::Needless& foreseen,
                                     const core::Outputs& out) const {
  std::size_t rejections = 0;
  for (const core::Output& output : out) {
    if (std::holds_alternative<core::SetTimer>(output) || std::holds_alternative<core::CancelTimer>(output)) {
      continue;
    }
    const auto* said = std::get_if<core::Report>(&output);
    const auto* rejected = said ? std::get_if<core::Rejected>(said) : nullptr;
    if (!rejected || rejected->reason != foreseen.reason || ++rejections > 1) {
      unsafe(describe(Node(id_)) + " does more with a message than it foresees");
    }
  }
  if (foreseen.reason && rejections == 0) unsafe(describe(Node(id_)) + " foresees what does not happen");
}

void ReplicaProcess::pause() {
  if (!life_) return;
  paused_ = true;
  world_.trace.note(Trace::Kind::fault, id_, 2, [] { return std::string("pauses"); });
}

void ReplicaProcess::resume() {
  if (!paused_) return;
  paused_ = false;
  world_.trace.note(Trace::Kind::fault, id_, 3, [] { return std::string("resumes"); });
  std::deque<core::Event> backlog;
  backlog.swap(backlog_);
  for (core::Event& event : backlog) step(std::move(event));
  std::vector<std::pair<core::Timer, std::uint64_t>> overdue;
  overdue.swap(overdue_);
  for (const auto& [timer, generation] : overdue) fire(timer, generation);
}

void ReplicaProcess::step(core::Event event) {
  if (!life_) return;
  if (paused_) {
    backlog_.push_back(std::move(event));
    return;
  }
  core::Outputs out;
  out.swap(spare_outputs_);
  life_->core.step({now(), std::move(event)}, out);
  life_->core.invariants();
  if (const auto foreseen = std::exchange(foreseen_, std::nullopt)) check_foresight(*foreseen, out);
  perform_all(out);
  out.clear();
  out.swap(spare_outputs_);
  if (life_) check_progress();
}

// A test may end the process when it sees what is sent.
void ReplicaProcess::perform_all(core::Outputs& out) {
  const std::uint64_t life = lives_;
  for (core::Output& output : out) {
    if (!life_ || lives_ != life) return;
    perform(output);
  }
}

// What never goes back while a process lives, whatever happens; and states that must be equal.
void ReplicaProcess::check_progress() {
  const core::ReplicaState state = life_->core.state();
  if (correct_) {
    if (state.view < last_state_.view || state.pending < last_state_.pending ||
        state.stable < last_state_.stable || (state.executed < last_state_.executed && trusts_state_)) {
      unsafe(describe(Node(id_)) + " goes back in view, stable or executed");
    }
    // What is executed is kept for 16 intervals, what is to come for three.
    if (state.slots > 20 * config_.agreed.checkpoint_interval) {
      unsafe(describe(Node(id_)) + " keeps " + std::to_string(state.slots) + " slots");
    }
    if (state.checkpoint != last_state_.checkpoint && trusts_state_) {
      world_.history.on_checkpoint(id_, state.checkpoint, state.checkpoint_state);
    }
  }
  last_state_ = state;
}

void ReplicaProcess::perform(core::Output& output) {
  if (const auto* send = std::get_if<core::Send>(&output)) {
    promise(*send->message);
    emit(send->to, send->message);
  } else if (const auto* broadcast = std::get_if<core::Broadcast>(&output)) {
    promise(*broadcast->message);
    for (std::uint32_t to = 0; to < world_.replicas; ++to) {
      if (to != id_.value) emit(ReplicaId{to}, broadcast->message);
    }
  } else if (const auto* reply = std::get_if<core::SendReply>(&output)) {
    promise(*reply->message);
    emit(reply->to, reply->message);
  } else if (auto* persist = std::get_if<core::Persist>(&output)) {
    perform(std::move(*persist));
  } else if (auto* execute = std::get_if<core::Execute>(&output)) {
    perform(std::move(*execute));
  } else if (auto* queries = std::get_if<core::AnswerQueries>(&output)) {
    perform(std::move(*queries));
  } else if (auto* snapshot = std::get_if<core::TakeSnapshot>(&output)) {
    perform(std::move(*snapshot));
  } else if (const auto* discard = std::get_if<core::DiscardSnapshots>(&output)) {
    on_store([this, todo = *discard] { holds(life_->store->discard(todo.below, todo.pinned)); });
  } else if (const auto* read = std::get_if<core::ReadBlock>(&output)) {
    on_store([this, todo = *read] {
      if (const auto block = life_->store->read(todo.block); holds(block)) {
        step(core::BlockRead{todo.to, *block});
      }
    });
  } else if (const auto* collect = std::get_if<core::CollectState>(&output)) {
    on_store([this, todo = *collect] { answer(life_->store->collect(todo.seq, todo.state)); });
  } else if (const auto* keep = std::get_if<core::KeepBlock>(&output)) {
    on_store([this, block = keep->block] { answer(life_->store->keep(block)); });
  } else if (const auto* install = std::get_if<core::InstallState>(&output)) {
    perform(*install);
  } else if (const auto* timer = std::get_if<core::SetTimer>(&output)) {
    arm(*timer);
  } else if (const auto* cancel = std::get_if<core::CancelTimer>(&output)) {
    ++timer_generation_[static_cast<std::size_t>(cancel->timer)];
  } else if (const auto* what = std::get_if<core::Report>(&output)) {
    report(*what);
  }
}

void ReplicaProcess::promise(const core::Message& message) {
  if (correct_) promises_.on_send(message);
}

void ReplicaProcess::emit(const Node& to, const core::MessagePtr& message) {
  if (!life_) return;
  if (!behaviour_) return world_.network.send(id_, to, message, correct_);
  adversary::Traffic traffic;
  behaviour_->on_send(now().monotonic, {to, message, nullptr}, traffic);
  carry(traffic);
}

void ReplicaProcess::arm(const core::SetTimer& set) {
  const std::uint64_t generation = ++timer_generation_[static_cast<std::size_t>(set.timer)];
  world_.scheduler.at(set.at - monotonic_start, EventKind::timer,
                      [this, timer = set.timer, generation] { fire(timer, generation); });
}

// A timer that came due during a pause fires after what waited, unless that cancelled it.
void ReplicaProcess::fire(core::Timer timer, std::uint64_t generation) {
  if (!life_ || timer_generation_[static_cast<std::size_t>(timer)] != generation) return;
  if (paused_) {
    overdue_.emplace_back(timer, generation);
    return;
  }
  world_.trace.note(Trace::Kind::timer, id_, static_cast<std::uint64_t>(timer),
                    [&] { return "timer " + std::to_string(static_cast<int>(timer)) + " fires"; });
  step(core::TimerFired{timer});
}

void ReplicaProcess::on_rejoined(SeqNum from) {
  if (!correct_) return;
  promises_.on_rejoined(from);
  world_.history.on_rejoined(id_, config_.incarnation, from);
}

void ReplicaProcess::report(const core::Report& what) {
  world_.trace.note(Trace::Kind::report, id_, what.index(), [&] { return describe(what); });
  if (const auto* rejected = std::get_if<core::Rejected>(&what)) {
    ++rejections_[static_cast<std::size_t>(rejected->reason)];
    return;
  }
  reports_.push_back(what);
  if (const auto* stable = std::get_if<core::CheckpointStable>(&what)) {
    if (correct_) world_.history.on_checkpoint(id_, stable->seq, stable->state);
  } else if (const auto* rejoined = std::get_if<core::Rejoined>(&what)) {
    on_rejoined(rejoined->seq);
  } else if (std::holds_alternative<core::Diverged>(what) && correct_ && trusts_state_) {
    unsafe(describe(Node(id_)) + " finds its state different from the agreed one");
  } else if (std::holds_alternative<core::StaleCopy>(what)) {
    if (correct_ && !damaged_) unsafe(describe(Node(id_)) + " is told what it said and does not know it");
    abstains_ = true;
  }
}

}  // namespace pbft::sim
