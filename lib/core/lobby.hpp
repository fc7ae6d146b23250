// Requests with tags at the primary: they wait until enough backups vouch for them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/messages.hpp"

namespace pbft::core {

/// A tag proves nothing to others: what the primary can check, a backup perhaps cannot, and a batch that too
/// few can check would hold up its view. So a request with tags is introduced first, and leaves the lobby for
/// the pool once `needed` backups vouch for it.
///
/// Bounded per client; clients take turns.
class Lobby {
 public:
  static constexpr std::size_t max_per_client = 1024;
  /// Introductions without enough answers: what comes meanwhile gathers for the next one.
  static constexpr std::size_t max_unanswered = 2;

  /// Since an introduction: then those that found too few leave. Their clients sign when they retry.
  static constexpr std::uint32_t max_ticks = 3;

  Lobby(std::uint32_t needed, std::size_t max_bytes_per_client)
      : needed_(needed), max_bytes_per_client_(max_bytes_per_client) {}

  enum class Added : std::uint8_t { added, known, full };
  Added add(RequestPtr request);

  struct Draw {
    std::uint64_t number;
    std::vector<RequestPtr> requests;
  };
  /// The next introduction, if there is something to introduce and enough is answered. Payloads stay within
  /// `max_bytes`, but for the first.
  std::optional<Draw> draw(std::size_t max_bytes, std::size_t max_requests);
  /// Those for which enough vouch now; they leave. A digest that was not in that introduction does not count.
  std::vector<RequestPtr> vouch(ReplicaId by, std::uint64_t number, const std::vector<Digest>& requests);
  void tick();
  /// Everything leaves: the view is over.
  std::vector<RequestPtr> clear();

  std::size_t size() const { return inside_.size(); }
  void invariants() const;

 private:
  struct Share {
    std::deque<RequestPtr> fresh;  ///< Not introduced yet.
    std::size_t count = 0;         ///< Introduced ones included.
    std::size_t bytes = 0;
  };
  struct Guest {
    RequestPtr request;
    std::uint64_t vouchers = 0;  ///< Bit r: replica r vouches for it.
  };
  struct Introduced {
    std::map<Digest, Guest> guests;
    std::uint64_t answered = 0;  ///< Bit r: replica r has answered.
    std::uint32_t age = 0;       ///< Ticks.
  };
  static std::size_t cost_of(const Request& request);
  bool is_answered(const Introduced& introduced) const;
  void leave(const Request& request);

  const std::uint32_t needed_;
  const std::size_t max_bytes_per_client_;
  std::set<Digest> inside_;
  std::map<ClientId, Share> shares_;  ///< Of clients with something inside.
  std::set<ClientId> with_fresh_;
  ClientId last_turn_;  ///< Of the last draw.
  std::map<std::uint64_t, Introduced> introduced_;
  std::uint64_t last_number_ = 0;
};

}  // namespace pbft::core
