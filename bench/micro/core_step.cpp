// core::Replica::step, by kind of input: a backup of four through 64 batches of the normal case. Signatures
// are ideal ones, which cost next to nothing; digests are real.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <utility>

#include "core/authenticator.hpp"
#include "core/images.hpp"
#include "core/replica.hpp"
#include "core/state_tree.hpp"
#include "micro/samples.hpp"

namespace pbft::bench {

namespace {

using core::Statement;
using sim::Signatures;

constexpr ReplicaId self{1};
constexpr std::uint64_t batches = 64;  ///< As many as a replica takes ahead of those that it has executed.
constexpr std::size_t requests = 4, operations = 25;

/// What the others send, made once.
struct Script {
  std::vector<core::PrePrepare> pre_prepares;
  Script() {
    for (std::uint64_t seq = 1; seq <= batches; ++seq) {
      const std::uint64_t first = 1 + (seq - 1) * operations;
      pre_prepares.push_back(
          pre_prepare_of(seq, body_of(requests, operations, 0, first, Signatures::ideal), Signatures::ideal));
    }
  }
};
const Script& script() {
  static const Script script;
  return script;
}

/// One backup, and what its outputs cause.
class Backup {
 public:
  Backup() : replica_(config(), crypto(), sealer()) {
    replica_.start(now(), out_);
    settle();
  }

  // What happens in the normal case, one kind after the other.
  void admit_all() {
    for (const core::PrePrepare& each : script().pre_prepares) {
      for (const core::RequestPtr& request : each.body->requests)
        step(core::FromClient{request->client, authentic(core::RequestMessage{request, 0})});
    }
  }
  void pre_prepare_all() {
    for (const core::PrePrepare& each : script().pre_prepares)
      step(core::FromReplica{ReplicaId{0}, authentic(each)});
  }
  void prepare_all(ReplicaId from) {
    for (const core::PrePrepare& each : script().pre_prepares)
      step(core::FromReplica{from, authentic(core::Prepare{vote(Statement::prepare, from, each)})});
  }
  void commit_all(ReplicaId from) {
    for (const core::PrePrepare& each : script().pre_prepares)
      step(core::FromReplica{from, authentic(core::Commit{vote(Statement::commit, from, each)})});
  }
  void checkpoint(ReplicaId from) {
    const core::Signature signature =
        keys(Signatures::ideal)
            .of(from)
            .sign(Statement::checkpoint, core::checkpoint_image(SeqNum{batches}, {}));
    step(core::FromReplica{from, authentic(core::Checkpoint{SeqNum{batches}, {}, from, signature})});
  }
  void status(ReplicaId from) {
    core::Status status;
    status.executed = SeqNum{batches};
    step(core::FromReplica{from, authentic(std::move(status))});
  }
  void execute_all() {
    for (const core::PrePrepare& each : script().pre_prepares) {
      core::Executed executed{each.header.seq, {}};
      executed.results.assign(requests * operations, Bytes(8));
      step(std::move(executed));
    }
  }

  /// From here on the time of steps is counted.
  void begin() { spent_ = {}, steps_ = 0; }
  double seconds_per_step() const {
    return std::chrono::duration<double>(spent_).count() / static_cast<double>(steps_);
  }
  core::ReplicaState state() const { return replica_.state(); }

 private:
  static core::ReplicaConfig config() {
    core::ReplicaConfig config;
    config.id = self;
    for (std::uint64_t id = 1; id <= clients; ++id) config.clients.insert(ClientId{id});
    config.agreed.checkpoint_interval = batches;
    config.genesis = core::state_digest(crypto(), core::genesis_core_state(), {});
    return config;
  }
  static const core::Crypto& crypto() { return keys(Signatures::ideal).of(self); }
  static const wire::Sealer& sealer() {
    static const wire::Sealer sealer(crypto(), limits());
    return sealer;
  }
  core::Now now() { return {std::chrono::hours(1) + Duration(++time_us_), Timestamp{1 + time_us_}}; }
  static core::Vote vote(Statement statement, ReplicaId from, const core::PrePrepare& to) {
    return vote_of(statement, from, to.header, Signatures::ideal);
  }
  static core::AuthenticMessage authentic(core::Message message) {
    static const core::Authenticator authenticator(crypto(), core::Quorums(replicas));
    return std::get<core::AuthenticMessage>(authenticator.authenticate(std::move(message)));
  }

  void step(core::Event event) {
    core::Input input{now(), std::move(event)};
    const auto begin = std::chrono::steady_clock::now();
    replica_.step(std::move(input), out_);
    spent_ += std::chrono::steady_clock::now() - begin;
    ++steps_;
    settle();
  }
  /// The disk is there at once, which is no step of its kind; the state machine waits for execute_all().
  void settle() {
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (auto* persist = std::get_if<core::Persist>(&out_[i])) {
        const std::uint64_t token = persist->token;
        replica_.step({now(), core::Persisted{token}}, out_);
      } else if (auto* report = std::get_if<core::Report>(&out_[i])) {
        if (!std::holds_alternative<core::Rejected>(*report)) continue;
        std::fputs("core_step: a message was rejected\n", stderr);
        std::exit(1);
      }
    }
    out_.clear();
  }

  std::uint64_t time_us_ = 0;
  core::Outputs out_;
  core::Replica replica_;
  std::chrono::steady_clock::duration spent_{};
  std::uint64_t steps_ = 0;
};

using Act = std::function<void(Backup&)>;

/// A backup for each round: `before` brings it there, the steps of `timed` count.
void rounds(benchmark::State& state, const Act& before, const Act& timed) {
  for (auto _ : state) {
    Backup backup;
    before(backup);
    backup.begin();
    timed(backup);
    state.SetIterationTime(backup.seconds_per_step());
  }
}

const Act nothing = [](Backup&) {};
const Act admit = [](Backup& backup) { backup.admit_all(); };
const Act pre_prepare = [](Backup& backup) {
  admit(backup);
  backup.pre_prepare_all();
};
const Act prepare = [](Backup& backup) {
  pre_prepare(backup);
  backup.prepare_all(ReplicaId{2});
};
const Act commit = [](Backup& backup) {
  prepare(backup);
  backup.commit_all(ReplicaId{0});
};
const Act commit_last = [](Backup& backup) {
  commit(backup);
  backup.commit_all(ReplicaId{2});
};
const Act execute = [](Backup& backup) {
  commit_last(backup);
  backup.execute_all();
};

const auto core_step = [](const char* name, const Act& before, const Act& timed) {
  return benchmark::RegisterBenchmark(name, rounds, before, timed)->UseManualTime()->Iterations(50);
};

// A request and a batch hold 25 and 100 operations.
[[maybe_unused]] benchmark::internal::Benchmark* const registered[] = {
    core_step("core/step/request", nothing, admit),
    core_step("core/step/pre_prepare", admit, [](Backup& backup) { backup.pre_prepare_all(); }),
    core_step("core/step/prepare_first", pre_prepare,
              [](Backup& backup) { backup.prepare_all(ReplicaId{2}); }),
    core_step("core/step/prepare_late", prepare, [](Backup& backup) { backup.prepare_all(ReplicaId{3}); }),
    core_step("core/step/commit_first", prepare, [](Backup& backup) { backup.commit_all(ReplicaId{0}); }),
    core_step("core/step/commit_last", commit, [](Backup& backup) { backup.commit_all(ReplicaId{2}); }),
    core_step("core/step/executed", commit_last, [](Backup& backup) { backup.execute_all(); }),
    core_step("core/step/status", execute, [](Backup& backup) { backup.status(ReplicaId{2}); }),
    core_step("core/step/checkpoint", execute, [](Backup& backup) { backup.checkpoint(ReplicaId{2}); }),
};

}  // namespace

}  // namespace pbft::bench
