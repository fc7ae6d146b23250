// From here on nothing goes wrong any more: does everything complete?
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "explore/state.hpp"
#include "sim/violation.hpp"

namespace pbft::explore {

namespace {

constexpr Duration patience = std::chrono::seconds(60);
constexpr Duration retry = std::chrono::milliseconds(300);

/// The honest members on a network without delays and loss, on one clock.
class Recovery {
 public:
  Recovery(const Cast& cast, std::vector<Member> members, std::deque<Flight> flights)
      : cast_(cast), members_(std::move(members)), flights_(std::move(flights)) {}

  std::uint64_t run() {
    ask();
    while (!flights_.empty() || !is_done()) {
      if (!flights_.empty()) {
        deliver();
      } else {
        pass_time();
      }
    }
    return inputs_;
  }

 private:
  Member* find(std::uint8_t member) {
    for (Member& each : members_) {
      if (each.id().value == member) return &each;
    }
    return nullptr;
  }

  void ask() {
    for (const Scope::Request& each : cast_.scope.requests) {
      const ClientId client{each.client};
      const auto letter = make_letter(
          cast_, client, core::RequestMessage{cast_.forger.request(client, each.number, {each.body}), 0});
      for (const Member& member : members_)
        flights_.push_back({State::client, static_cast<std::uint8_t>(member.id().value), letter, 0});
    }
  }

  void deliver() {
    const Flight flight = std::move(flights_.front());
    flights_.pop_front();
    Member* const member = find(flight.to);
    if (!member) return;
    Effects effects;
    ++inputs_;
    if (flight.is_write()) {
      member->written(flight.token, effects);
    } else {
      member->hear(flight.letter->from, flight.letter->message, effects);
    }
    carry(*member, effects);
  }

  void carry(const Member& from, const Effects& effects) {
    const auto self = static_cast<std::uint8_t>(from.id().value);
    for (const Effects::Sent& sent : effects.sent) {
      const auto letter = make_letter(cast_, from.id(), *sent.message);
      if (!letter) continue;
      for (const Member& member : members_) {
        if (member.id() == from.id() || (sent.to && *sent.to != member.id())) continue;
        flights_.push_back({self, static_cast<std::uint8_t>(member.id().value), letter, 0});
      }
    }
    for (std::uint64_t token : effects.writes) flights_.push_back({self, self, nullptr, token});
  }

  /// To the first timer, of a member or of the clients.
  void pass_time() {
    Duration next = retry - since_asked_;
    Member* whose = nullptr;
    core::Timer which{};
    for (Member& member : members_) {
      for (core::Timer timer : {core::Timer::request, core::Timer::new_view, core::Timer::status}) {
        const auto due = member.due(timer);
        if (!due || *due >= next) continue;
        next = *due;
        whose = &member;
        which = timer;
      }
    }
    for (Member& member : members_) member.sleep(next);
    passed_ += next;
    since_asked_ += next;
    if (passed_ > patience) sim::stuck(report());
    if (!whose) {
      since_asked_ = {};
      return ask();
    }
    Effects effects;
    ++inputs_;
    whose->fire(which, effects);
    carry(*whose, effects);
  }

  /// Of several that share a number one executes.
  bool is_done() const {
    for (const Member& member : members_) {
      if (member.state().executed != members_.front().state().executed) return false;
      for (const Scope::Request& each : cast_.scope.requests) {
        if (!member.has_executed(ClientId{each.client}, RequestNumber{each.number})) return false;
      }
    }
    return true;
  }

  std::string report() const {
    std::string text = "nothing goes wrong any more, and still not every request is executed:";
    for (const Member& member : members_) {
      const core::ReplicaState state = member.state();
      text += " r" + std::to_string(member.id().value) + " view " + std::to_string(state.view.value) + "/" +
              std::to_string(state.pending.value) + " executed " + std::to_string(state.executed.value) + ";";
    }
    return text;
  }

  const Cast& cast_;
  std::vector<Member> members_;
  std::deque<Flight> flights_;
  Duration passed_{}, since_asked_{};
  std::uint64_t inputs_ = 0;
};

}  // namespace

std::uint64_t State::heal() const {
  std::vector<Member> members;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (is_honest(i)) members.push_back(*members_[i]);
  }
  return Recovery(*cast_, std::move(members), {flights_.begin(), flights_.end()}).run();
}

}  // namespace pbft::explore
