// What a member does with what its core asks for.
#include <algorithm>
#include <string>

#include "core/state_tree.hpp"
#include "explore/member.hpp"
#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::explore {

Bytes application_state(const std::vector<std::shared_ptr<const Executed>>& executed, SeqNum seq) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < seq.value; ++i) {
    for (const Bytes& result : executed[i]->results) hash = sim::hash64(hash, result);
  }
  Bytes bytes(8);
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  return bytes;
}

void Member::perform(core::Output& output, Effects& effects) {
  if (const auto* send = std::get_if<core::Send>(&output)) {
    say(send->to, send->message, effects);
  } else if (const auto* broadcast = std::get_if<core::Broadcast>(&output)) {
    say(std::nullopt, broadcast->message, effects);
  } else if (const auto* reply = std::get_if<core::SendReply>(&output)) {
    if (const auto* answer = std::get_if<core::Reply>(reply->message.get())) check_reply(*answer);
  } else if (auto* persist = std::get_if<core::Persist>(&output)) {
    perform(*persist, effects);
  } else if (const auto* execute = std::get_if<core::Execute>(&output)) {
    perform(*execute);
  } else if (const auto* snapshot = std::get_if<core::TakeSnapshot>(&output)) {
    perform(*snapshot);
  } else if (const auto* read = std::get_if<core::ReadBlock>(&output)) {
    next_.push_back(core::BlockRead{read->to, nullptr});  // nobody keeps states: batches must do
  } else if (const auto* timer = std::get_if<core::SetTimer>(&output)) {
    armed_[static_cast<std::size_t>(timer->timer)] = timer->at;
  } else if (const auto* cancel = std::get_if<core::CancelTimer>(&output)) {
    armed_[static_cast<std::size_t>(cancel->timer)].reset();
  } else if (const auto* report = std::get_if<core::Report>(&output)) {
    if (honest_ && (std::holds_alternative<core::StaleCopy>(*report) ||
                    std::holds_alternative<core::Diverged>(*report) ||
                    std::holds_alternative<core::NoAgreement>(*report))) {
      sim::unsafe(sim::describe(core::Identity(id_)) + " reports: " + sim::describe(*report));
    }
  }
}

void Member::say(std::optional<ReplicaId> to, const core::MessagePtr& message, Effects& effects) {
  if (honest_) promises_.on_send(*message);
  outputs_ += sim::mix(hash_of(*message) ^ (to ? to->value + 1 : 0));
  effects.sent.push_back({to, message});
}

// Results here are short: every replica sends them whole.
void Member::check_reply(const core::Reply& reply) const {
  if (!honest_) return;
  for (const core::ReplyItem& item : reply.items) {
    const auto* result = std::get_if<Bytes>(&item.result);
    if (item.outcome != core::Outcome::executed || !result) continue;
    const auto is_in = [&](const std::shared_ptr<const Executed>& batch) {
      for (std::size_t i = 0; i < batch->operations.size(); ++i) {
        if (batch->operations[i] == std::pair(reply.client, item.number)) return batch->results[i] == *result;
      }
      return false;
    };
    if (std::none_of(executed_.begin(), executed_.end(), is_in))
      sim::unsafe(sim::describe(core::Identity(id_)) + " answers what it has not executed");
  }
}

void Member::perform(core::Persist& persist, Effects& effects) {
  const std::uint64_t token = persist.token;
  if (cast_->scope.slow_disk && (past_ || lives_ > 1)) {
    writing_.push_back(std::move(persist));
    effects.writes.push_back(token);
    return;
  }
  if (honest_) promises_.on_durable(persist.record);
  log_.keep(std::move(persist.record));
  next_.push_back(core::Persisted{token});
}

void Member::perform(const core::Execute& todo) {
  auto batch = std::make_shared<Executed>();
  batch->time = todo.time;
  if (todo.seq != at_.next()) {
    sim::unsafe(sim::describe(core::Identity(id_)) + " executes " + std::to_string(todo.seq.value) +
                " after " + std::to_string(at_.value));
  }
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < at_.value; ++i) position += executed_[i]->operations.size();
  for (const auto& item : todo.items) {
    batch->operations.emplace_back(item.request->client, item.number);
    batch->bodies.emplace_back(item.body.begin(), item.body.end());
    batch->results.push_back(to_bytes(std::to_string(++position) + ":" + to_text(item.body)));
  }
  at_ = todo.seq;
  next_.push_back(core::Executed{todo.seq, batch->results});
  if (todo.seq.value <= executed_.size()) {  // once more, after a restart
    if (!(*executed_[todo.seq.value - 1] == *batch)) {
      sim::unsafe(sim::describe(core::Identity(id_)) + " executes another batch than before its restart at " +
                  std::to_string(todo.seq.value));
    }
    return;
  }
  for (const auto& operation : batch->operations) {
    if (!done_.insert(operation).second && honest_) {
      sim::unsafe(sim::describe(core::Identity(id_)) + " executes an operation twice, of " +
                  sim::describe(core::Identity(operation.first)));
    }
  }
  executed_.push_back(std::move(batch));
}

void Member::perform(const core::TakeSnapshot& todo) {
  const Digest state =
      core::state_digest(cast_->keys.of(id_), todo.core_state, application_state(executed_, todo.seq));
  checkpoint_ = core::RestoredCheckpoint{todo.seq, state, todo.core_state};
  if (honest_) promises_.on_snapshot(todo.seq, state);
  next_.push_back(core::SnapshotReady{todo.seq, state});
}

}  // namespace pbft::explore
