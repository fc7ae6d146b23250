#include "runtime/executor.hpp"

#include <utility>

#include "core/replica.hpp"
#include "core/state_tree.hpp"

namespace pbft::runtime {

namespace {

class StreamWriter : public SnapshotWriter {
 public:
  explicit StreamWriter(core::StreamBuilder& builder) : builder_(builder) {}
  void write(BytesView piece) override { builder_.write(piece); }

 private:
  core::StreamBuilder& builder_;
};

}  // namespace

Digest genesis_of(const StateMachine& machine, const core::Crypto& crypto) {
  const core::BlockSink nowhere = [](const Digest&, BytesView) {};
  core::StreamBuilder core(crypto, nowhere);
  core.write(core::genesis_core_state());
  const core::StreamTop core_top = core.finish();
  core::StreamBuilder application(crypto, nowhere);
  StreamWriter writer(application);
  machine.save(writer);
  return core::write_root(crypto, core_top, application.finish(), nowhere);
}

Executor::Executor(StateMachine& machine, const core::Crypto& crypto, storage::CheckpointStore& checkpoints,
                   Keeper& keeper, Results& results)
    : machine_(machine),
      crypto_(crypto),
      checkpoints_(checkpoints),
      keeper_(keeper),
      results_(results),
      worker_([this](AnyTask& task) {
        if (broken_) return;
        Result<void> done = std::visit([this](auto& kind) { return perform(kind); }, task);
        if (done) return;
        broken_ = true;
        results_.fail(done.error());
      }) {}

Result<Executor::Beginning> Executor::begin() {
  Begin task;
  std::future<Result<Beginning>> done = task.done.get_future();
  worker_.push(std::move(task));
  return done.get();
}

Result<void> Executor::perform(Begin& task) {
  task.done.set_value(load_newest());
  return {};
}

Result<Executor::Beginning> Executor::load_newest() {
  Beginning beginning{genesis_of(machine_, crypto_), std::nullopt};
  auto newest = checkpoints_.newest();
  if (!newest) return newest.error();
  beginning.checkpoint = *std::move(newest);
  if (!beginning.checkpoint) return beginning;
  if (auto loaded = load(beginning.checkpoint->seq, beginning.checkpoint->state); !loaded)
    return loaded.error();
  return beginning;
}

Result<void> Executor::load(SeqNum seq, const Digest& state) {
  const auto by_machine = [&](SnapshotReader& reader) -> Result<void> {
    auto loaded = machine_.load(reader);
    if (loaded) return loaded;
    return Error{loaded.error().code, "the state machine does not load the checkpoint at sequence number " +
                                          std::to_string(seq.value) + ": " + loaded.error().message};
  };
  return checkpoints_.read_application(seq, state, by_machine);
}

Result<void> Executor::perform(core::Execute& task) {
  core::Executed executed{task.seq, {}};
  executed.results.reserve(task.items.size());
  for (const core::Execute::Item& item : task.items) {
    if (worker_.is_stopping()) return {};
    executed.results.push_back(execute(task, item));
  }
  results_.deliver(std::move(executed));
  return {};
}

Result<void> Executor::perform(core::AnswerQueries& task) {
  core::QueriesAnswered answered{task.client, {}};
  answered.items.reserve(task.items.size());
  for (const core::Query::Item& item : task.items) {
    if (worker_.is_stopping()) return {};
    answered.items.push_back({item.number, machine_.query(task.client, item.body)});
  }
  results_.deliver(std::move(answered));
  return {};
}

Bytes Executor::execute(const core::Execute& batch, const core::Execute::Item& item) {
  const ClientId client = item.request->client;
  if (item.read_only) {
    if (std::optional<Bytes> answer = machine_.query(client, item.body)) return std::move(*answer);
  }
  return machine_.execute({client, item.number, item.body}, {batch.seq, batch.time, item.random});
}

Result<void> Executor::perform(core::TakeSnapshot& task) {
  auto written = checkpoints_.write_snapshot(task.seq, task.core_state,
                                             [this](SnapshotWriter& writer) { machine_.save(writer); });
  if (!written) return written.error();
  keeper_.push(*std::move(written));
  return {};
}

Result<void> Executor::perform(core::InstallState& task) {
  if (auto loaded = load(task.seq, task.state); !loaded) return loaded;
  keeper_.push(Keeper::Loaded{task.seq, task.state});
  return {};
}

}  // namespace pbft::runtime
