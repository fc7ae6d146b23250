// Requests with tags, from their arrival to the pool: the primary introduces them, backups vouch.
// docs/protocol.md, requests with tags, has the argument.
#include <algorithm>

#include "core/mutants.hpp"
#include "core/replica_impl.hpp"

namespace pbft::core {

// Nobody else may be able to check it, so nobody waits for it: whoever is not primary passes it on and keeps
// nothing. A client that gets no answer signs.
bool Replica::Impl::take_tagged(const Identity& link, const RequestPtr& request) {
  if (!is_primary()) {
    if (std::holds_alternative<ClientId>(link)) relay(request);
    return true;
  }
  if (!may_propose()) return true;
  if (mutated(Mutant::no_introduction)) return pool.add(request, now.monotonic) != RequestPool::Added::full;
  const Lobby::Added added = lobby.add(request);
  introduce();
  return added != Lobby::Added::full;
}

void Replica::Impl::introduce() {
  if (!may_propose()) return;
  while (auto draw = lobby.draw(config.agreed.max_batch_bytes, config.agreed.max_batch_requests)) {
    for (std::uint32_t id = 0; id < quorums.n(); ++id) {
      if (ReplicaId{id} == config.id) continue;
      Introduction message{view, draw->number, {}};
      message.items.reserve(draw->requests.size());
      for (const RequestPtr& request : draw->requests) {
        message.items.push_back({request, id < request->tags.size() ? request->tags[id] : Tag{}});
      }
      send(ReplicaId{id}, std::move(message));
    }
  }
}

// A promise: to vote for these if the primary of this view proposes them. Of a view whose NewView is being
// written they are kept apart, or a bad guess would take back what was promised to the present primary.
void Replica::Impl::on_introduction(ReplicaId link, const Introduction& message) {
  if (link != quorums.primary(message.view)) return reject(link, Rejection::not_primary);
  const bool is_early = entering == message.view && message.view == pending;
  const bool may_promise = may_vote() && !is_forgotten(dispatched.next());
  if (!is_early && (message.view != view || !may_promise)) return reject(link, Rejection::wrong_view);
  if (is_early && !vouched_early) vouched_early.emplace();
  Vouched& promised = is_early ? *vouched_early : vouched;

  Vouch answer{message.view, message.number, {}};
  for (const Introduction::Item& item : message.items) {
    if (!item.authentic && !mutated(Mutant::wrong_tags)) {
      reject(link, Rejection::wrong_tag);
    } else if (promised.add(*item.request, table)) {
      answer.requests.push_back(item.request->digest);
    }
  }
  send(link, std::move(answer));
}

void Replica::Impl::on_vouch(ReplicaId link, const Vouch& message) {
  if (message.view != view || !is_primary()) return reject(link, Rejection::wrong_view);
  for (RequestPtr& request : lobby.vouch(link, message.number, message.requests)) {
    // A signed copy may have been faster.
    if (!table.is_done(*request)) pool.add(std::move(request), now.monotonic);
  }
  introduce();
  try_propose();
}

// Whether everything in a batch was shown to us, or can do nothing: what is done here executes as nothing
// wherever it is ordered.
bool Replica::Impl::is_proven(const Body& body) const {
  return mutated(Mutant::unproven_requests) ||
         (body.requests_authentic &&
          std::all_of(body.requests.begin(), body.requests.end(), [this](const RequestPtr& request) {
            return request->proof == Proof::signature || vouched.contains(*request) ||
                   (table.in_window(*request) && table.is_done(*request));
          }));
}

// Promises end with the view in which they were made. What was introduced in vain goes to the new primary.
std::vector<RequestPtr> Replica::Impl::end_introductions() {
  vouched = vouched_early ? std::move(*vouched_early) : Vouched();
  vouched_early.reset();
  std::vector<RequestPtr> tagged = pool.take_tagged(now.monotonic);
  std::vector<RequestPtr> waiting = lobby.clear();
  tagged.insert(tagged.end(), waiting.begin(), waiting.end());
  return tagged;
}

}  // namespace pbft::core
