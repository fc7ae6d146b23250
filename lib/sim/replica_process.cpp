#include "sim/replica_process.hpp"

#include <algorithm>

#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

class Collector : public SnapshotWriter {
 public:
  void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

Digest digest_of(const StateMachine& machine, const core::Crypto& crypto) {
  Collector collector;
  machine.save(collector);
  return crypto.hash("application", collector.bytes);
}

core::ReplicaConfig with_genesis(core::ReplicaConfig config, const StateMachine& machine,
                                 const core::Crypto& crypto) {
  config.genesis = digest_of(machine, crypto);
  return config;
}

}  // namespace

ReplicaProcess::ReplicaProcess(const World& world, core::ReplicaConfig config, const core::Crypto& crypto,
                               std::unique_ptr<StateMachine> machine, Tempo how)
    : tempo(how),
      world_(world),
      id_(config.id),
      crypto_(crypto),
      machine_(std::move(machine)),
      core_(with_genesis(std::move(config), *machine_, crypto), crypto),
      promises_(id_, world.replicas),
      last_state_(core_.state()) {}

core::Now ReplicaProcess::now() const {
  const Instant since = world_.scheduler.now();
  const auto wall = static_cast<std::int64_t>(wall_start_us) + (since + tempo.clock_skew).count();
  return {monotonic_start + since, Timestamp{static_cast<std::uint64_t>(wall)}};
}

void ReplicaProcess::start() {
  core::Outputs out;
  core_.start(now(), out);
  for (core::Output& output : out) perform(output);
}

void ReplicaProcess::deliver(const Node& from, const FramePtr& frame) {
  if (stopped_) return;
  const Opened opened = world_.mail.open(*frame, id_);
  if (const auto* rejection = std::get_if<core::Rejection>(&opened)) {
    ++rejections_[static_cast<std::size_t>(*rejection)];
    world_.trace.note(Trace::Kind::refused, id_, frame->hash, [&] {
      return "refuses a frame of " + describe(from) + ": " + core::name_of(*rejection);
    });
    return;
  }
  const auto& message = std::get<core::AuthenticMessage>(opened);
  world_.trace.note(Trace::Kind::delivered, id_, frame->hash,
                    [&] { return "<- " + describe(from) + " " + describe(message.get()); });
  if (const auto* replica = std::get_if<ReplicaId>(&from)) {
    step(core::FromReplica{*replica, message});
  } else {
    step(core::FromClient{std::get<ClientId>(from), message});
  }
}

void ReplicaProcess::stop() {
  stopped_ = true;
  backlog_.clear();
  world_.trace.note(Trace::Kind::fault, id_, 1, [] { return std::string("stops"); });
}

void ReplicaProcess::pause() {
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

void ReplicaProcess::corrupt(Mangler mangler) {
  correct_ = false;
  mangler_ = std::move(mangler);
}

void ReplicaProcess::step(core::Event event) {
  if (stopped_) return;
  if (paused_) {
    backlog_.push_back(std::move(event));
    return;
  }
  core::Outputs out;
  core_.step({now(), std::move(event)}, out);
  core_.invariants();
  for (core::Output& output : out) perform(output);
  check_progress();
}

// What never goes back, whatever happens; and states that must be equal.
void ReplicaProcess::check_progress() {
  const core::ReplicaState state = core_.state();
  if (correct_) {
    if (state.view < last_state_.view || state.pending < last_state_.pending ||
        state.stable < last_state_.stable || state.executed < last_state_.executed) {
      unsafe(describe(Node(id_)) + " goes back in view, stable or executed");
    }
    if (state.checkpoint != last_state_.checkpoint) {
      world_.history.on_checkpoint(id_, state.checkpoint, state.checkpoint_state);
    }
  }
  last_state_ = state;
}

void ReplicaProcess::perform(core::Output& output) {
  if (const auto* send = std::get_if<core::Send>(&output)) {
    emit(send->to, send->message);
  } else if (const auto* broadcast = std::get_if<core::Broadcast>(&output)) {
    for (std::uint32_t to = 0; to < world_.replicas; ++to) {
      if (to != id_.value) emit(ReplicaId{to}, broadcast->message);
    }
  } else if (const auto* reply = std::get_if<core::SendReply>(&output)) {
    emit(reply->to, reply->message);
  } else if (auto* persist = std::get_if<core::Persist>(&output)) {
    perform(std::move(*persist));
  } else if (auto* execute = std::get_if<core::Execute>(&output)) {
    perform(std::move(*execute));
  } else if (const auto* snapshot = std::get_if<core::TakeSnapshot>(&output)) {
    perform(*snapshot);
  } else if (const auto* timer = std::get_if<core::SetTimer>(&output)) {
    arm(*timer);
  } else if (const auto* cancel = std::get_if<core::CancelTimer>(&output)) {
    ++timer_generation_[static_cast<std::size_t>(cancel->timer)];
  } else if (const auto* what = std::get_if<core::Report>(&output)) {
    report(*what);
  }
}

void ReplicaProcess::emit(const Node& to, const core::MessagePtr& message) {
  if (correct_) promises_.on_send(*message);
  if (!mangler_) return world_.network.send(id_, to, message, correct_);
  mangler_(to, message, [this](const Node& target, const core::MessagePtr& mangled) {
    world_.network.send(id_, target, mangled, false);
  });
}

void ReplicaProcess::perform(core::Persist&& persist) {
  disk_free_ = std::max(disk_free_, world_.scheduler.now()) + tempo.persist;
  world_.scheduler.at(disk_free_, EventKind::work, [this, persist = std::move(persist)] {
    if (stopped_) return;
    world_.trace.note(Trace::Kind::persisted, id_, persist.token,
                      [&] { return "has written record " + std::to_string(persist.token); });
    if (correct_) promises_.on_durable(persist.record);
    step(core::Persisted{persist.token});
  });
}

void ReplicaProcess::perform(core::Execute&& todo) {
  executor_free_ = std::max(executor_free_, world_.scheduler.now()) + tempo.execute;
  world_.scheduler.at(executor_free_, EventKind::work, [this, todo = std::move(todo)] {
    if (stopped_) return;
    std::vector<Bytes> results;
    for (const auto& item : todo.items) {
      results.push_back(machine_->execute({item.request->client, item.number, item.body},
                                          {todo.seq, todo.time, item.random}));
    }
    world_.trace.note(Trace::Kind::executed, id_, todo.seq.value, [&] {
      std::string line = "executes s" + std::to_string(todo.seq.value);
      for (const auto& item : todo.items) {
        line += " c" + std::to_string(item.request->client.value) + "#" + std::to_string(item.number.value);
      }
      return line;
    });
    if (correct_) world_.history.on_executed(id_, todo, results);
    step(core::Executed{todo.seq, std::move(results)});
  });
}

// Queued behind the batches before it, like them; its way to the disk takes the executor no time.
void ReplicaProcess::perform(const core::TakeSnapshot& todo) {
  executor_free_ = std::max(executor_free_, world_.scheduler.now());
  world_.scheduler.at(executor_free_, EventKind::work, [this, seq = todo.seq] {
    if (stopped_) return;
    const Digest digest = digest_of(*machine_, crypto_);
    world_.scheduler.after(tempo.snapshot, EventKind::work, [this, seq, digest] {
      if (stopped_) return;
      world_.trace.note(Trace::Kind::snapshot, id_, seq.value,
                        [&] { return "has the snapshot of s" + std::to_string(seq.value); });
      step(core::SnapshotReady{seq, digest});
    });
  });
}

void ReplicaProcess::arm(const core::SetTimer& set) {
  const std::uint64_t generation = ++timer_generation_[static_cast<std::size_t>(set.timer)];
  world_.scheduler.at(set.at - monotonic_start, EventKind::timer,
                      [this, timer = set.timer, generation] { fire(timer, generation); });
}

// A timer that came due during a pause fires after what waited, unless that cancelled it.
void ReplicaProcess::fire(core::Timer timer, std::uint64_t generation) {
  if (stopped_ || timer_generation_[static_cast<std::size_t>(timer)] != generation) return;
  if (paused_) {
    overdue_.emplace_back(timer, generation);
    return;
  }
  world_.trace.note(Trace::Kind::timer, id_, static_cast<std::uint64_t>(timer),
                    [&] { return "timer " + std::to_string(static_cast<int>(timer)) + " fires"; });
  step(core::TimerFired{timer});
}

void ReplicaProcess::report(const core::Report& what) {
  world_.trace.note(Trace::Kind::report, id_, what.index(), [&] { return describe(what); });
  if (const auto* rejected = std::get_if<core::Rejected>(&what)) {
    ++rejections_[static_cast<std::size_t>(rejected->reason)];
  } else if (std::holds_alternative<core::ViewChangeStarted>(what)) {
    ++view_changes_started_;
  } else if (const auto* evidence = std::get_if<core::Evidence>(&what)) {
    evidence_.push_back(*evidence);
  } else if (std::holds_alternative<core::StateNeeded>(what)) {
    needs_state_ = true;
  } else if (const auto* stable = std::get_if<core::CheckpointStable>(&what)) {
    if (correct_) world_.history.on_checkpoint(id_, stable->seq, stable->state);
  } else if (std::holds_alternative<core::Diverged>(what) && correct_) {
    unsafe(describe(Node(id_)) + " finds its state different from the agreed one");
  }
}

}  // namespace pbft::sim
