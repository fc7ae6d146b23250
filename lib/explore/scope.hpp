// What an exploration is about: a small cluster, few requests, and how much may go wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pbft/types.hpp"

namespace pbft::explore {

/// How often each thing may still happen on one path. It is part of a state.
struct Allowance {
  std::uint8_t delays = 0;    ///< A letter goes to the end of the queue.
  std::uint8_t drops = 0;     ///< A letter is lost.
  std::uint8_t repeats = 0;   ///< A letter arrives once more, after all that are on their way.
  std::uint8_t cuts = 0;      ///< A replica has no links until all else has arrived; what waited comes then.
  std::uint8_t timers = 0;    ///< A request timer or new-view timer fires before everything else.
  std::uint8_t crashes = 0;   ///< A replica is killed and starts again from its log.
  std::uint8_t lies = 0;      ///< Of a faulty replica: see Action::Kind::lie.
  std::uint8_t silences = 0;  ///< Of a faulty replica: a letter of it is not sent.
  bool operator==(const Allowance&) const = default;
};

/// Each that is not 0, so many times more.
Allowance with_more(Allowance allowance, std::uint8_t more);
/// Sets one of them: "drops=2". False: there is none of that name, or it is no number below 64.
bool allow(Allowance& allowance, std::string_view text);

/// What a faulty replica does.
enum class Fault : std::uint8_t {
  none,
  silent,
  /// Twins (Bano et al. 2020): two honest processes with one key, each of which gets every letter to that
  /// replica. Shown different things, they contradict each other in everything they sign.
  twins,
};

struct Scope {
  struct Request {
    std::uint64_t client = 1, number = 1;
    std::string body;
    std::vector<std::uint8_t> to;  ///< Members, see State::members.
  };

  std::string name;
  std::string about;
  std::vector<Request> requests;
  Fault fault = Fault::none;
  std::vector<ReplicaId> faulty;
  std::uint64_t checkpoint_interval = 128;
  /// Letters of one sender to one receiver arrive in order, unless one is delayed.
  bool in_order = true;
  /// Every letter that may come next is tried. Else the oldest comes next unless it is delayed (delay-bounded
  /// search, Emmi, Qadeer and Rakamaric 2011).
  bool every_order = false;
  /// Writes take time: what follows from a record comes later, and a crash may lose it.
  bool slow_disk = false;
  Allowance allowance;

  bool is_faulty(ReplicaId replica) const;

  static constexpr std::uint32_t replicas = 4;
};

/// The scopes with names, the smallest first.
const std::vector<Scope>& scopes();
/// Null: there is none of that name.
const Scope* find_scope(std::string_view name);

}  // namespace pbft::explore
