// What a sequential object answers: small models to hold a history against.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

namespace pbft::check {

/// A sequential object. `Operation` is what was asked together with what was answered.
///
/// `apply` does the operation in `state`. If it was answered: false, and the state is void, where the object
/// answers something else. If not, what its answer fields hold means nothing, and `apply` always succeeds.
/// `effect` is equal only for operations that change every state alike, and 0 only for those that change
/// none.
///
/// What a model may have beside it:
/// - `std::uint64_t key(const Operation&) const`, if it consists of independent objects, one for each key: a
///   history is linearizable if each object's part is (Herlihy and Wing 1990), so each is searched by itself.
/// - `bool is_too_late(const State&, const Operation&) const`: neither this state nor any that may follow it
///   gives this answer. It keeps the search from going on where something has been passed over.
template <class M>
concept Model = requires(const M model, typename M::State state, const typename M::Operation& operation) {
  { model.initial() } -> std::same_as<typename M::State>;
  { model.apply(state, operation, bool{}) } -> std::same_as<bool>;
  { model.effect(operation) } -> std::convertible_to<std::uint64_t>;
  { model.describe(operation) } -> std::convertible_to<std::string>;
  { state == state } -> std::convertible_to<bool>;
};

/// Registers, one for each key; each holds 0 at first.
struct Registers {
  struct Operation {
    std::uint64_t of = 0;  ///< Which register.
    bool is_write = false;
    std::int64_t value = 0;  ///< Written, or answered.
  };
  using State = std::int64_t;

  State initial() const { return 0; }
  bool apply(State& state, const Operation& operation, bool answered) const {
    if (operation.is_write) {
      state = operation.value;
      return true;
    }
    return !answered || operation.value == state;
  }
  std::uint64_t effect(const Operation& operation) const {
    return operation.is_write ? static_cast<std::uint64_t>(operation.value) * 2 + 1 : 0;
  }
  std::uint64_t key(const Operation& operation) const { return operation.of; }
  std::string describe(const Operation& operation) const {
    return (operation.is_write ? "the write of " : "the read of ") + std::to_string(operation.value);
  }
};

/// A number, 0 at first. An addition answers the sum, a read what it has come to.
struct Counter {
  struct Operation {
    std::uint64_t add = 0;  ///< 0: a read.
    std::uint64_t answer = 0;
  };
  using State = std::uint64_t;

  State initial() const { return 0; }
  bool apply(State& state, const Operation& operation, bool answered) const {
    state += operation.add;
    return !answered || state == operation.answer;
  }
  std::uint64_t effect(const Operation& operation) const { return operation.add; }
  bool is_too_late(const State& state, const Operation& operation) const {
    return state + operation.add > operation.answer;
  }
  std::string describe(const Operation& operation) const {
    return (operation.add ? "the addition of " + std::to_string(operation.add) + " with the answer "
                          : std::string("the read of ")) +
           std::to_string(operation.answer);
  }
};

/// A list that grows at its end. An append answers the entry's position, counted from 1; a read answers all
/// entries, here as their number and a digest of their sequence (`extended` from 0, entry by entry).
struct AppendOnlyLog {
  struct Operation {
    bool is_append = false;
    std::uint64_t entry = 0;               ///< Appended.
    std::uint64_t length = 0, digest = 0;  ///< Answered: the position, or what was read.
  };
  struct State {
    std::uint64_t length = 0, digest = 0;
    bool operator==(const State&) const = default;
  };

  static std::uint64_t extended(std::uint64_t digest, std::uint64_t entry);

  State initial() const { return {}; }
  bool apply(State& state, const Operation& operation, bool answered) const {
    if (operation.is_append) {
      state = {state.length + 1, extended(state.digest, operation.entry)};
      return !answered || state.length == operation.length;
    }
    return !answered || (state.length == operation.length && state.digest == operation.digest);
  }
  std::uint64_t effect(const Operation& operation) const {
    return operation.is_append ? extended(1, operation.entry) : 0;
  }
  bool is_too_late(const State& state, const Operation& operation) const {
    return state.length + (operation.is_append ? 1 : 0) > operation.length;
  }
  std::string describe(const Operation& operation) const {
    return (operation.is_append ? "the append of " + std::to_string(operation.entry) + " at position "
                                : std::string("the read of a log of length ")) +
           std::to_string(operation.length);
  }
};

}  // namespace pbft::check
