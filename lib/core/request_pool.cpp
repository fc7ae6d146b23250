#include "core/request_pool.hpp"

#include <algorithm>
#include <limits>

#include "core/check.hpp"

namespace pbft::core {

RequestPool::Added RequestPool::add(RequestPtr request, Instant now) {
  const ClientId client = request->client;
  const Key key = key_of(*request);
  const std::size_t cost = cost_of(*request);
  auto found = shares_.find(client);
  if (found != shares_.end()) {
    Share& share = found->second;
    if (share.held.contains(key)) return Added::known;
    const bool lowest = key < share.held.begin()->first;
    if (!lowest && share.bytes + cost > max_bytes_per_client_) return Added::full;
    // Makes room for the lowest, at the other end. The old head stays behind it if it can.
    while (share.held.size() > 1 && share.bytes + cost > max_bytes_per_client_) {
      remove(client, share, share.held.rbegin()->first);
    }
    if (share.bytes + cost > max_bytes_per_client_) {
      heads_.erase({share.head_since, client});
      remove(client, share, share.held.rbegin()->first);
      shares_.erase(found);
      found = shares_.end();
    }
  }
  const bool alone = found == shares_.end();
  if (alone) {
    found = shares_.try_emplace(client).first;
    found->second.head_since = now;
    heads_.emplace(now, client);
  }
  Share& share = found->second;
  if (!alone && key < share.held.begin()->first) move_head_since(client, share, now);
  share.held.emplace(key, std::move(request));
  share.bytes += cost;
  bytes_ += cost;
  ++size_;
  offer(client, share, key, now);
  return Added::added;
}

bool RequestPool::contains(const Request& request) const {
  auto found = shares_.find(request.client);
  return found != shares_.end() && found->second.held.contains(key_of(request));
}

bool RequestPool::is_head(const Request& request) const {
  auto found = shares_.find(request.client);
  return found != shares_.end() && found->second.held.begin()->first == key_of(request);
}

RequestPool::Drawn RequestPool::draw(std::size_t max_bytes, std::size_t max_requests,
                                     std::size_t enough_bytes) {
  Drawn drawn;
  std::vector<RequestPtr>& batch = drawn.requests;
  std::size_t bytes = 0;
  while (!turns_.empty() && batch.size() < max_requests && (batch.empty() || bytes < enough_bytes)) {
    const auto [turn, client] = *turns_.begin();
    Share& share = shares_.at(client);
    const auto [key, since] = *share.unproposed.begin();
    const RequestPtr& request = share.held.at(key);
    // What does not fit has the first turn of the next batch.
    if (!batch.empty() && bytes + cost_of(*request) > max_bytes) break;
    bytes += cost_of(*request);
    unproposed_bytes_ -= cost_of(*request);
    batch.push_back(request);
    drawn.oldest = std::min(drawn.oldest.value_or(since), since);
    current_turn_ = turn;
    turns_.erase(turns_.begin());
    share.unproposed.erase(key);
    share.turn = served_[client] = turn + std::max<std::size_t>(1, request->items.size());
    if (!share.unproposed.empty()) turns_.emplace(share.turn, client);
  }
  return drawn;
}

void RequestPool::mark_proposed(const Request& request) {
  auto found = shares_.find(request.client);
  if (found != shares_.end()) withdraw(request.client, found->second, key_of(request));
}

void RequestPool::forget_proposed(Instant now) {
  for (auto& [client, share] : shares_) {
    for (const auto& [key, request] : share.held) offer(client, share, key, now);
  }
}

void RequestPool::offer(ClientId client, Share& share, const Key& key, Instant now) {
  if (share.unproposed.empty()) {
    share.turn = std::max(served_[client], current_turn_);
    turns_.emplace(share.turn, client);
  }
  if (share.unproposed.emplace(key, now).second) unproposed_bytes_ += cost_of(*share.held.at(key));
}

void RequestPool::withdraw(ClientId client, Share& share, const Key& key) {
  if (share.unproposed.erase(key) == 0) return;
  unproposed_bytes_ -= cost_of(*share.held.at(key));
  if (share.unproposed.empty()) turns_.erase({share.turn, client});
}

void RequestPool::remove(ClientId client, Share& share, const Key& key) {
  withdraw(client, share, key);
  auto at = share.held.find(key);
  const std::size_t cost = cost_of(*at->second);
  share.bytes -= cost;
  bytes_ -= cost;
  --size_;
  share.held.erase(at);
}

void RequestPool::move_head_since(ClientId client, Share& share, Instant to) {
  heads_.erase({share.head_since, client});
  share.head_since = to;
  heads_.emplace(to, client);
}

void RequestPool::drop_done(ClientId client, const ClientTable& table, Instant now) {
  auto found = shares_.find(client);
  if (found == shares_.end()) return;
  Share& share = found->second;
  // Called for every request of a batch: only the first call after a change has something to look for.
  if (share.seen_revision == table.revision(client)) return;
  share.seen_revision = table.revision(client);

  const RequestNumber highest = table.highest(client);
  const Key head = share.held.begin()->first;
  std::vector<Key> done;
  for (const auto& [key, request] : share.held) {
    if (key.first > highest) break;
    if (table.is_done(*request)) done.push_back(key);
  }
  for (const Key& key : done) remove(client, share, key);
  if (share.held.empty()) {
    heads_.erase({share.head_since, client});
    shares_.erase(found);
  } else if (share.held.begin()->first != head) {
    move_head_since(client, share, now);
  }
}

void RequestPool::drop_all_done(const ClientTable& table, Instant now) {
  std::vector<ClientId> clients;
  for (auto& [client, share] : shares_) {
    share.seen_revision = std::numeric_limits<std::uint64_t>::max();
    clients.push_back(client);
  }
  for (ClientId client : clients) drop_done(client, table, now);
}

void RequestPool::drop(ClientId client) {
  auto found = shares_.find(client);
  if (found == shares_.end()) return;
  Share& share = found->second;
  heads_.erase({share.head_since, client});
  while (!share.held.empty()) remove(client, share, Key(share.held.begin()->first));
  shares_.erase(found);
}

std::vector<RequestPtr> RequestPool::take_tagged(Instant now) {
  std::vector<RequestPtr> taken;
  for (auto at = shares_.begin(); at != shares_.end();) {
    const ClientId client = at->first;
    Share& share = at->second;
    const Key head = share.held.begin()->first;
    std::vector<Key> keys;
    for (const auto& [key, request] : share.held) {
      if (request->proof == Proof::signature) continue;
      keys.push_back(key);
      taken.push_back(request);
    }
    for (const Key& key : keys) remove(client, share, key);
    if (share.held.empty()) {
      heads_.erase({share.head_since, client});
      at = shares_.erase(at);
      continue;
    }
    if (share.held.begin()->first != head) move_head_since(client, share, now);
    ++at;
  }
  return taken;
}

std::optional<Instant> RequestPool::waiting_since() const {
  if (heads_.empty()) return std::nullopt;
  return heads_.begin()->first;
}

void RequestPool::restart_waiting(Instant now) {
  for (auto& [client, share] : shares_) move_head_since(client, share, now);
}

void RequestPool::excuse_waiting(Duration by, Instant now) {
  for (auto& [client, share] : shares_) move_head_since(client, share, std::min(share.head_since + by, now));
}

std::vector<RequestPtr> RequestPool::waiting() const {
  std::vector<RequestPtr> all;
  all.reserve(size_);
  for (const auto& [client, share] : shares_) all.push_back(share.held.begin()->second);
  for (const auto& [client, share] : shares_) {
    for (auto at = std::next(share.held.begin()); at != share.held.end(); ++at) all.push_back(at->second);
  }
  return all;
}

void RequestPool::invariants() const {
  std::size_t size = 0, bytes = 0, unproposed = 0, waiting_turns = 0;
  for (const auto& [client, share] : shares_) {
    PBFT_CHECK(!share.held.empty());
    PBFT_CHECK(heads_.contains({share.head_since, client}));
    PBFT_CHECK(share.bytes <= max_bytes_per_client_ || share.held.size() == 1);
    for (const auto& [key, since] : share.unproposed) unproposed += cost_of(*share.held.at(key));
    PBFT_CHECK(turns_.contains({share.turn, client}) == !share.unproposed.empty());
    if (!share.unproposed.empty()) ++waiting_turns;
    size += share.held.size();
    bytes += share.bytes;
  }
  PBFT_CHECK(heads_.size() == shares_.size());
  PBFT_CHECK(turns_.size() == waiting_turns);
  PBFT_CHECK(size == size_ && bytes == bytes_ && unproposed == unproposed_bytes_);
}

}  // namespace pbft::core
