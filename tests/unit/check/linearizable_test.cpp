#include "check/linearizable.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

namespace {

using namespace pbft::check;
using Log = AppendOnlyLog;

using Calls = std::vector<Observed<Registers::Operation>>;
Observed<Registers::Operation> write(std::int64_t start, std::optional<std::int64_t> end,
                                     std::int64_t value) {
  return {{0, true, value}, start, end};
}
Observed<Registers::Operation> read(std::int64_t start, std::optional<std::int64_t> end, std::int64_t value) {
  return {{0, false, value}, start, end};
}
Observed<Registers::Operation> on(std::uint64_t which, Observed<Registers::Operation> call) {
  call.operation.of = which;
  return call;
}
Verdict judge(const Calls& calls) { return linearize(Registers{}, calls); }
bool is_violated(const Calls& calls) { return judge(calls).kind == Verdict::Kind::violated; }

using Sums = std::vector<Observed<Counter::Operation>>;
Observed<Counter::Operation> add(std::int64_t start, std::optional<std::int64_t> end, std::uint64_t answer) {
  return {{1, answer}, start, end};
}
Observed<Counter::Operation> sum(std::int64_t start, std::optional<std::int64_t> end, std::uint64_t answer) {
  return {{0, answer}, start, end};
}
bool is_violated(const Sums& calls) { return linearize(Counter{}, calls).kind == Verdict::Kind::violated; }

Observed<Log::Operation> append(std::int64_t start, std::optional<std::int64_t> end, std::uint64_t entry,
                                std::uint64_t position) {
  return {{true, entry, position, 0}, start, end};
}
Observed<Log::Operation> read_log(std::int64_t start, std::int64_t end, std::vector<std::uint64_t> entries) {
  Observed<Log::Operation> call{{false, 0, entries.size(), 0}, start, end};
  for (std::uint64_t entry : entries) call.operation.digest = Log::extended(call.operation.digest, entry);
  return call;
}
Verdict judge(const std::vector<Observed<Log::Operation>>& calls) { return linearize(Log{}, calls); }

}  // namespace

TEST_CASE("linearizable: one after the other, and nothing at all") {
  CHECK(judge(Calls{}).is_good());
  CHECK(judge(Calls{write(0, 1, 5), read(2, 3, 5), write(4, 5, 6), read(6, 7, 6)}).is_good());
}

TEST_CASE("linearizable: what overlaps may take effect in either order") {
  CHECK(judge(Calls{write(0, 10, 1), write(0, 10, 2), read(11, 12, 1)}).is_good());
  CHECK(judge(Calls{write(0, 10, 1), write(0, 10, 2), read(11, 12, 2)}).is_good());
  CHECK(judge(Calls{write(0, 10, 1), read(2, 3, 0), read(4, 5, 1)}).is_good());
}

TEST_CASE("linearizable: an answer at the moment of the next call does not precede it") {
  CHECK(judge(Calls{write(0, 10, 1), read(10, 20, 0)}).is_good());
  CHECK(is_violated(Calls{write(0, 10, 1), read(11, 20, 0)}));
}

TEST_CASE("linearizable: a stale read is found") {
  CHECK(is_violated(Calls{write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)}));
}

TEST_CASE("linearizable: a read from the future is found") {
  CHECK(is_violated(Calls{read(0, 1, 7), write(2, 3, 7)}));
  CHECK(is_violated(Sums{sum(0, 1, 1), add(2, 3, 1)}));
}

TEST_CASE("linearizable: a read of what nobody wrote is found") {
  CHECK(is_violated(Calls{write(0, 1, 1), read(2, 3, 9)}));
}

TEST_CASE("linearizable: a lost update is found") {
  CHECK(is_violated(Sums{add(0, 5, 1), add(0, 5, 1)}));
  CHECK(is_violated(Sums{add(0, 5, 1), add(0, 5, 2), sum(6, 7, 1)}));
}

TEST_CASE("linearizable: a write that took effect twice is found") {
  CHECK(is_violated(Sums{add(0, 1, 1), sum(2, 3, 2)}));
  CHECK(judge({append(0, 1, 8, 1), read_log(2, 3, {8, 8})}).kind == Verdict::Kind::violated);
}

TEST_CASE("linearizable: two clients that saw two orders are found") {
  CHECK(is_violated(Calls{write(0, 100, 1), write(0, 100, 2), read(10, 20, 1), read(30, 40, 2),
                          read(10, 20, 2), read(30, 40, 1)}));
  CHECK(judge({append(0, 9, 1, 1), append(0, 9, 2, 2), read_log(10, 11, {2, 1})}).kind ==
        Verdict::Kind::violated);
  CHECK(judge({append(0, 9, 1, 1), append(0, 9, 2, 2), read_log(10, 11, {1, 2})}).is_good());
}

TEST_CASE("linearizable: what has no answer may have happened, at once, late or never") {
  CHECK(judge(Calls{write(0, {}, 1), read(1, 2, 1)}).is_good());
  CHECK(judge(Calls{write(0, {}, 1), read(1, 2, 0), read(3, 4, 1)}).is_good());
  CHECK(judge(Calls{write(0, {}, 1), read(1, 2, 0)}).is_good());
  CHECK(judge(Calls{write(0, 1, 2), read(0, {}, 9), read(2, 3, 2)}).is_good());
}

TEST_CASE("linearizable: what has no answer, was seen and then not seen is found") {
  CHECK(is_violated(Calls{write(0, {}, 1), read(1, 2, 1), read(3, 4, 0)}));
}

TEST_CASE("linearizable: what has no answer did not happen before it was asked") {
  CHECK(is_violated(Calls{read(0, 1, 1), write(2, {}, 1)}));
}

TEST_CASE("linearizable: what has no answer happens once") {
  CHECK(is_violated(Sums{add(0, {}, 0), sum(1, 2, 2)}));
  CHECK(linearize(Counter{}, Sums{add(0, {}, 0), add(0, {}, 0), sum(1, 2, 2)}).is_good());
}

TEST_CASE("linearizable: each register is judged by itself") {
  CHECK(judge(Calls{on(1, write(0, 1, 1)), on(2, write(2, 3, 2)), on(1, read(4, 5, 1)), on(2, read(4, 5, 2))})
            .is_good());
  CHECK(is_violated(Calls{on(1, write(0, 1, 1)), on(2, write(2, 3, 2)), on(1, read(4, 5, 2))}));
}

TEST_CASE("linearizable: the first answer that no order explains is named") {
  Calls calls;
  for (std::int64_t i = 1; i <= 50; ++i) calls.push_back(write(10 * i, 10 * i + 5, i));
  calls.push_back(read(206, 208, 19));  // the write of 20 was answered at 205
  calls.push_back(read(306, 308, 29));
  const Verdict verdict = judge(calls);
  REQUIRE(verdict.kind == Verdict::Kind::violated);
  CHECK(verdict.why ==
        "the read of 19, asked at 206 and answered at 208, fits no order with what was answered before");
}

TEST_CASE("linearizable: a search that reaches its bound says that it does not know") {
  Calls calls;
  for (std::int64_t i = 1; i <= 14; ++i) calls.push_back(write(0, 100, i));
  calls.push_back(read(101, 102, 99));  // every order must be tried
  CHECK(linearize(Registers{}, calls, Bounds{1000}).kind == Verdict::Kind::undecided);
  CHECK(judge(calls).kind == Verdict::Kind::violated);
}
