#include "sim/describe.hpp"
#include "explore/state.hpp"

namespace pbft::explore {

std::string State::describe(const Action& action) const {
  using Kind = Action::Kind;
  const auto name = [&](std::uint8_t member) {
    if (member == client) return std::string("a client");
    const bool is_twin = member >= Scope::replicas;
    return "r" + std::to_string(members_[member]->id().value) + (is_twin ? "'" : "");
  };
  const std::string who = name(action.member);
  const Flight flight = action.flight < flights_.size() ? flights_[action.flight] : Flight{};
  const auto letter = [&] {
    return sim::describe(flight.letter->message.get()) + " of " + name(flight.from);
  };
  switch (action.kind) {
    case Kind::deliver:
      return name(flight.to) + (flight.is_write() ? " has written record " + std::to_string(flight.token)
                                                  : " hears " + letter());
    case Kind::lie:
      return name(flight.to) + " hears a lie instead of " + letter();
    case Kind::delay:
      return "later: " + name(flight.to) + (flight.is_write() ? "'s disk" : " hears " + letter());
    case Kind::repeat:
      return name(flight.to) + " hears, not for the last time, " + letter();
    case Kind::drop:
      return "lost: to " + name(flight.to) + " " + letter();
    case Kind::silence:
      return "not sent: to " + name(flight.to) + " " + letter();
    case Kind::fire:
      return who + (action.detail == 0 ? ": its request waits too long" : ": the new primary is silent");
    case Kind::crash:
      return who +
             (action.detail != 0 ? " crashes and restarts" : " crashes with unwritten records and restarts");
    case Kind::cut:
      return who + " is cut off";
    case Kind::mend:
      return who + " is back";
  }
  return {};
}

}  // namespace pbft::explore
