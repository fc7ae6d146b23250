// Reads that are not ordered: docs/protocol.md, reads, has the argument why they are linearizable.
#include <algorithm>
#include <utility>

#include "core/designated.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

void Replica::Impl::on_query(ClientId client, Query&& query) {
  if (!admitted.contains(client) || is_replica_client(client)) {
    return reject(client, Rejection::unknown_client);
  }
  if (!reads.add(client, query, promised_through(), now.monotonic)) {
    reject(client, Rejection::too_many_reads);
    decline(client, query.incarnation, query.items);
  }
}

// Every batch that we have sent a Commit for lies at or below: in this view it is prepared here, also after a
// restart, and what was committed in an earlier one is covered by the NewView of this one, or by h.
SeqNum Replica::Impl::promised_through() const {
  if (mutated(Mutant::read_at_once)) return SeqNum{};
  const SeqNum covered =
      mutated(Mutant::read_ignores_new_view) ? stable.seq : std::max(stable.seq, reissued_through);
  for (auto at = slots.rbegin(); at != slots.rend() && at->first > covered; ++at) {
    const auto& certificate = at->second.certificate;
    if (certificate && certificate->header.view == view) return at->first;
  }
  return covered;
}

// After every step: batches that went to the executor let reads go.
void Replica::Impl::serve_reads() {
  // What was prepared in a view that is left and not taken over by the next one was not committed: nobody may
  // ever fill its place.
  if (std::exchange(reads_view, view) != view) reads.restart_waiting(promised_through(), now.monotonic);
  if (reads.empty()) return;
  if (!is_answering()) {
    for (const HeldReads::Piece& piece : reads.drop_all()) {
      decline(piece.client, piece.incarnation, piece.items);
    }
    return;
  }
  for (HeldReads::Piece& piece : reads.take(dispatched)) {
    out->push_back(AnswerQueries{piece.client, std::move(piece.items)});
  }
}

void Replica::Impl::on_queries_answered(QueriesAnswered&& answered) {
  const HeldReads::Piece piece = reads.finish(answered.client);
  std::vector<QueryReply::Item> items;
  for (QueriesAnswered::Item& item : answered.items) {
    QueryReply::Item& answer = items.emplace_back(QueryReply::Item{item.number, QueryReply::Declined{}});
    // Our state may have turned out not to be the agreed one meanwhile. What is too large is refused in
    // order.
    if (!is_answering() || !item.result || item.result->size() > config.agreed.max_result_bytes) continue;
    const RequestNumber turn{item.number.value};
    if (item.result->size() <= whole_result_bytes ||
        designated_replica(turn, piece.attempt, quorums.n()) == config.id) {
      answer.result = *std::move(item.result);
    } else {
      answer.result = result_digest(crypto, *item.result);
    }
  }
  reply_to_queries(piece.client, piece.incarnation, std::move(items));
}

void Replica::Impl::decline(ClientId client, RequestNumber incarnation,
                            const std::vector<Query::Item>& queries) {
  std::vector<QueryReply::Item> items;
  for (const Query::Item& query : queries) items.push_back({query.number, QueryReply::Declined{}});
  reply_to_queries(client, incarnation, std::move(items));
}

void Replica::Impl::reply_to_queries(ClientId client, RequestNumber incarnation,
                                     std::vector<QueryReply::Item> items) {
  QueryReply reply{Epoch{}, view, incarnation, {}};
  std::size_t bytes = 0, left = items.size();
  for (QueryReply::Item& item : items) {
    if (const auto* whole = std::get_if<Bytes>(&item.result)) bytes += whole->size();
    bytes += reply_item_bytes;
    reply.items.push_back(std::move(item));
    if (--left > 0 && bytes < reply_message_bytes) continue;
    out->push_back(SendReply{client, std::make_shared<const Message>(std::move(reply))});
    reply = QueryReply{Epoch{}, view, incarnation, {}};
    bytes = 0;
  }
}

}  // namespace pbft::core
