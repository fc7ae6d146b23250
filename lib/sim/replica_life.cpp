// Birth and death of a replica's process, and what its disk suffers meanwhile.
#include <algorithm>

#include "core/check.hpp"
#include "core/state_tree.hpp"
#include "sim/describe.hpp"
#include "sim/replica_process.hpp"

namespace pbft::sim {

namespace {
Bytes saved(const StateMachine& machine) {
  class Collector : public SnapshotWriter {
   public:
    void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
    Bytes bytes;
  };
  Collector collector;
  machine.save(collector);
  return std::move(collector.bytes);
}
}  // namespace

ReplicaProcess::ReplicaProcess(const World& world, ReplicaParts parts)
    : tempo(parts.tempo),
      machine_factory(std::move(parts.machine)),
      world_(world),
      id_(parts.config.id),
      config_(std::move(parts.config)),
      crypto_(parts.crypto),
      sealer_(crypto_, world.mail.limits()),
      promises_(id_, world.replicas, config_.agreed) {
  world.history.on_member(id_, promises_);
  if (!config_.valid) {
    config_.valid = [this](const core::Request& request) {
      return std::all_of(request.items.begin(), request.items.end(), [&](const core::Request::Item& item) {
        return life_->machine->valid(request.client, item.body);
      });
    };
  }
  if (parts.storage == Storage::disk) {
    disk_ = std::make_unique<DataDisk>();
    const auto made = Store::create(*disk_, id_, 0);
    PBFT_CHECK(made.has_value());
  }
}

void ReplicaProcess::start() {
  const bool opened = restart();
  PBFT_CHECK(opened);
}

bool ReplicaProcess::restart() {
  PBFT_CHECK(!life_);
  ++lives_;
  const std::uint64_t life = lives_;
  refusal_.clear();
  const Result<void> opened = open();
  if (life_ && opened && !(disk_ && disk_->is_dead())) {
    last_state_ = life_->core.state();
    if (correct_) world_.history.on_restarted(id_, last_state_.executed);
    world_.trace.note(Trace::Kind::fault, id_, 7, [&] {
      return "starts at s" + std::to_string(last_state_.executed.value) + ", life " + std::to_string(lives_);
    });
    core::Outputs out;
    life_->core.start(now(), out);
    // Its Rejoin has taken effect in a state that was durable before it could tell.
    if (promises_.observes() && !life_->core.state().observing) on_rejoined(life_->core.state().checkpoint);
    perform_all(out);
    return life_ && lives_ == life;
  }
  holds(opened);
  return false;
}

Result<void> ReplicaProcess::open() {
  auto machine = machine_factory();
  if (lives_ == 1) config_.genesis = core::state_digest(crypto_, core::genesis_core_state(), saved(*machine));
  life_ = std::make_unique<Life>(
      Life{std::move(machine), nullptr, core::Replica(config_, crypto_, sealer_), {}, {}, {}, {}, {}});
  if (!disk_) {
    life_->store = Store::in_memory(crypto_);
    if (lives_ == 1 || denies_) return {};
    config_.incarnation = now().wall.unix_us;
    if (correct_) promises_.on_data_lost(config_.incarnation);
    world_.history.doubt(id_);
    life_->core = core::Replica(config_, crypto_, sealer_);
    return {};
  }
  auto found = Store::open(*disk_, id_, crypto_, world_.mail.limits(), *life_->machine);
  if (!found) return found.error();
  life_->store = std::move(found->store);
  config_.incarnation = found->incarnation;
  if (correct_ && !damaged_) promises_.on_restored(found->past);
  life_->core = core::Replica(config_, crypto_, sealer_);
  return life_->core.restore(std::move(found->past));
}

void ReplicaProcess::end() {
  if (life_) last_state_ = life_->core.state();
  life_.reset();
  paused_ = false;
  backlog_.clear();
  overdue_.clear();
  for (std::uint64_t& generation : timer_generation_) ++generation;
}

void ReplicaProcess::stop() {
  world_.trace.note(Trace::Kind::fault, id_, 1, [] { return std::string("stops"); });
  end();
  if (disk_) disk_->files().kill_process();
}

void ReplicaProcess::lose_power(std::uint64_t seed) {
  world_.trace.note(Trace::Kind::fault, id_, 5, [] { return std::string("loses power"); });
  power_is_lost(seed);
}

// Of the writes that were under way some part has reached the disk.
void ReplicaProcess::power_is_lost(std::uint64_t seed) {
  if (!disk_) return end();
  if (life_ && life_->store) {
    disk_->begin_dying();
    if (!life_->writing.records.empty()) (void)life_->store->write(life_->writing.records).has_value();
    for (storage::PendingCheckpoint& each : life_->saving) {
      (void)life_->store->commit(std::move(each)).has_value();
    }
    life_->saving.clear();
  }
  end();
  disk_->crash(seed);
}

void ReplicaProcess::lose_power_at(std::uint64_t point, std::uint64_t seed, std::function<void()> then) {
  doom_ = Doom{seed, std::move(then)};
  disk_->doom(point);
}

void ReplicaProcess::restart_in_denial() {
  PBFT_CHECK(!life_);
  world_.trace.note(Trace::Kind::fault, id_, 9, [] { return std::string("loses its data and denies it"); });
  distrust();
  denies_ = true;
  if (disk_) {
    disk_->erase();
    const auto made = Store::create(*disk_, id_, 0);
    PBFT_CHECK(made.has_value());
  }
  start();
}

void ReplicaProcess::lose_data() {
  PBFT_CHECK(!life_);
  world_.trace.note(Trace::Kind::fault, id_, 8, [] { return std::string("loses its data"); });
  world_.history.doubt(id_);
  if (!disk_) return;
  const std::uint64_t incarnation = now().wall.unix_us;
  disk_->erase();
  const auto made = Store::create(*disk_, id_, incarnation);
  PBFT_CHECK(made.has_value());
  if (correct_) promises_.on_data_lost(incarnation);
}

}  // namespace pbft::sim
