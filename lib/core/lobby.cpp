#include "core/lobby.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/check.hpp"
#include "core/request_pool.hpp"

namespace pbft::core {

std::size_t Lobby::cost_of(const Request& request) {
  return request.payload.size() + sizeof(Tag) * request.tags.size() + RequestPool::overhead_bytes;
}

bool Lobby::is_answered(const Introduced& introduced) const {
  return static_cast<std::uint32_t>(std::popcount(introduced.answered)) >= needed_;
}

Lobby::Added Lobby::add(RequestPtr request) {
  if (inside_.contains(request->digest)) return Added::known;
  const std::size_t cost = cost_of(*request);
  const auto found = shares_.find(request->client);
  if (found != shares_.end() &&
      (found->second.count == max_per_client || found->second.bytes + cost > max_bytes_per_client_)) {
    return Added::full;
  }
  Share& share = shares_[request->client];
  ++share.count;
  share.bytes += cost;
  inside_.insert(request->digest);
  with_fresh_.insert(request->client);
  share.fresh.push_back(std::move(request));
  return Added::added;
}

std::optional<Lobby::Draw> Lobby::draw(std::size_t max_bytes, std::size_t max_requests) {
  if (with_fresh_.empty()) return std::nullopt;
  const auto unanswered = std::count_if(introduced_.begin(), introduced_.end(),
                                        [this](const auto& entry) { return !is_answered(entry.second); });
  if (static_cast<std::size_t>(unanswered) >= max_unanswered) return std::nullopt;

  Draw draw{++last_number_, {}};
  Introduced& introduced = introduced_[draw.number];
  std::size_t bytes = 0;
  while (!with_fresh_.empty() && draw.requests.size() < max_requests) {
    auto turn = with_fresh_.upper_bound(last_turn_);
    if (turn == with_fresh_.end()) turn = with_fresh_.begin();
    std::deque<RequestPtr>& fresh = shares_.at(*turn).fresh;
    bytes += fresh.front()->payload.size();
    if (bytes > max_bytes && !draw.requests.empty()) break;
    last_turn_ = *turn;
    introduced.guests[fresh.front()->digest].request = fresh.front();
    draw.requests.push_back(std::move(fresh.front()));
    fresh.pop_front();
    if (fresh.empty()) with_fresh_.erase(turn);
  }
  return draw;
}

std::vector<RequestPtr> Lobby::vouch(ReplicaId by, std::uint64_t number,
                                     const std::vector<Digest>& requests) {
  std::vector<RequestPtr> ready;
  const auto found = introduced_.find(number);
  if (found == introduced_.end()) return ready;
  Introduced& introduced = found->second;
  const std::uint64_t bit = std::uint64_t{1} << by.value;
  introduced.answered |= bit;
  for (const Digest& digest : requests) {
    const auto guest = introduced.guests.find(digest);
    if (guest == introduced.guests.end()) continue;
    guest->second.vouchers |= bit;
    if (static_cast<std::uint32_t>(std::popcount(guest->second.vouchers)) < needed_) continue;
    leave(*guest->second.request);
    ready.push_back(std::move(guest->second.request));
    introduced.guests.erase(guest);
  }
  if (introduced.guests.empty()) introduced_.erase(found);
  return ready;
}

void Lobby::tick() {
  for (auto at = introduced_.begin(); at != introduced_.end();) {
    Introduced& introduced = at->second;
    if (++introduced.age < max_ticks) {
      ++at;
      continue;
    }
    for (const auto& [digest, guest] : introduced.guests) leave(*guest.request);
    at = introduced_.erase(at);
  }
}

std::vector<RequestPtr> Lobby::clear() {
  std::vector<RequestPtr> all;
  for (const auto& [number, introduced] : introduced_) {
    for (const auto& [digest, guest] : introduced.guests) all.push_back(guest.request);
  }
  for (const auto& [client, share] : shares_) all.insert(all.end(), share.fresh.begin(), share.fresh.end());
  inside_.clear();
  shares_.clear();
  with_fresh_.clear();
  introduced_.clear();
  return all;
}

void Lobby::leave(const Request& request) {
  inside_.erase(request.digest);
  const auto found = shares_.find(request.client);
  found->second.bytes -= cost_of(request);
  if (--found->second.count == 0) shares_.erase(found);
}

void Lobby::invariants() const {
  std::size_t counted = 0, fresh = 0, guests = 0;
  for (const auto& [client, share] : shares_) {
    PBFT_CHECK(share.count > 0 && share.count <= max_per_client);
    PBFT_CHECK(with_fresh_.contains(client) == !share.fresh.empty());
    counted += share.count;
    fresh += share.fresh.size();
  }
  for (const auto& [number, introduced] : introduced_) {
    PBFT_CHECK(number <= last_number_ && !introduced.guests.empty());
    guests += introduced.guests.size();
  }
  PBFT_CHECK(counted == inside_.size() && fresh + guests == counted);
}

}  // namespace pbft::core
