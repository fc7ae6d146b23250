// The hop to the thread of the state machine and back.
#include "runtime/executor.hpp"

#include <condition_variable>
#include <mutex>

#include "micro/samples.hpp"

namespace pbft::bench {

namespace {

class Counting : public StateMachine {
 public:
  Bytes execute(const Operation& operation, const Agreed&) override {
    state_ += 1 + operation.body.size();
    return Bytes(8);
  }
  void save(SnapshotWriter&) const override {}
  Result<void> load(SnapshotReader&) override { return {}; }

 private:
  std::uint64_t state_ = 0;
};

struct Parts {
  const core::Crypto& crypto = keys().of(ReplicaId{0});
  Counting machine;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t executed = 0;
  std::unique_ptr<storage::CheckpointStore> checkpoints = storage::CheckpointStore::in_memory(crypto);
  runtime::Results results{[this] {
    const std::lock_guard lock(mutex);
    executed += results.take().size();
    changed.notify_one();
  }};
  runtime::Keeper keeper{*checkpoints, results};
  runtime::Executor executor{machine, crypto, *checkpoints, keeper, results};

  ~Parts() {
    executor.stop();
    keeper.stop();
  }
  void wait_for(std::uint64_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return executed >= count; });
  }
};

void hop(benchmark::State& state) {
  const auto operations = static_cast<std::size_t>(state.range(0));
  Parts parts;
  const core::RequestPtr request = request_of(ClientId{1}, 1, operations, 0, sim::Signatures::ideal);
  core::Execute batch{SeqNum{1}, Timestamp{1}, {}};
  for (std::size_t i = 0; i < operations; ++i)
    batch.items.push_back({request, RequestNumber{1 + i}, request->items[i].body, false, 0});
  std::uint64_t count = 0;
  for (auto _ : state) {
    parts.executor.push(batch);
    parts.wait_for(++count);
  }
  per_operation(state, operations);
}
BENCHMARK(hop)->Name("runtime/executor_hop")->ArgName("operations")->Arg(1)->Arg(400)->UseRealTime();

}  // namespace

}  // namespace pbft::bench
