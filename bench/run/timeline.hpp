// The faults of a run, in the order of their time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pbft/result.hpp"

namespace bench {

/// Whom a fault meets.
struct Target {
  enum class Kind {
    primary,  ///< Whoever it is at that moment.
    replica,
    client,  ///< One beside those of the load.
    all,     ///< Whoever the fault before met.
  };
  Kind kind = Kind::primary;
  std::uint32_t replica = 0;
  bool operator==(const Target&) const = default;
};

struct Fault {
  std::chrono::milliseconds at{0};                 ///< From the beginning of the measurement.
  std::optional<std::chrono::milliseconds> until;  ///< When it ends by itself.
  std::string what;                                ///< "crash", "slow(10ms)".
  Target target;
};

/// What can be done to a process from outside.
bool is_signal_fault(std::string_view what);
/// What ends a fault: restart, resume, honest.
bool is_remedy(std::string_view what);
/// The remedy for `what`.
std::string remedy_of(std::string_view what);

/// AT:WHAT[:WHO] or AT-UNTIL:WHAT[:WHO]: "20s:crash:primary", "20s-30s:slow(10ms):r2",
/// "5s:storm(1000/s):client". WHO is `primary` unless said otherwise; of a remedy, everybody it can help.
/// What a behaviour's name means is for the faulty replica to say. Errors: invalid_argument.
pbft::Result<Fault> parse_fault(std::string_view text);
/// As parse_fault() reads it.
std::string to_text(const Fault& fault);
/// "r2", "primary", "client".
std::string to_text(const Target& target);

/// Sorted, with a remedy in its place for every fault that has an end. Errors: a replica that is not there; a
/// fault behind the end; more than f replicas faulty at one time, unless `allow_unsafe`: whoever lied once
/// counts for ever, and every primary counts as another replica.
pbft::Result<std::vector<Fault>> make_timeline(std::vector<Fault> faults, std::uint32_t replicas,
                                               std::chrono::milliseconds duration, bool allow_unsafe);

/// The replicas that must be able to lie: all, if a primary is to.
std::set<std::uint32_t> liars_of(const std::vector<Fault>& timeline, std::uint32_t replicas);
bool needs_faulty_client(const std::vector<Fault>& timeline);

}  // namespace bench
