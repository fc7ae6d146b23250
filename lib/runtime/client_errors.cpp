#include "runtime/client_errors.hpp"

namespace pbft::runtime {

namespace {

std::string seconds_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

Error rejected(const core::Completed& completed, const AgreedLimits& agreed) {
  const auto error = [](std::string message) { return Error{ErrorCode::rejected, std::move(message)}; };
  switch (completed.outcome) {
    case core::Outcome::invalid:
      return error(
          "the replicas refuse the operation: their state machine calls it invalid, or it is longer "
          "than max_operation_bytes (" +
          std::to_string(agreed.max_operation_bytes) + ")");
    case core::Outcome::result_too_large:
      return error("the operation was executed, but its result is longer than max_result_bytes (" +
                   std::to_string(agreed.max_result_bytes) + ")");
    case core::Outcome::result_gone:
      return error("the operation was executed, but its result is not kept any more: client_cache_bytes (" +
                   std::to_string(agreed.client_cache_bytes) + ") was too small for all results on the way");
    case core::Outcome::number_void:
    case core::Outcome::stale_incarnation:
      return error("another process has taken over this client key; give every process a key of its own");
    case core::Outcome::number_reused:
      return error(
          "another operation was executed under this number: two processes use this client key; "
          "give every process a key of its own");
    case core::Outcome::overloaded:
    case core::Outcome::executed:
      break;
  }
  return error("f+1 replicas refuse the operation");
}

}  // namespace

Error error_of(const core::Completed& completed, const AgreedLimits& agreed, const ClientLimits& limits,
               const std::string& reachability) {
  switch (completed.completion) {
    case core::Completion::timed_out:
      return {ErrorCode::timed_out, "no f+1 equal answers within " + seconds_text(limits.operation_timeout) +
                                        "; " + reachability +
                                        "; the operation executes at most once, maybe later"};
    case core::Completion::overloaded:
      return {ErrorCode::overloaded, "the replicas had no room for the operation within " +
                                         seconds_text(limits.operation_timeout) +
                                         "; send less at once, or try again after a pause"};
    case core::Completion::rejected:
      return rejected(completed, agreed);
    case core::Completion::ok:
    case core::Completion::stopped:
      break;
  }
  return {
      ErrorCode::stopped,
      "the client was stopped while the operation was outstanding; it executes at most once, maybe later"};
}

}  // namespace pbft::runtime
