#include "explore/member.hpp"

#include <algorithm>
#include <string>

#include "core/check.hpp"
#include "core/state_tree.hpp"
#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::explore {

namespace {

constexpr Instant first_moment = std::chrono::hours(1);
constexpr Timestamp wall{1'700'000'000'000'000};
constexpr std::uint32_t clients = 4;

AgreedLimits agreed_of(const Scope& scope) {
  AgreedLimits agreed;
  agreed.checkpoint_interval = scope.checkpoint_interval;
  return agreed;
}

std::uint64_t hash_of(const core::Event& event) {
  const std::uint64_t kind = event.index();
  if (const auto* from = std::get_if<core::FromReplica>(&event))
    return sim::mix(sim::mix(kind ^ (from->link.value << 8)) ^ explore::hash_of(from->message.get()));
  if (const auto* from = std::get_if<core::FromClient>(&event))
    return sim::mix(sim::mix(kind ^ (from->link.value << 8)) ^ explore::hash_of(from->message.get()));
  if (const auto* timer = std::get_if<core::TimerFired>(&event))
    return sim::mix(kind ^ (static_cast<std::uint64_t>(timer->timer) << 8));
  if (const auto* done = std::get_if<core::Executed>(&event)) return sim::mix(kind ^ (done->seq.value << 8));
  if (const auto* done = std::get_if<core::Persisted>(&event)) return sim::mix(kind ^ (done->token << 8));
  return sim::mix(kind);
}

}  // namespace

std::uint64_t hash_of(const core::Message& message) {
  return sim::hash64(message.index(), wire::encode(message));
}

Cast::Cast(const Scope& of)
    : scope(of),
      agreed(agreed_of(of)),
      quorums(Scope::replicas),
      keys(sim::Signatures::ideal, 1, Scope::replicas, clients),
      forger(keys, {Scope::replicas, agreed}) {
  config.replicas = Scope::replicas;
  config.agreed = agreed;
  config.limits.pipeline_spacing = {};  // batches overlap, although no time passes
  for (std::uint64_t id = 1; id <= clients; ++id) config.clients.insert(ClientId{id});
  config.genesis =
      core::state_digest(keys.of(ReplicaId{0}), core::genesis_core_state(), application_state({}, SeqNum{}));
  for (std::uint32_t id = 0; id < Scope::replicas; ++id) {
    sealers.push_back(
        std::make_unique<wire::Sealer>(keys.of(ReplicaId{id}), wire::DecodeLimits{Scope::replicas, agreed}));
  }
}

Member::Member(const Cast& cast, ReplicaId id, bool is_honest)
    : cast_(&cast),
      id_(id),
      honest_(is_honest),
      born_at_(first_moment),
      clock_(first_moment),
      promises_(id, Scope::replicas, cast.agreed) {}

core::Now Member::now() const { return {clock_, wall}; }

std::unique_ptr<core::Replica> Member::born() const {
  core::ReplicaConfig config = cast_->config;
  config.id = id_;
  auto replica =
      std::make_unique<core::Replica>(std::move(config), cast_->keys.of(id_), *cast_->sealers[id_.value]);
  if (restored_) {
    const Result<void> done = replica->restore(*restored_);
    PBFT_CHECK(done.has_value());
  }
  return replica;
}

// The same inputs give the same state: what it said then, it says again to nobody.
core::Replica& Member::core() {
  if (core_.is) return *core_.is;
  core_.is = born();
  core::Outputs out;
  core_.is->start({born_at_, wall}, out);
  std::vector<const Past*> inputs;
  for (const Past* at = past_.get(); at != nullptr; at = at->before.get()) inputs.push_back(at);
  for (auto at = inputs.rbegin(); at != inputs.rend(); ++at) {
    out.clear();
    core_.is->step({{(*at)->clock, wall}, (*at)->event}, out);
  }
  return *core_.is;
}

void Member::start(Effects& effects) {
  core_.is = born();
  core::Outputs out;
  core_.is->start(now(), out);
  for (core::Output& output : out) perform(output, effects);
  look();
  while (!next_.empty()) {
    core::Event event = std::move(next_.front());
    next_.pop_front();
    step(std::move(event), effects);
  }
}

void Member::hear(const core::Identity& from, const core::AuthenticMessage& message, Effects& effects) {
  if (const auto* replica = std::get_if<ReplicaId>(&from)) {
    step(core::FromReplica{*replica, message}, effects);
  } else {
    step(core::FromClient{std::get<ClientId>(from), message}, effects);
  }
}

void Member::fire(core::Timer timer, Effects& effects) {
  clock_ = std::max(clock_, armed_[static_cast<std::size_t>(timer)].value_or(clock_));
  armed_[static_cast<std::size_t>(timer)].reset();
  step(core::TimerFired{timer}, effects);
}

void Member::written(std::uint64_t token, Effects& effects) {
  PBFT_CHECK(!writing_.empty() && writing_.front().token == token);
  core::Record record = std::move(writing_.front().record);
  writing_.pop_front();
  if (honest_) promises_.on_durable(record);
  log_.keep(std::move(record));
  step(core::Persisted{token}, effects);
}

void Member::crash(bool writes_survive, Effects& effects) {
  for (core::Persist& persist : writing_) {
    if (writes_survive) log_.keep(std::move(persist.record));
  }
  writing_.clear();
  core::Restored past;
  past.records = log_.all();
  past.checkpoint = checkpoint_;
  if (honest_) promises_.on_restored(past);
  at_ = checkpoint_ ? checkpoint_->seq : SeqNum{};
  restored_ = std::make_shared<const core::Restored>(std::move(past));
  past_.reset();
  next_.clear();
  armed_ = {};
  born_at_ = clock_;
  ++lives_;
  orders_ = sim::mix(orders_ ^ lives_ ^ (writes_survive ? 0x100 : 0));
  inputs_ += orders_;  // what came before the crash is one thing, what comes after it another
  state_ = {};
  start(effects);
}

std::optional<Duration> Member::due(core::Timer timer) const {
  const auto& at = armed_[static_cast<std::size_t>(timer)];
  if (!at) return std::nullopt;
  return std::max(*at - clock_, Duration{});
}

void Member::step(core::Event event, Effects& effects) {
  next_.push_front(std::move(event));
  while (!next_.empty()) {
    core::Event input = std::move(next_.front());
    next_.pop_front();
    core::Replica& replica = core();
    past_ = std::make_shared<const Past>(Past{input, clock_, std::move(past_)});
    const std::uint64_t hash = hash_of(input) ^ sim::mix(static_cast<std::uint64_t>(clock_.count()));
    orders_ = sim::mix(orders_ ^ hash);
    inputs_ += sim::mix(hash);
    core::Outputs out;
    replica.step({now(), std::move(input)}, out);
    replica.invariants();
    for (core::Output& output : out) perform(output, effects);
    look();
  }
}

// What never goes back while a process lives.
void Member::look() {
  const core::ReplicaState before = state_;
  state_ = core_.is->state();
  if (honest_ && (state_.view < before.view || state_.pending < before.pending ||
                  state_.stable < before.stable || state_.executed < before.executed)) {
    sim::unsafe(sim::describe(core::Identity(id_)) + " goes back in view, stable or executed");
  }
}

std::uint64_t Member::effects() const {
  std::uint64_t hash = sim::mix(inputs_) + 3 * sim::mix(outputs_ + 1);
  for (std::uint64_t field :
       {state_.view.value, state_.pending.value, state_.stable.value, state_.executed.value,
        state_.checkpoint.value, std::uint64_t{state_.waiting_requests}, std::uint64_t{state_.slots},
        std::uint64_t{writing_.size()}, static_cast<std::uint64_t>(clock_.count())}) {
    hash = sim::mix(hash ^ field);
  }
  for (const auto& at : armed_) hash = sim::mix(hash ^ static_cast<std::uint64_t>(at ? at->count() : 0));
  return hash;
}

}  // namespace pbft::explore
