// Result<T>: a value or an Error, with the member names of std::expected.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace pbft {

/// What kind of failure, so that a program can react without reading the message.
enum class ErrorCode {
  invalid_argument,  ///< The caller's configuration or argument is wrong; the message says how to mend it.
  io,                ///< A file, socket or address could not be used.
  timed_out,         ///< Outcome unknown: the operation executes at most once, maybe later.
  overloaded,        ///< As timed_out, and f+1 replicas had no room for it: try again after a pause.
  rejected,          ///< f+1 replicas give no result; the message says why, and whether it may have executed.
  stopped,           ///< The client or replica was stopped while the call was outstanding: outcome unknown.
};

/// `code` for the program, `message` for the person: what, where, and what to do.
struct Error {
  ErrorCode code = ErrorCode::invalid_argument;
  std::string message;
};

/// Throwing is left to the caller: value() on an error is a programming error and terminates.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return *std::get_if<1>(&state_); }
  Error& error() { return *std::get_if<1>(&state_); }
  T value_or(T other) const& { return has_value() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace pbft
