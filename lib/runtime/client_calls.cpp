// What a program calls, on its way to the loop.
#include <algorithm>
#include <optional>
#include <string_view>

#include "runtime/client_impl.hpp"

namespace pbft {

namespace {

// Refusals that time does not heal: the caller's key or configuration is not what the replicas have.
bool is_lasting(net::Refusal reason) {
  return reason == net::Refusal::version || reason == net::Refusal::other_cluster ||
         reason == net::Refusal::wrong_key || reason == net::Refusal::not_admitted;
}

std::string list_of(const std::vector<ReplicaId>& replicas) {
  std::string list = replicas.size() == 1 ? "replica " : "replicas ";
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    list += (i == 0 ? "" : ", ") + std::to_string(replicas[i].value);
  }
  return list;
}

}  // namespace

Result<void> Client::Impl::wait_open() {
  std::unique_lock lock(mutex_);
  opening_changed_.wait_for(lock, options_.connect_timeout, [this] { return open_ || is_hopeless(); });
  if (open_) return {};
  return Error{is_hopeless() ? ErrorCode::invalid_argument : ErrorCode::timed_out,
               net::describe(net::Peer(id_)) + " found no cluster: " + reachability() + ", and it takes " +
                   std::to_string(quorums_.weak())};
}

Result<Bytes> Client::Impl::invoke(BytesView operation, bool read_only) {
  if (loop_->has_turned() && loop_->is_this_thread()) {
    return Error{ErrorCode::invalid_argument,
                 "a blocking call in the loop's thread would wait for itself; use the _async one"};
  }
  struct Waiter {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<Bytes>> result;
  };
  const auto waiter = std::make_shared<Waiter>();
  invoke_async(operation, read_only, [waiter](Result<Bytes> result) {
    const std::lock_guard lock(waiter->mutex);
    waiter->result = std::move(result);
    waiter->changed.notify_all();
  });
  std::unique_lock lock(waiter->mutex);
  const auto is_done = [&] { return waiter->result.has_value(); };
  while (!waiter->changed.wait_for(lock, options_.limits.operation_timeout, is_done)) {
    if (!loop_->has_turned()) {
      return Error{ErrorCode::timed_out,
                   "nobody runs the loop that the client was given (ClientOptions::loop)"};
    }
  }
  return std::move(*waiter->result);
}

void Client::Impl::invoke_async(BytesView operation, bool read_only, Callback done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      calls_.push_back({Bytes(operation.begin(), operation.end()), read_only, std::move(done)});
      if (calls_.size() == 1) loop_->post([this] { take_calls(); });
      return;
    }
  }
  done(Error{ErrorCode::stopped, "the client was stopped before this call; nothing executes"});
}

void Client::Impl::take_calls() {
  std::vector<Call> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
  }
  core::Submit submit;
  submit.items.reserve(calls.size());
  for (Call& call : calls) {
    outstanding_.emplace(++next_ticket_, std::move(call.done));
    submit.items.push_back({next_ticket_, std::move(call.operation), call.read_only});
  }
  if (!submit.items.empty()) feed(std::move(submit));
}

void Client::Impl::stop() {
  if (loop_->has_turned() && loop_->is_this_thread()) end_calls();
  loop_->post([this] {
    end_calls();
    close_links();
  });
  loop_->wait_closed();
}

void Client::Impl::end_calls() {
  if (std::exchange(ended_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (Call& call : calls_) {
      answers_.push_back(
          {std::move(call.done), Error{ErrorCode::stopped, "the client was stopped; nothing executes"}});
    }
    calls_.clear();
  }
  step(core::CancelAll{});
}

bool Client::Impl::is_hopeless() const {
  const auto lasting = std::count_if(refused_.begin(), refused_.end(),
                                     [](const auto& entry) { return is_lasting(entry.second.reason); });
  return static_cast<std::size_t>(lasting) >= quorums_.n() - quorums_.f();
}

std::string Client::Impl::reachability() const {
  std::vector<ReplicaId> silent;
  std::map<std::string_view, std::vector<ReplicaId>> refusals;
  for (std::uint32_t id = 0; id < quorums_.n(); ++id) {
    const ReplicaId replica{id};
    if (up_.contains(replica)) continue;
    const auto refused = refused_.find(replica);
    (refused == refused_.end() ? silent : refusals[net::explain(refused->second.reason)]).push_back(replica);
  }
  std::string text =
      std::to_string(up_.size()) + " of " + std::to_string(quorums_.n()) + " replicas are connected";
  if (!open_) text += ", " + std::to_string(answered_.size()) + " have answered";
  if (!silent.empty()) text += "; " + list_of(silent) + " cannot be reached";
  for (const auto& [why, replicas] : refusals) {
    text += "; no link to " + list_of(replicas) + ": ";
    text += why;
  }
  return text;
}

}  // namespace pbft
