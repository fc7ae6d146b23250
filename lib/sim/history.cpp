#include "sim/history.hpp"

#include <algorithm>
#include <cstdlib>

#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

namespace {

std::string name(ClientId client, const Bytes& body) {
  const std::string text = to_text(body);
  return "\"" + text.substr(0, 40) + "\" of " + describe(core::Identity(client));
}
std::string at(SeqNum seq) { return " at " + std::to_string(seq.value); }

std::string quoted(const Bytes& result) { return "\"" + to_text(result).substr(0, 40) + "\""; }

// Of two batches that should be equal.
std::string difference(const History::Batch& mine, const History::Batch& theirs) {
  if (mine.time != theirs.time || mine.operations.size() != theirs.operations.size())
    return "executes another batch than the others";
  for (std::size_t i = 0; i < mine.operations.size(); ++i) {
    History::Operation with_our_result = theirs.operations[i];
    with_our_result.result = mine.operations[i].result;
    if (with_our_result != mine.operations[i]) return "executes another batch than the others";
    if (mine.operations[i].result == theirs.operations[i].result) continue;
    return "has another result than the others for " +
           name(mine.operations[i].client, mine.operations[i].body) + ", " +
           quoted(mine.operations[i].result) + " instead of " + quoted(theirs.operations[i].result) + ",";
  }
  return "executes another batch than the others";
}

History::Batch batch_of(const core::Execute& todo, const std::vector<Bytes>& results) {
  History::Batch batch{todo.time, {}};
  for (std::size_t i = 0; i < todo.items.size(); ++i) {
    const auto& item = todo.items[i];
    batch.operations.push_back({item.request->client, item.number, Bytes(item.body.begin(), item.body.end()),
                                item.random, results[i], item.read_only});
  }
  return batch;
}

}  // namespace

void History::on_executed(ReplicaId replica, const core::Execute& todo, const std::vector<Bytes>& results) {
  const auto who = [replica] { return describe(core::Identity(replica)); };
  SeqNum& executed = executed_[replica];
  if (todo.seq != executed.next())
    unsafe(who() + " executes " + std::to_string(todo.seq.value) + " after " +
           std::to_string(executed.value));
  executed = todo.seq;
  Batch mine = batch_of(todo, results);
  if (todo.seq <= last()) {
    if (!(mine == batch(todo.seq))) unsafe(who() + " " + difference(mine, batch(todo.seq)) + at(todo.seq));
    return;
  }
  if (!batches_.empty() && mine.time < batches_.back().time) unsafe("agreed time goes back" + at(todo.seq));
  check_certified(todo.seq);
  add(std::move(mine));
}

void History::on_certificate(ReplicaId replica, const core::BatchHeader& header, bool binding) {
  if (doubted_.contains(replica)) return;
  certified_[header.seq][header.digest].insert(replica);
  Prepared& prepared =
      prepared_[header.seq].try_emplace(header.view, Prepared{header.digest, {}}).first->second;
  if (prepared.batch != header.digest) {
    unsafe("two batches are prepared" + at(header.seq) + " in view " + std::to_string(header.view.value));
  }
  if (!binding || !prepared.holders.insert(replica).second) return;
  for (auto later = entered_.upper_bound(header.view); later != entered_.end(); ++later) {
    check_kept("a correct replica", *later->second);
  }
}

void History::doubt(ReplicaId replica) {
  doubted_.insert(replica);
  for (auto& [seq, by_digest] : certified_) {
    for (auto& [digest, replicas] : by_digest) replicas.erase(replica);
  }
  for (auto& [seq, by_view] : prepared_) {
    for (auto& [view, prepared] : by_view) prepared.holders.erase(replica);
  }
}

void History::check_certified(SeqNum seq) const {
  std::size_t most = 0;
  if (const auto found = certified_.find(seq); found != certified_.end()) {
    for (const auto& [digest, replicas] : found->second) most = std::max(most, replicas.size());
  }
  if (most + doubted_.size() < quorum_) {
    unsafe("a batch is executed" + at(seq) + " that only " + std::to_string(most) +
           " correct replicas could tell of after a power failure");
  }
}

void History::on_rejoined(ReplicaId replica, std::uint64_t incarnation, SeqNum from) {
  rejoined_[replica] = {incarnation, from};
}

void History::on_entering(ReplicaId replica, const core::NewViewRecord& record, SeqNum state) {
  if (replicas_ == 0) return;
  const std::string who = describe(core::Identity(replica));
  std::set<ReplicaId> senders;
  for (const core::ViewChangePtr& source : record.sources) {
    senders.insert(source->sender);
    if (source->new_view != record.new_view->view)
      unsafe(who + " enters a view on a view-change for another");
    const auto rejoin = rejoined_.find(source->sender);
    if (rejoin != rejoined_.end() && state >= rejoin->second.from &&
        source->incarnation < rejoin->second.incarnation) {
      unsafe(who + " enters a view on a view-change that " + describe(core::Identity(source->sender)) +
             " has forgotten");
    }
    check_source(who, *source);
  }
  if (senders.size() < quorum_) unsafe(who + " enters a view that no quorum has asked for");
  check_kept(who, *record.new_view);
  entered_.try_emplace(record.new_view->view, record.new_view);
}

const Promises* History::words_of(ReplicaId replica) const {
  const auto found = said_.find(replica);
  return found == said_.end() || doubted_.contains(replica) ? nullptr : found->second;
}

// Nobody can put a statement into the mouth of a correct replica, nor make a certificate without one.
void History::check_source(const std::string& who, const core::ViewChange& source) const {
  const auto never = [&who](ReplicaId replica, const char* what, SeqNum seq) {
    unsafe(who + " enters a view on a " + what + at(seq) + " that " + describe(core::Identity(replica)) +
           " has never signed");
  };
  const Promises* sender = words_of(source.sender);
  if (sender && !sender->has_asked(source)) never(source.sender, "view-change", source.stable.seq);
  for (const core::SignerSignature& vote : source.stable.votes) {
    const Promises* said = words_of(vote.replica);
    if (said && !said->has_vouched(source.stable.seq, source.stable.state))
      never(vote.replica, "checkpoint", source.stable.seq);
  }
  for (const core::PreparedCertificate& certificate : source.prepared) {
    const core::BatchHeader& header = certificate.header;
    const ReplicaId primary{static_cast<std::uint32_t>(header.view.value % replicas_)};
    const Promises* proposer = words_of(primary);
    if (proposer && !proposer->has_proposed(header)) never(primary, "proposal", header.seq);
    std::set<ReplicaId> signers{primary};
    for (const core::SignerSignature& prepare : certificate.prepares) {
      const Promises* said = words_of(prepare.replica);
      if (said && !said->has_prepared(header)) never(prepare.replica, "prepare", header.seq);
      signers.insert(prepare.replica);
    }
    if (signers.size() < quorum_) unsafe(who + " enters a view on a certificate of too few" + at(header.seq));
  }
}

// What so many have prepared in one view that every quorum has one of them is proposed again, view by view:
// that is why a batch which is committed anywhere is never lost (OSDI'99 4.4).
void History::check_kept(const std::string& who, const core::NewView& entered) const {
  for (auto slot = prepared_.lower_bound(entered.first); slot != prepared_.end(); ++slot) {
    const std::uint64_t index = slot->first.value - entered.first.value;
    for (const auto& [view, prepared] : slot->second) {
      if (view >= entered.view) break;
      if (prepared.holders.size() + quorum_ <= replicas_) continue;
      if (index >= entered.headers.size() || entered.headers[index].digest != prepared.batch)
        unsafe(who + " enters a view that passes over what a quorum may have committed" + at(slot->first));
    }
  }
}

void History::on_installed(ReplicaId replica, SeqNum seq) {
  if (seq > last()) {
    unsafe(describe(core::Identity(replica)) + " installs a state that no correct replica reached" + at(seq));
  }
  executed_[replica] = seq;
}

void History::add(Batch batch) {
  batches_.push_back(std::move(batch));
  const SeqNum seq = last();
  for (const Operation& operation : batches_.back().operations) {
    ++operations_;
    if (!is_counted_read(operation.result)) ++changes_;
    if (auto [earlier, fresh] = numbers_.emplace(std::pair(operation.client, operation.number), seq);
        !fresh) {
      unsafe(name(operation.client, operation.body) + " executes twice:" + at(earlier->second) + " and" +
             at(seq));
    }
    const Key key(operation.client, operation.body);
    auto& executions = executions_[key];
    executions.push_back({operations_, changes_, &operation.result});
    if (distrusted_.contains(operation.client)) {
      if (!is_counted_read(operation.result)) calls_.on_unseen_change();
      continue;
    }
    if (executions.size() > submissions_[key]) {
      unsafe(name(operation.client, operation.body) + " executes" + at(seq) +
             " more often than it was asked for");
    }
  }
}

void History::on_checkpoint(ReplicaId replica, SeqNum seq, const Digest& state) {
  auto [first, fresh] = checkpoints_.emplace(seq, std::pair(state, replica));
  if (!fresh && first->second.first != state) {
    unsafe("the states of " + describe(core::Identity(first->second.second)) + " and " +
           describe(core::Identity(replica)) + " differ" + at(seq));
  }
}

void History::on_submitted(ClientId client, Ticket ticket, const Bytes& body, bool read_only) {
  ++submissions_[Key(client, body)];
  calls_.on_asked(client, ticket);
  submitted_[{client, ticket}] = {client, body, answered_through_, seen_through_, read_only, reads_.size()};
}

void History::on_completed(ClientId client, Ticket ticket, core::Completion completion, const Bytes& result) {
  auto found = submitted_.find({client, ticket});
  if (found == submitted_.end())
    unsafe("an operation of " + describe(core::Identity(client)) + " completes twice");
  const Submitted operation = std::move(found->second);
  submitted_.erase(found);
  if (completion != core::Completion::ok || distrusted_.contains(client)) return;
  calls_.on_answered(client, ticket, result);

  if (judge_ == Reads::recorded && operation.read_only) {
    reads_.push_back({client, operation.body, result, operation.after, operations_, operation.known_reads});
  } else if (is_counted_read(result)) {
    check_read(operation, result);
  } else {
    claim(operation, result);
  }
}

bool History::is_counted_read(const Bytes& result) const {
  return judge_ == Reads::counted && !result.empty() && result.front() == '@';
}

// Of several executions that could be meant the earliest: operations with a later bound need the later ones.
void History::claim(const Submitted& operation, const Bytes& result) {
  bool too_early = false;
  for (Execution& execution : executions_[Key(operation.client, operation.body)]) {
    if (execution.claimed || *execution.result != result) continue;
    if (execution.position <= operation.after) {
      too_early = true;
      continue;
    }
    execution.claimed = true;
    answered_through_ = std::max(answered_through_, execution.position);
    seen_through_ = std::max(seen_through_, execution.changes);
    return;
  }
  const std::string what = name(operation.client, operation.body);
  if (too_early) unsafe(what + " is ordered before what was answered before it was submitted");
  unsafe(what + " got the result " + quoted(result) + ", which is not in the history");
}

// What a read has seen was executed by then, so what is submitted later comes after it in any case.
void History::check_read(const Submitted& read, const Bytes& result) {
  const std::uint64_t seen = std::strtoull(to_text(result).c_str() + 1, nullptr, 10);
  const std::string what = name(read.client, read.body) + " sees " + std::to_string(seen) + " changes";
  if (seen < read.seen) unsafe(what + ", and " + std::to_string(read.seen) + " were known before it began");
  if (seen > changes_) unsafe(what + ", and only " + std::to_string(changes_) + " were executed");
  seen_through_ = std::max(seen_through_, seen);
}

bool History::judge_clients() const {
  if (judge_ != Reads::counted) return true;
  const check::Verdict verdict = calls_.judge({.configurations = 200'000});
  if (verdict.kind == check::Verdict::Kind::violated)
    unsafe("what clients saw is not linearizable: " + verdict.why);
  return verdict.is_good();
}

SeqNum History::executed_by(ReplicaId replica) const {
  auto found = executed_.find(replica);
  return found == executed_.end() ? SeqNum{} : found->second;
}

std::size_t History::executions(ClientId client, const std::string& body) const {
  auto found = executions_.find(Key(client, to_bytes(body)));
  return found == executions_.end() ? 0 : found->second.size();
}

}  // namespace pbft::sim
