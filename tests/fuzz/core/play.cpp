#include "fuzz/core/play.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/replica.hpp"
#include "core/state_tree.hpp"
#include "fuzz/target.hpp"
#include "sim/violation.hpp"

namespace pbft::fuzz {

namespace {

constexpr std::uint64_t checkpoint_interval = 2;

sim::ClusterOptions options_of(const Setting& setting) {
  sim::ClusterOptions options;
  options.replicas = setting.replicas;
  options.clients = 2;
  options.rogue_clients = 1;
  options.use_tags = setting.tags;
  options.storage = setting.disks ? sim::Storage::disk : sim::Storage::memory;
  options.settle_at_start = false;
  options.quality = {Duration{}, Duration{}, 0, 0};
  options.agreed.checkpoint_interval = checkpoint_interval;
  options.agreed.client_window = 16;
  options.limits.max_request_timeout = std::chrono::seconds(4);
  options.client_limits.retry_timeout = sim::ms(100);
  return options;
}

std::set<core::Identity> corrupt_of(const Setting& setting) {
  std::set<core::Identity> corrupt;
  for (const ReplicaId replica : setting.faulty) corrupt.insert(replica);
  corrupt.insert(ClientId{3});  // the rogue
  return corrupt;
}

Digest genesis_of(const core::Crypto& crypto) {
  const Bytes empty_log(16);
  return core::state_digest(crypto, core::genesis_core_state(), empty_log);
}

}  // namespace

Setting::Setting(Input& input) {
  const std::uint8_t flags = input.octet();
  replicas = (flags & 3) == 3 ? 7 : 4;
  tags = (flags & 4) != 0;
  disks = (flags & 8) != 0;
  demands_progress = (flags & 16) != 0;
  begins_calm = (flags & 32) != 0;
  const std::size_t first = input.below(replicas);
  for (std::uint32_t i = 0; i < core::Quorums(replicas).f(); ++i) {
    faulty.push_back(ReplicaId{static_cast<std::uint32_t>((first + 3 * i) % replicas)});
  }
}

Play::Play(Setting setting, Input& input)
    : setting_(std::move(setting)),
      input_(input),
      cluster_(options_of(setting_)),
      mail_(cluster_.keys(), setting_.replicas, options_of(setting_).agreed),
      heard_(cluster_.keys(), setting_.replicas, corrupt_of(setting_)) {
  heard_.genesis = genesis_of(heard_.hasher());
  for (const ReplicaId replica : setting_.faulty) cluster_.replica(replica.value).distrust();
  cluster_.network().deliver_with(
      [this](const sim::Node& from, const sim::Node& to, const sim::FramePtr& frame) {
        heard_.listen(frame, mail_.limits());
        on_their_way_.push_back({from, to, frame});
      });
  cluster_.run_for(Duration{});
  if (setting_.begins_calm) deliver_some(400);
}

void Play::run() {
  for (std::size_t steps = 0; steps < max_steps && !input_.empty(); ++steps) {
    step();
    while (on_their_way_.size() > max_on_their_way) on_their_way_.pop_front();
    check_bounds();
  }
  if (setting_.demands_progress) demand_progress();
}

void Play::step() {
  switch (static_cast<Step>(input_.below(static_cast<std::size_t>(Step::count)))) {
    case Step::flow:
      return deliver_some(1 + input_.below(64));
    case Step::arrive:
      if (const auto parcel = pick(false)) deliver(*parcel);
      return;
    case Step::lose:
      (void)pick(false);
      return;
    case Step::repeat:
      if (const auto parcel = pick(true)) deliver(*parcel);
      return;
    case Step::wait:
      return wait();
    case Step::ask:
      return ask();
    case Step::invent:
      return invent();
    case Step::ask_oddly:
      return ask_oddly();
    case Step::restart:
      return restart();
    case Step::cut:
      return cut();
    case Step::silence:
      return silence();
    case Step::replay:
      return replay();
    case Step::junk:
      return junk();
    case Step::count:
      break;
  }
}

// ---- The network ------------------------------------------------------------------------------------------

void Play::deliver(const Parcel& parcel) {
  if (const auto* replica = std::get_if<ReplicaId>(&parcel.to)) {
    cluster_.replica(replica->value).deliver(parcel.from, parcel.frame);
  } else if (const auto client = std::get<ClientId>(parcel.to); client.value <= clients) {
    cluster_.client(client.value - 1).deliver(parcel.from, parcel.frame);
  }
  cluster_.run_for(Duration{});
}

void Play::deliver_some(std::size_t count) {
  for (; count > 0 && !on_their_way_.empty(); --count) {
    const Parcel next = on_their_way_.front();
    on_their_way_.pop_front();
    deliver(next);
  }
}

std::optional<Play::Parcel> Play::pick(bool keep) {
  const std::size_t choice = input_.octet();
  if (on_their_way_.empty()) return std::nullopt;
  const auto at = on_their_way_.begin() + static_cast<std::ptrdiff_t>(choice % on_their_way_.size());
  const Parcel picked = *at;
  if (!keep) on_their_way_.erase(at);
  return picked;
}

void Play::silence() {
  const sim::Node node = any_node();
  const bool from = input_.flag();
  std::erase_if(on_their_way_,
                [&](const Parcel& parcel) { return (from ? parcel.from : parcel.to) == node; });
}

void Play::cut() {
  const auto one = ReplicaId{static_cast<std::uint32_t>(input_.below(setting_.replicas))};
  const auto other = ReplicaId{static_cast<std::uint32_t>(input_.below(setting_.replicas))};
  if (one == other) return;
  if (down_.erase({one, other}) > 0) {
    cluster_.replica(one.value).link_up(other);
  } else {
    down_.emplace(one, other);
    cluster_.replica(one.value).link_down(other);
  }
  cluster_.run_for(Duration{});
}

// ---- Time and processes -----------------------------------------------------------------------------------

void Play::wait() {
  constexpr std::array<std::int64_t, 8> times{1, 5, 20, 50, 100, 300, 1000, 3000};
  const Duration time = sim::ms(times[input_.below(times.size())]);
  cluster_.run_for(cluster_.now() + time <= max_time ? time : Duration(1));
}

void Play::restart() {
  const std::uint8_t how = input_.octet();
  const auto id = static_cast<std::uint32_t>(input_.below(setting_.replicas));
  // Who loses its memory is faulty: the others have disks to lose nothing.
  if (!setting_.disks && !is_faulty(ReplicaId{id})) return;
  sim::ReplicaProcess& replica = cluster_.replica(id);
  if (!replica.is_stopped()) {
    if (how % 2 == 0) {
      replica.stop();
    } else {
      replica.lose_power(how);
    }
  }
  if (how % 8 >= 6) return;  // for now
  const bool opened = replica.restart();
  if (!opened && !is_faulty(ReplicaId{id})) sim::unsafe("a disk is refused: " + replica.refusal());
  cluster_.run_for(Duration{});
}

// ---- Clients and the adversary ----------------------------------------------------------------------------

void Play::ask() {
  sim::ClientProcess& client = cluster_.client(input_.below(clients));
  const std::uint8_t what = input_.octet();
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i <= what / 8 % 3; ++i) bodies.push_back("op" + std::to_string(asked_++));
  if (what % 4 == 3) {
    client.read_together(std::vector<std::string>(bodies.size(), what % 8 == 7 ? "ordered" : "read"));
  } else {
    client.send_together(bodies);
  }
  cluster_.run_for(Duration{});
}

/// At once: that it may come late is the same as that it is said later.
void Play::say(const sim::Node& from, const core::Message& message, std::uint64_t to) {
  const sim::FramePtr frame = mail_.seal(std::make_shared<const core::Message>(message), false);
  heard_.remember(frame);
  for (std::uint32_t id = 0; id < setting_.replicas; ++id) {
    if ((to >> id & 1) != 0) deliver({from, ReplicaId{id}, frame});
  }
  if ((to & 128) == 0) return;
  for (std::uint64_t id = 1; id <= clients; ++id) deliver({from, ClientId{id}, frame});
}

void Play::invent() {
  const ReplicaId by = any_faulty();
  const std::uint8_t to = input_.octet();
  Inventor inventor(input_, cluster_, heard_, setting_.faulty, any_correct());
  const core::Message made = inventor.message(by);
  const bool for_clients =
      std::holds_alternative<core::Reply>(made) || std::holds_alternative<core::QueryReply>(made);
  say(by, made, for_clients ? 128 : to);
}

void Play::ask_oddly() {
  const std::uint8_t to = input_.octet();
  const std::uint8_t attempt = input_.octet();
  Inventor inventor(input_, cluster_, heard_, setting_.faulty, any_correct());
  say(cluster_.rogue(), core::RequestMessage{inventor.request(), attempt}, to & 127);
}

void Play::replay() {
  const ReplicaId by = any_faulty();
  const std::uint8_t to = input_.octet();
  const std::size_t choice = input_.below(1024);
  if (heard_.frames.empty()) return;
  const sim::FramePtr& said = heard_.frames[heard_.frames.size() - 1 - choice % heard_.frames.size()];
  // In another's mouth it is not what its maker vouched for.
  const sim::FramePtr copy = mail_.seal_bytes(said->bytes);
  for (std::uint32_t id = 0; id < setting_.replicas; ++id) {
    if ((to >> id & 1) != 0) deliver({by, ReplicaId{id}, copy});
  }
}

void Play::junk() {
  const ReplicaId by = any_faulty();
  const ReplicaId to = any_correct();
  deliver({by, to, mail_.seal_bytes(copy_of(input_.piece()))});
}

// ---- What holds -------------------------------------------------------------------------------------------

/// What a replica keeps does not depend on what it is told.
void Play::check_bounds() const {
  constexpr std::uint64_t slots_max = 2 * checkpoint_interval      // above the stable checkpoint,
                                      + 2 * checkpoint_interval    // where others may be ahead,
                                      + 17 * checkpoint_interval;  // and below it, for who is behind
  for (std::uint32_t id = 0; id < setting_.replicas; ++id) {
    if (is_faulty(ReplicaId{id})) continue;
    const core::ReplicaState state = cluster_.replica(id).state();
    FUZZ_CHECK(state.slots <= slots_max);
    FUZZ_CHECK(state.waiting_requests <= 4096);
    FUZZ_CHECK(state.view <= state.pending);
    FUZZ_CHECK(state.checkpoint.value <= state.executed.value + 2 * checkpoint_interval);
  }
}

/// The faulty say no more: n - f correct replicas finish what was asked for, whatever was done before.
void Play::demand_progress() {
  for (const ReplicaId replica : setting_.faulty) {
    if (!cluster_.replica(replica.value).is_stopped()) cluster_.replica(replica.value).stop();
  }
  for (std::uint32_t id = 0; id < setting_.replicas; ++id) {
    sim::ReplicaProcess& replica = cluster_.replica(id);
    if (!is_faulty(ReplicaId{id}) && replica.is_stopped() && !replica.restart()) {
      sim::unsafe("a disk is refused: " + replica.refusal());
    }
  }
  cluster_.network().deliver_with(
      [this](const sim::Node& from, const sim::Node& to, const sim::FramePtr& frame) {
        if (const auto* replica = std::get_if<ReplicaId>(&to)) {
          cluster_.replica(replica->value).deliver(from, frame);
        } else if (const auto client = std::get<ClientId>(to); client.value <= clients) {
          cluster_.client(client.value - 1).deliver(from, frame);
        }
      });
  for (const auto& [one, other] : down_) {
    if (!is_faulty(other)) cluster_.replica(one.value).link_up(other);
  }
  cluster_.client(0).send("last");
  cluster_.finish(std::chrono::seconds(120));
}

// ---- Choices ----------------------------------------------------------------------------------------------

sim::Node Play::any_node() {
  const std::size_t choice = input_.below(setting_.replicas + clients);
  if (choice < setting_.replicas) return ReplicaId{static_cast<std::uint32_t>(choice)};
  return ClientId{choice - setting_.replicas + 1};
}

ReplicaId Play::any_correct() {
  auto id = static_cast<std::uint32_t>(input_.below(setting_.replicas));
  while (is_faulty(ReplicaId{id})) id = (id + 1) % setting_.replicas;
  return ReplicaId{id};
}

bool Play::is_faulty(ReplicaId replica) const {
  return std::find(setting_.faulty.begin(), setting_.faulty.end(), replica) != setting_.faulty.end();
}

}  // namespace pbft::fuzz
