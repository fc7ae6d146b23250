// What a replica's executor and store do, and when.
#include <algorithm>

#include "core/mutants.hpp"
#include "sim/describe.hpp"
#include "sim/replica_process.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {
/// Clocks that are a little ahead and max_clock_skew are well within; what a liar proposes is not.
constexpr std::uint64_t most_ahead_us = 600'000'000;
}  // namespace

bool ReplicaProcess::holds(const Result<void>& result) {
  if (!life_) return false;
  if (result && !(disk_ && disk_->is_dead())) return true;
  if (disk_ && disk_->is_dead()) {
    Doom doom = std::move(*doom_);
    doom_.reset();
    power_is_lost(doom.seed);
    if (doom.then) doom.then();
  } else {
    refusal_ = result.error().message;
    world_.trace.note(Trace::Kind::fault, id_, 6, [&] { return "ends: " + refusal_; });
    end();
  }
  return false;
}

// ---- The log: one write and one sync for all that waits ---------------------------------------------------

void ReplicaProcess::perform(core::Persist&& persist) {
  if (const auto* entered = std::get_if<core::NewViewRecord>(&persist.record); entered && correct_) {
    world_.history.on_entering(id_, *entered, life_->core.state().checkpoint);
  }
  Life::Records& queue = life_->queue;
  queue.records.push_back(std::move(persist.record));
  queue.tokens.push_back(persist.token);
  if (queue.tokens.size() == 1 && life_->writing.tokens.empty()) {
    at(world_.scheduler.now(), [this] { write_queue(); });
  }
}

void ReplicaProcess::write_queue() {
  if (life_->queue.tokens.empty() || !life_->writing.tokens.empty()) return;
  std::swap(life_->writing, life_->queue);
  at(world_.scheduler.now() + tempo.persist, [this] { finish_write(); });
}

void ReplicaProcess::finish_write() {
  const Result<void> result = life_->store->write(life_->writing.records);
  if (result && disk_) disk_->mark();
  if (result && correct_) {
    for (const core::Record& record : life_->writing.records) {
      promises_.on_durable(record);
      if (const auto* prepared = std::get_if<core::PreparedRecord>(&record)) {
        const core::BatchHeader& header = prepared->certificate.header;
        world_.history.on_certificate(id_, header, life_->core.state().pending <= header.view);
      }
    }
  }
  if (!holds(result)) return;
  const std::vector<std::uint64_t> written = std::move(life_->writing.tokens);
  life_->writing = {};
  at(world_.scheduler.now(), [this] { write_queue(); });
  const std::uint64_t life = lives_;
  for (std::uint64_t token : written) {
    if (!life_ || lives_ != life) return;
    world_.trace.note(Trace::Kind::persisted, id_, token,
                      [&] { return "has written record " + std::to_string(token); });
    step(core::Persisted{token});
  }
}

// ---- The executor: one thing after the other
// ---------------------------------------------------------------

void ReplicaProcess::perform(core::Execute&& todo) {
  life_->executor_free = std::max(life_->executor_free, world_.scheduler.now()) + tempo.execute;
  at(life_->executor_free, [this, todo = std::move(todo)] {
    std::vector<Bytes> results;
    for (const auto& item : todo.items) {
      const ClientId client = item.request->client;
      std::optional<Bytes> answer;
      if (item.read_only) answer = life_->machine->query(client, item.body);
      results.push_back(answer ? *std::move(answer)
                               : life_->machine->execute({client, item.number, item.body},
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
    const auto true_time = wall_start_us + static_cast<std::uint64_t>(world_.scheduler.now().count());
    if (correct_ && todo.time.unix_us > true_time + most_ahead_us) {
      unsafe(describe(Node(id_)) + " executes at a time that is far ahead of all clocks");
    }
    step(core::Executed{todo.seq, std::move(results)});
  });
}

// Queued behind the batches before it; it takes no time.
void ReplicaProcess::perform(core::AnswerQueries&& todo) {
  life_->executor_free = std::max(life_->executor_free, world_.scheduler.now());
  at(life_->executor_free, [this, todo = std::move(todo)] {
    core::QueriesAnswered answered{todo.client, {}};
    for (const core::Query::Item& item : todo.items) {
      answered.items.push_back({item.number, life_->machine->query(todo.client, item.body)});
    }
    world_.trace.note(Trace::Kind::executed, id_, todo.items.front().number.value, [&] {
      return "answers " + std::to_string(todo.items.size()) + " queries of c" +
             std::to_string(todo.client.value);
    });
    step(std::move(answered));
  });
}

// Queued behind the batches before it, like them; its way to the disk takes the executor no time.
void ReplicaProcess::perform(core::TakeSnapshot&& todo) {
  life_->executor_free = std::max(life_->executor_free, world_.scheduler.now());
  at(life_->executor_free, [this, todo = std::move(todo)] {
    auto pending = life_->store->write_snapshot(todo.seq, todo.core_state, *life_->machine);
    if (!holds(pending)) return;
    const core::SnapshotReady taken{pending->seq, pending->state};
    life_->saving.push_back(*std::move(pending));
    at(world_.scheduler.now() + tempo.snapshot, [this] { finish_save(); });
    if (core::mutated(core::Mutant::checkpoint_before_durable)) step(taken);
  });
}

void ReplicaProcess::finish_save() {
  storage::PendingCheckpoint saved = std::move(life_->saving.front());
  life_->saving.pop_front();
  const SeqNum seq = saved.seq;
  const Digest state = saved.state;
  const Result<void> result = life_->store->commit(std::move(saved));
  if (result && disk_) disk_->mark();
  if (result && correct_) promises_.on_snapshot(seq, state);
  if (!holds(result)) return;
  world_.trace.note(Trace::Kind::snapshot, id_, seq.value,
                    [&] { return "has the snapshot of s" + std::to_string(seq.value); });
  step(core::SnapshotReady{seq, state});
}

void ReplicaProcess::perform(const core::InstallState& todo) {
  life_->executor_free = std::max(life_->executor_free, world_.scheduler.now()) + tempo.snapshot;
  at(life_->executor_free, [this, todo] {
    const auto difference = life_->store->install(todo.seq, todo.state, *life_->machine);
    if (difference && disk_) disk_->mark();
    if (difference && correct_) promises_.on_snapshot(todo.seq, todo.state);
    if (!holds(difference)) return;
    world_.trace.note(Trace::Kind::snapshot, id_, todo.seq.value,
                      [&] { return "has installed the state of s" + std::to_string(todo.seq.value); });
    if (correct_) world_.history.on_installed(id_, todo.seq);
    step(core::StateInstalled{todo.seq, todo.state, *difference});
    trusts_state_ = true;
  });
}

// ---- Blocks of state
// ---------------------------------------------------------------------------------------

void ReplicaProcess::on_store(std::function<void()> action) {
  life_->store_free = std::max(life_->store_free, world_.scheduler.now()) + tempo.block;
  at(life_->store_free, std::move(action));
}

void ReplicaProcess::answer(Result<Store::Progress> progress) {
  if (!holds(progress)) return;
  if (auto* wanted = std::get_if<core::StateWanted>(&*progress)) {
    step(std::move(*wanted));
  } else if (auto* collected = std::get_if<core::StateCollected>(&*progress)) {
    if (disk_) disk_->mark();
    step(std::move(*collected));
  }
}

}  // namespace pbft::sim
