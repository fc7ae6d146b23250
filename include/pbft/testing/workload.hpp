// What the tests of a service begin with: how to make its state machine, and what clients ask of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pbft/export.hpp"
#include "pbft/state_machine.hpp"

namespace pbft::testing {

/// Makes a state machine in its initial state: a new one with each call, all of them equal. One is made for
/// every replica and for every start of one. Never null.
using MachineFactory = std::function<std::unique_ptr<StateMachine>()>;

/// Numbers from a seed: same seed, same numbers, on every machine. Not for secrets.
class PBFT_API Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();                                          ///< Any value, each as likely.
  std::uint64_t below(std::uint64_t bound);                      ///< In [0, bound); 0 for bound 0.
  std::uint64_t between(std::uint64_t low, std::uint64_t high);  ///< In [low, high]. REQUIRES: low <= high.
  bool chance(double probability);                               ///< True so often: 0 never, 1 always.

  // A uniform random bit generator of the standard library.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~std::uint64_t{0}; }
  result_type operator()() { return next(); }

 private:
  std::uint64_t state_;
};

/// What a client asks for: an operation, as by Client::invoke, or a read, as by Client::query. Text and bytes
/// are operations.
struct Call {
  Bytes body;
  bool is_query = false;

  Call(Bytes bytes) : body(std::move(bytes)) {}
  Call(const std::string& text) : body(to_bytes(text)) {}
  Call(const char* text) : body(to_bytes(text)) {}
  static Call query(const std::string& text) { return query(to_bytes(text)); }
  static Call query(Bytes bytes) {
    Call call(std::move(bytes));
    call.is_query = true;
    return call;
  }
};

/// Makes the next call from numbers that are given to it, and from nothing else that changes. It is copied
/// for each run, so what it keeps for itself begins anew with each.
///
///     [](pbft::testing::Random& random) { return "add " + std::to_string(random.below(10)); }
using Workload = std::function<Call(Random&)>;

/// These calls, one after the other, and from the first again after the last. REQUIRES: at least one.
PBFT_API Workload in_turn(std::vector<Call> calls);
/// One of these, each as likely. REQUIRES: at least one.
PBFT_API Workload any_of(std::vector<Call> calls);

}  // namespace pbft::testing
