#include "core/held_reads.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/check.hpp"

namespace pbft::core {

std::size_t HeldReads::cost_of(const std::vector<Query::Item>& items) {
  std::size_t bytes = items.size() * overhead_bytes;
  for (const Query::Item& item : items) bytes += item.body.size();
  return bytes;
}

bool HeldReads::add(ClientId client, Query& query, SeqNum after, Instant now) {
  const std::size_t cost = cost_of(query.items);
  const auto held = shares_.find(client);
  if (cost > max_bytes_per_client_ - (held == shares_.end() ? 0 : held->second.bytes)) return false;
  Share& share = shares_[client];
  share.bytes += cost;
  share.reads += query.items.size();
  size_ += query.items.size();
  for (auto from = query.items.begin(); from != query.items.end();) {
    const auto to = from + std::min<std::ptrdiff_t>(max_piece, query.items.end() - from);
    waiting_.push_back({client,
                        query.incarnation,
                        query.attempt,
                        {std::make_move_iterator(from), std::make_move_iterator(to)},
                        after,
                        now});
    from = to;
  }
  return true;
}

std::vector<HeldReads::Piece> HeldReads::take(SeqNum dispatched) {
  for (; !waiting_.empty() && waiting_.front().after <= dispatched; waiting_.pop_front()) {
    const ClientId client = waiting_.front().client;
    Share& share = shares_.at(client);
    share.ready.push_back(std::move(waiting_.front()));
    if (share.ready.size() == 1 && !share.answering) turns_.push_back(client);
  }
  std::vector<Piece> pieces;
  for (; !turns_.empty(); turns_.pop_front()) {
    Share& share = shares_.at(turns_.front());
    Piece& next = share.ready.front();
    share.answering = Piece{next.client, next.incarnation, next.attempt, {}, next.after, next.since};
    share.answering_bytes = cost_of(next.items);
    share.answering_reads = next.items.size();
    pieces.push_back(std::move(next));
    share.ready.pop_front();
  }
  return pieces;
}

HeldReads::Piece HeldReads::finish(ClientId client) {
  Share& share = shares_.at(client);
  PBFT_CHECK(share.answering.has_value());
  Piece piece = *std::exchange(share.answering, std::nullopt);
  if (!share.ready.empty()) turns_.push_back(client);
  release(client, share.answering_bytes, share.answering_reads);
  return piece;
}

std::vector<HeldReads::Piece> HeldReads::drop_all() {
  std::vector<Piece> pieces;
  for (auto& [client, share] : shares_) {
    std::move(share.ready.begin(), share.ready.end(), std::back_inserter(pieces));
    share.ready.clear();
  }
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(pieces));
  waiting_.clear();
  turns_.clear();
  for (const Piece& piece : pieces) release(piece.client, cost_of(piece.items), piece.items.size());
  return pieces;
}

void HeldReads::release(ClientId client, std::size_t bytes, std::size_t reads) {
  const auto at = shares_.find(client);
  at->second.bytes -= bytes;
  at->second.reads -= reads;
  size_ -= reads;
  if (at->second.reads == 0) shares_.erase(at);
}

std::optional<Instant> HeldReads::waiting_since() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().since;
}

void HeldReads::restart_waiting(SeqNum after, Instant now) {
  for (Piece& piece : waiting_) {
    piece.after = after;
    piece.since = now;
  }
}

void HeldReads::excuse_waiting(Duration by, Instant now) {
  for (Piece& piece : waiting_) piece.since = std::min(piece.since + by, now);
}

void HeldReads::invariants() const {
  std::size_t reads = 0;
  for (const auto& [client, share] : shares_) {
    PBFT_CHECK(share.reads > 0 && share.bytes <= max_bytes_per_client_);
    reads += share.reads;
  }
  PBFT_CHECK(reads == size_);
  PBFT_CHECK(std::is_sorted(waiting_.begin(), waiting_.end(),
                            [](const Piece& a, const Piece& b) { return a.after < b.after; }));
}

}  // namespace pbft::core
