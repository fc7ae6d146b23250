// Whether the primary is slow or unfair, as one backup sees it: the grounds for a complaint
// (docs/protocol.md, "Complaints").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/latencies.hpp"
#include "core/messages.hpp"

namespace pbft::core {

/// Of each client it watches one request at a time, from the moment at which this replica itself has brought
/// it to the primary: from then on the primary has it, whatever else the client did. Two things count against
/// the primary:
/// - time that it let pass with room in its pipeline before it proposed the request, beyond what the three
///   phases after a proposal take at the same time;
/// - batches with room for the request that it proposed instead, while it ordered nothing of that client.
///
/// The first counts when it holds for most clients of the last few seconds, so that a few faulty clients
/// prove nothing; the second for any single client, because no correct primary passes one over. Neither rests
/// on one moment: a machine that stalls once makes nobody suspect.
///
/// Pure bookkeeping. Memory is bounded by the number of clients that the replica admits.
class Suspicion {
 public:
  struct Grounds {
    Duration late{};     ///< Of the last request that was late.
    Duration allowed{};  ///< What would have been accepted.
    bool is_unfair = false;
  };

  /// n: so many views are tried before the primary's allowance stops doubling.
  explicit Suspicion(std::uint32_t replicas);

  // ---- What happens ---------------------------------------------------------------------------------------
  /// A view is entered: nothing is held against its primary.
  void on_view();
  /// q complaints have ended a view: the next primary is allowed twice as much.
  void on_ousted(Instant now);
  /// From now on time passes at the primary's expense, or does not: because its pipeline is full, or this
  /// replica itself is behind.
  void charge(bool primary, Instant now);
  /// This replica has brought the lowest request that it holds of this client to the primary.
  void on_relayed(ClientId client, const Digest& request, Instant now);
  /// The primary has proposed a batch. `has_room`: another request would have fitted in.
  void on_proposed(const std::vector<RequestPtr>& requests, bool has_room, Instant now);
  /// It was committed so long after it was proposed.
  void on_committed(Duration phases) { phases_.add(phases); }
  /// Executed, so whoever proposed it, it is no longer waited for.
  void forget(const std::vector<RequestPtr>& requests);

  // ---- Questions ------------------------------------------------------------------------------------------
  std::optional<Grounds> grounds(Instant now) const;
  /// Nothing is watched: nobody needs to say whom the time is charged to.
  bool is_idle() const { return watches_.empty(); }
  const Latencies& phases() const { return phases_; }
  /// How late a proposal may be; empty before enough batches were seen.
  std::optional<Duration> allowed(Instant now) const;

  // How much evidence it takes.
  static constexpr std::size_t min_phases = 4;       ///< Batches seen before anything is judged.
  static constexpr std::uint64_t phases_factor = 2;  ///< A proposal travels twice, like the phases.
  static constexpr Duration tolerance = std::chrono::milliseconds(1);
  static constexpr std::uint64_t min_points = 16;  ///< Of late samples without a break,
  static constexpr std::uint64_t max_points = 4;   ///< of which one gives at most so many, and the next
  static constexpr Duration min_gap = std::chrono::milliseconds(10);  ///< only after so long;
  static constexpr std::uint64_t passed_over_factor = 2;              ///< Of what a proposal may be late.
  static constexpr std::uint32_t min_passed_over = 4;  ///< or so many of one client's passed over in a row;
  static constexpr Duration min_spread =
      std::chrono::milliseconds(100);                          ///< in both cases spread over so long.
  static constexpr Duration memory = std::chrono::seconds(5);  ///< What is older proves nothing.
  static constexpr Duration decay = std::chrono::seconds(60);  ///< After which one doubling is taken back.
  static constexpr std::uint32_t max_doublings = 16;

 private:
  struct Watch {
    Digest request;
    Instant since{};     ///< It was relayed.
    Duration charged{};  ///< charged_ at that time.
    Instant unserved{};  ///< Since then nothing of this client was ordered.
    Duration passed{};   ///< The longest such time that ended with a batch that could have held it.
  };
  /// What the last watched request of a client said.
  struct Verdict {
    Instant at{};
    std::uint64_t points = 0;       ///< 0: it was in time.
    std::uint32_t passed_over = 0;  ///< In a row.
    Instant passed_over_since{};
  };

  Duration charged(Instant now) const;
  std::uint32_t doublings(Instant now) const;
  void judge(ClientId client, const Watch& watch, Instant now);
  void forget_old(Instant now);

  const std::uint32_t replicas_;
  Latencies phases_;
  std::map<ClientId, Watch> watches_;
  std::map<ClientId, Verdict> verdicts_;           ///< Of the last `memory`.
  std::set<std::pair<Instant, ClientId>> by_age_;  ///< The same.
  std::size_t late_clients_ = 0;                   ///< Those of them with points.

  Duration charged_{};  ///< Up to charged_since_.
  std::optional<Instant> charged_since_;

  std::uint64_t points_ = 0;                ///< Since most clients are served late.
  Instant points_since_{}, points_last_{};  ///< When the first and the last of them came.
  std::optional<Instant> unfair_at_;
  Duration last_late_{};

  std::uint32_t doublings_ = 0;  ///< At ousted_at_.
  Instant ousted_at_{};
};

}  // namespace pbft::core
