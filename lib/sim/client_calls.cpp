#include "sim/client_calls.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "check/linearizable.hpp"

namespace pbft::sim {

namespace {

std::optional<check::Counter::Operation> parse(const Bytes& result) {
  const std::string text = to_text(result);
  const bool is_read = text.starts_with('@');
  check::Counter::Operation operation{is_read ? 0U : 1U, 0};
  const char* const begin = text.data() + (is_read ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), operation.answer);
  if (error != std::errc{} || (!is_read && (end == text.data() + text.size() || *end != ':'))) return {};
  return operation;
}

}  // namespace

void ClientCalls::on_asked(ClientId client, std::uint64_t ticket) {
  open_[{client, ticket}] = calls_.size();
  calls_.push_back({{1, 0}, ++moment_, {}});
}

void ClientCalls::on_answered(ClientId client, std::uint64_t ticket, const Bytes& result) {
  const auto found = open_.find({client, ticket});
  if (found == open_.end()) return;
  auto& call = calls_[found->second];
  open_.erase(found);
  if (const auto operation = parse(result)) {
    call.operation = *operation;
    call.end = ++moment_;
  } else {
    is_counter_ = false;
  }
}

// It was asked at some time, which nobody wrote down.
void ClientCalls::on_unseen_change() { calls_.push_back({{1, 0}, 0, {}}); }

check::Verdict ClientCalls::judge(const check::Bounds& bounds) const {
  if (!is_counter_) return {};
  return check::linearize(check::Counter{}, calls_, bounds);
}

}  // namespace pbft::sim
