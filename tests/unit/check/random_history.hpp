// Histories of clients that call one object at the same time: right by construction, or spoilt.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "check/search.hpp"
#include "core/splitmix.hpp"

namespace pbft::check::testing {

/// How a random history looks.
struct Shape {
  std::size_t operations = 6;
  std::uint64_t clients = 3;
  std::uint64_t unanswered_percent = 20;
  std::int64_t longest = 20;  ///< Before and after the moment at which an operation takes effect.
};

/// Each of `clients` calls one operation after the other. `ask(random)` draws what is asked;
/// `answer(operation, after)` fills in what the object answers.
template <Model M, class Ask, class Answer>
std::vector<Observed<typename M::Operation>> concurrent_history(const M& model, const Shape& shape,
                                                                core::Random& random, Ask ask,
                                                                Answer answer) {
  std::vector<Observed<typename M::Operation>> history;
  std::vector<std::int64_t> free(shape.clients, 0);  // when its last operation was answered
  std::map<std::uint64_t, typename M::State> states;
  std::int64_t now = 0;
  const auto span = [&] {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(shape.longest) + 1));
  };
  for (std::size_t i = 0; i < shape.operations; ++i) {
    const std::size_t client = random.below(shape.clients);
    now = std::max(now, free[client]) + 1 + static_cast<std::int64_t>(random.below(4));
    Observed<typename M::Operation> each;
    each.operation = ask(random);
    each.start = std::max(free[client], now - span());
    if (random.below(100) >= shape.unanswered_percent) {
      each.end = now + span();
      free[client] = *each.end + 1;
    } else {
      free[client] = now;  // it gave up
    }
    if (each.end || random.below(2) == 0) {
      std::uint64_t key = 0;
      if constexpr (requires { model.key(each.operation); }) key = model.key(each.operation);
      typename M::State& state = states.try_emplace(key, model.initial()).first->second;
      model.apply(state, each.operation, false);
      answer(each.operation, state);
    }
    history.push_back(each);
  }
  return history;
}

inline std::vector<Observed<Registers::Operation>> register_history(const Shape& shape,
                                                                    std::uint64_t registers,
                                                                    core::Random& random) {
  return concurrent_history(
      Registers{}, shape, random,
      [registers](core::Random& draw) {
        return Registers::Operation{draw.below(registers), draw.below(2) == 0,
                                    static_cast<std::int64_t>(draw.below(3))};
      },
      [](Registers::Operation& operation, std::int64_t after) {
        if (!operation.is_write) operation.value = after;
      });
}

inline std::vector<Observed<Counter::Operation>> counter_history(const Shape& shape, std::uint64_t most,
                                                                 core::Random& random) {
  return concurrent_history(
      Counter{}, shape, random,
      [most](core::Random& draw) { return Counter::Operation{draw.below(most + 1), 0}; },
      [](Counter::Operation& operation, std::uint64_t after) { operation.answer = after; });
}

inline std::vector<Observed<AppendOnlyLog::Operation>> log_history(const Shape& shape, core::Random& random) {
  return concurrent_history(
      AppendOnlyLog{}, shape, random,
      [](core::Random& draw) { return AppendOnlyLog::Operation{draw.below(2) == 0, draw.below(2), 0, 0}; },
      [](AppendOnlyLog::Operation& operation, const AppendOnlyLog::State& after) {
        operation.length = after.length;
        operation.digest = after.digest;
      });
}

}  // namespace pbft::check::testing
