#include "runtime/executor.hpp"

#include <optional>
#include <utility>

#include "runtime/thread.hpp"

namespace pbft::runtime {

namespace {
class BytesWriter : public SnapshotWriter {
 public:
  void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

Bytes save(const StateMachine& machine) {
  BytesWriter writer;
  machine.save(writer);
  return std::move(writer.bytes);
}
}  // namespace

Executor::Executor(StateMachine& machine, const core::Crypto& crypto, std::function<void()> results_ready)
    : machine_(machine), crypto_(crypto), results_ready_(std::move(results_ready)) {
  thread_ = start_thread([this] { run(); });
}

Executor::~Executor() { stop(); }

Digest Executor::genesis() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return genesis_.has_value(); });
  return *genesis_;
}

void Executor::push(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) changed_.notify_all();
}

std::vector<core::Event> Executor::take_results() {
  const std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

void Executor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Executor::run() noexcept {
  const Digest genesis = digest_of(save(machine_));
  {
    const std::lock_guard lock(mutex_);
    genesis_ = genesis;
  }
  changed_.notify_all();
  std::vector<Task> tasks;
  while (wait_for_tasks(tasks)) {
    for (Task& task : tasks) {
      if (stopping_) return;
      std::visit([this](auto& kind) { perform(kind); }, task);
    }
    tasks.clear();
  }
}

bool Executor::wait_for_tasks(std::vector<Task>& tasks) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  tasks.swap(tasks_);
  return !stopping_;
}

void Executor::perform(core::Execute& task) {
  core::Executed executed{task.seq, {}};
  executed.results.reserve(task.items.size());
  for (const core::Execute::Item& item : task.items) {
    if (stopping_) return;
    executed.results.push_back(execute(task, item));
  }
  deliver(std::move(executed));
}

Bytes Executor::execute(const core::Execute& batch, const core::Execute::Item& item) {
  const ClientId client = item.request->client;
  if (item.read_only) {
    if (std::optional<Bytes> answer = machine_.query(client, item.body)) return std::move(*answer);
  }
  return machine_.execute({client, item.number, item.body}, {batch.seq, batch.time, item.random});
}

void Executor::perform(core::TakeSnapshot& task) {
  Bytes application = save(machine_);
  const Digest digest = digest_of(application);
  snapshots_.put(task.seq, {std::move(task.core_state), std::move(application)});
  deliver(core::SnapshotReady{task.seq, digest});
}

void Executor::perform(core::DiscardSnapshots& task) { snapshots_.discard_below(task.below); }

void Executor::deliver(core::Event result) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
    first = results_.size() == 1;
  }
  if (first) results_ready_();
}

Digest Executor::digest_of(BytesView application) const { return crypto_.hash("snapshot", application); }

}  // namespace pbft::runtime
