#include "explore/state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/authenticator.hpp"
#include "core/check.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::explore {

using Kind = Action::Kind;
using core::Timer;

std::shared_ptr<const Letter> make_letter(const Cast& cast, const core::Identity& from,
                                          const core::Message& message) {
  const std::uint64_t hash = hash_of(message);
  auto judged = core::Authenticator(cast.keys.of(ReplicaId{0}), cast.quorums).authenticate(message, from);
  auto* authentic = std::get_if<core::AuthenticMessage>(&judged);
  return authentic ? std::make_shared<const Letter>(Letter{from, std::move(*authentic), hash}) : nullptr;
}

State::State(const Cast& cast) : cast_(&cast), left_(cast.scope.allowance) {
  const Scope& scope = cast.scope;
  for (std::uint32_t id = 0; id < Scope::replicas; ++id) {
    members_.push_back(std::make_shared<const Member>(cast, ReplicaId{id}, !scope.is_faulty(ReplicaId{id})));
  }
  if (scope.fault == Fault::twins) {
    for (ReplicaId faulty : scope.faulty)
      members_.push_back(std::make_shared<const Member>(cast, faulty, false));
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (scope.fault == Fault::silent && !is_honest(i)) continue;
    Effects effects;  // the first Status tells nothing
    own(i).start(effects);
  }
  for (const Scope::Request& each : scope.requests) {
    const auto letter = make_letter(
        cast, ClientId{each.client},
        core::RequestMessage{cast.forger.request(ClientId{each.client}, each.number, {each.body}), 0});
    PBFT_CHECK(letter != nullptr);
    for (std::uint8_t to : each.to) flights_.push_back({client, to, letter, 0});
  }
}

// A copy that runs on with the core of the original: who needs that one again makes it again.
Member& State::own(std::size_t index) {
  auto copy = std::make_shared<Member>(*members_[index]);
  copy->take_core(*members_[index]);
  Member& mine = *copy;
  members_[index] = std::move(copy);
  return mine;
}

bool State::may_arrive(const Flight& flight) const {
  return flight.is_write() || !(is_cut(flight.to) || (flight.from != client && is_cut(flight.from)));
}

bool State::is_first_of_its_link(std::size_t index) const {
  const Flight& flight = flights_[index];
  for (std::size_t i = 0; i < index; ++i) {
    const Flight& other = flights_[i];
    if (other.to != flight.to || other.from != flight.from || other.is_write() != flight.is_write()) continue;
    if (cast_->scope.in_order || flight.is_write() || other.letter->hash == flight.letter->hash) return false;
  }
  return true;
}

bool State::is_of_the_faulty(const Flight& flight) const {
  return !flight.is_write() && flight.from != client && !is_honest(flight.from);
}

bool State::is_busy() const {
  return std::any_of(flights_.begin(), flights_.end(), [&](const Flight& each) { return may_arrive(each); });
}

void State::add_enabled(std::vector<Action>& actions, std::size_t index) const {
  const Flight& flight = flights_[index];
  const auto at = static_cast<std::uint16_t>(index);
  actions.push_back({Kind::deliver, 0, at, 0});
  if (flight.is_write()) return;
  if (left_.repeats > 0) actions.push_back({Kind::repeat, 0, at, 0});
  if (is_of_the_faulty(flight)) {
    if (left_.lies > 0 && lie_of(*flight.letter)) actions.push_back({Kind::lie, 0, at, 0});
    if (left_.silences > 0) actions.push_back({Kind::silence, 0, at, 0});
  } else if (left_.drops > 0) {
    actions.push_back({Kind::drop, 0, at, 0});
  }
}

std::vector<Action> State::enabled() const {
  std::vector<Action> actions;
  if (cast_->scope.every_order) {
    for (std::size_t i = 0; i < flights_.size(); ++i) {
      if (may_arrive(flights_[i]) && is_first_of_its_link(i)) add_enabled(actions, i);
    }
    for (std::uint8_t i = 0; i < member_count(); ++i) add_mishaps(actions, i, nullptr);
    return actions;
  }
  std::size_t oldest = 0;
  while (oldest < flights_.size() && !may_arrive(flights_[oldest])) ++oldest;
  const Flight* const next = oldest < flights_.size() ? &flights_[oldest] : nullptr;
  if (next) {
    add_enabled(actions, oldest);
    if (left_.delays > 0) actions.push_back({Kind::delay, 0, static_cast<std::uint16_t>(oldest), 0});
  }
  for (std::uint8_t i = 0; i < member_count(); ++i) add_mishaps(actions, i, next);
  return actions;
}

// What befalls one member makes no difference to a letter between others: it may as well come after it. So in
// a queue it comes just before the next letter that it makes a difference to, or when there is none.
void State::add_mishaps(std::vector<Action>& actions, std::uint8_t index, const Flight* next) const {
  const Member& member = *members_[index];
  const bool hears_next = !next || next->to == index;
  for (Timer timer : {Timer::request, Timer::new_view}) {
    if (left_.timers > 0 && hears_next && member.due(timer))
      actions.push_back({Kind::fire, index, 0, static_cast<std::uint8_t>(timer)});
  }
  if (!member.is_honest()) return;
  if (left_.crashes > 0 && hears_next) {
    actions.push_back({Kind::crash, index, 0, 1});
    if (member.writes_under_way() > 0) actions.push_back({Kind::crash, index, 0, 0});
  }
  if (is_cut(index)) {
    if (!is_busy()) actions.push_back({Kind::mend, index, 0, 0});
  } else if (left_.cuts > 0 && next && (hears_next || next->from == index)) {
    actions.push_back({Kind::cut, index, 0, 0});
  }
}

State State::after(const Action& action) const {
  State next = *this;
  Effects effects;
  std::size_t who = action.member;
  switch (action.kind) {
    case Kind::deliver:
    case Kind::lie:
    case Kind::repeat:
      who = next.deliver(action, effects);
      break;
    case Kind::delay:
      --next.left_.delays;
      next.send_back(action.flight);
      return next;
    case Kind::drop:
    case Kind::silence:
      --(action.kind == Kind::drop ? next.left_.drops : next.left_.silences);
      next.flights_.erase(next.flights_.begin() + action.flight);
      return next;
    case Kind::fire:
      --next.left_.timers;
      next.own(who).fire(static_cast<Timer>(action.detail), effects);
      break;
    case Kind::crash:
      --next.left_.crashes;
      std::erase_if(next.flights_,
                    [&](const Flight& each) { return each.is_write() && each.to == action.member; });
      next.own(who).crash(action.detail != 0, effects);
      break;
    case Kind::cut:
      --next.left_.cuts;
      next.cut_ |= 1U << action.member;
      return next;
    case Kind::mend:
      next.cut_ &= ~(1U << action.member);
      return next;
  }
  next.take(who, effects);
  return next;
}

std::size_t State::deliver(const Action& action, Effects& effects) {
  const Flight flight = flights_[action.flight];
  flights_.erase(flights_.begin() + action.flight);
  if (flight.is_write()) {
    own(flight.to).written(flight.token, effects);
    return flight.to;
  }
  auto letter = flight.letter;
  if (action.kind == Kind::lie) {
    --left_.lies;
    letter = lie_of(*letter);
  } else if (action.kind == Kind::repeat) {
    --left_.repeats;
    flights_.push_back(flight);
  }
  own(flight.to).hear(letter->from, letter->message, effects);
  return flight.to;
}

// What a disk says stays in its order: all of it goes to the end.
void State::send_back(std::size_t index) {
  const Flight flight = flights_[index];
  if (flight.is_write()) {
    const auto is_behind = [&](const Flight& each) { return each.is_write() && each.to == flight.to; };
    std::vector<Flight> behind;
    std::copy_if(flights_.begin(), flights_.end(), std::back_inserter(behind), is_behind);
    std::erase_if(flights_, is_behind);
    flights_.insert(flights_.end(), behind.begin(), behind.end());
  } else {
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(index));
    flights_.push_back(flight);
  }
}

// A Status repairs what was lost; here that is left to heal().
void State::take(std::size_t member, const Effects& effects) {
  const auto self = static_cast<std::uint8_t>(member);
  for (const Effects::Sent& sent : effects.sent) {
    if (std::holds_alternative<core::Status>(*sent.message)) continue;
    const auto letter = make_letter(*cast_, members_[member]->id(), *sent.message);
    if (!letter) continue;
    for (std::uint8_t to = 0; to < member_count(); ++to) {
      const ReplicaId receiver = members_[to]->id();
      if (receiver == members_[member]->id() || (sent.to && *sent.to != receiver)) continue;
      if (cast_->scope.fault == Fault::silent && !is_honest(to)) continue;
      if (!is_honest(member) && !is_honest(to) && face_of(member) != face_of(to)) continue;
      flights_.push_back({self, to, letter, 0});
    }
  }
  for (std::uint64_t token : effects.writes) flights_.push_back({self, self, nullptr, token});
  check_agreement(member);
}

void State::check_agreement(std::size_t member) const {
  if (!is_honest(member)) return;
  const auto& mine = members_[member]->executed();
  for (std::size_t other = 0; other < members_.size(); ++other) {
    if (other == member || !is_honest(other)) continue;
    const auto& theirs = members_[other]->executed();
    for (std::size_t i = std::min(mine.size(), theirs.size()); i > 0; --i) {
      if (*mine[i - 1] == *theirs[i - 1]) continue;
      sim::unsafe("r" + std::to_string(member) + " and r" + std::to_string(other) +
                  " execute different batches at " + std::to_string(i));
    }
  }
}

std::uint64_t State::fingerprint(bool exact) const {
  std::uint64_t hash = 0;
  for (const auto& member : members_) hash = sim::mix(hash ^ (exact ? member->orders() : member->effects()));
  std::uint64_t flights = 0;
  const bool in_queue = !cast_->scope.every_order;
  for (const Flight& flight : flights_) {
    const std::uint64_t what = flight.is_write() ? sim::mix(flight.token) : flight.letter->hash;
    const std::uint64_t one =
        sim::mix(what ^ (std::uint64_t{flight.from} << 16) ^ (std::uint64_t{flight.to} << 8));
    flights = in_queue ? sim::mix(flights ^ one) : flights + one;
  }
  std::uint64_t rest = cut_;
  for (std::uint8_t left : {left_.delays, left_.drops, left_.repeats, left_.cuts, left_.timers, left_.crashes,
                            left_.lies, left_.silences}) {
    rest = rest * 64 + left;
  }
  return sim::mix(sim::mix(hash + 1) ^ sim::mix(flights) ^ sim::mix(rest + 2));
}

}  // namespace pbft::explore
