// A state of the whole cluster, what may happen next, and what comes of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explore/member.hpp"
#include "explore/scope.hpp"

namespace pbft::explore {

/// On its way between two members, or a client's request.
struct Letter {
  core::Identity from;
  core::AuthenticMessage message;
  std::uint64_t hash;
};

/// One letter to one member, or news from a member's disk.
struct Flight {
  std::uint8_t from = 0, to = 0;         ///< Members; a client counts as member State::client.
  std::shared_ptr<const Letter> letter;  ///< Null: the write `token` is done.
  std::uint64_t token = 0;
  bool is_write() const { return !letter; }
};

struct Action {
  enum class Kind : std::uint8_t {
    deliver,
    lie,     ///< A faulty replica says the same of the null batch, or leaves out what it knows.
    delay,   ///< The oldest letter comes after all others.
    repeat,  ///< It is delivered, and comes again.
    drop,
    silence,  ///< A faulty replica has not sent it.
    fire,
    crash,
    cut,
    mend,
  };
  Kind kind = Kind::deliver;
  std::uint8_t member = 0;  ///< Who fires, crashes, is cut off or comes back.
  std::uint16_t flight = 0;
  std::uint8_t detail = 0;  ///< Which timer; whether what is being written survives.
};

/// A value: members are shared by all states in which they are the same.
class State {
 public:
  static constexpr std::uint8_t client = 255;

  /// All have started, and the requests are on their way. `cast` outlives it.
  explicit State(const Cast& cast);

  /// In a fixed order: what happens if nothing goes wrong comes first. Empty: nothing can happen any more.
  std::vector<Action> enabled() const;
  /// Some letter may be delivered.
  bool is_busy() const;
  /// REQUIRES: one of enabled(). Throws sim::Violation if a promise is broken (I1, I3, what Promises
  /// watches).
  State after(const Action& action) const;
  /// Nothing goes wrong any more, faulty replicas stay silent, and clients ask everybody: every request
  /// is executed by every honest replica within a minute of virtual time, or it throws sim::Violation.
  /// Returns the number of inputs that this took.
  std::uint64_t heal() const;

  /// Of what the honest and the faulty members are, `exact` or by their effects (Member::effects), of what is
  /// on its way, and of what may still happen.
  std::uint64_t fingerprint(bool exact) const;
  /// For a person: "r1 hears Prepare ... of r2".
  std::string describe(const Action& action) const;

 private:
  /// Replicas and twins: few.
  std::uint8_t member_count() const { return static_cast<std::uint8_t>(members_.size()); }
  bool is_cut(std::uint8_t member) const { return (cut_ >> member & 1) != 0; }
  bool may_arrive(const Flight& flight) const;
  bool is_first_of_its_link(std::size_t index) const;
  bool is_of_the_faulty(const Flight& flight) const;
  /// Of a twin. Accomplices show each other the same face.
  static bool face_of(std::size_t member) { return member >= Scope::replicas; }
  bool is_honest(std::size_t member) const { return members_[member]->is_honest(); }
  /// The letter with a lie in its place; null if it has none.
  std::shared_ptr<const Letter> lie_of(const Letter& letter) const;
  void add_enabled(std::vector<Action>& actions, std::size_t index) const;
  void add_mishaps(std::vector<Action>& actions, std::uint8_t index, const Flight* next) const;
  /// A member of its own, for a step.
  Member& own(std::size_t index);
  /// To whom.
  std::size_t deliver(const Action& action, Effects& effects);
  void take(std::size_t member, const Effects& effects);
  void send_back(std::size_t index);
  void check_agreement(std::size_t member) const;

  const Cast* cast_;
  std::vector<std::shared_ptr<const Member>> members_;  ///< Replicas by id; then the second twins.
  std::vector<Flight> flights_;                         ///< The oldest first.
  std::uint32_t cut_ = 0;
  Allowance left_;
};

std::shared_ptr<const Letter> make_letter(const Cast& cast, const core::Identity& from,
                                          const core::Message& message);

}  // namespace pbft::explore
