// Violations planted in what clients of a run saw: whoever looks from outside finds them.
#include "sim/client_calls.hpp"

#include <doctest/doctest.h>

#include <string>

#include "sim/cluster.hpp"

using namespace pbft;
using namespace pbft::sim;

namespace {

constexpr ClientId c1{1}, c2{2};

struct Calls : ClientCalls {
  void ask(ClientId client, std::uint64_t ticket) { on_asked(client, ticket); }
  void answer(ClientId client, std::uint64_t ticket, const std::string& result) {
    on_answered(client, ticket, to_bytes(result));
  }
  void call(ClientId client, std::uint64_t ticket, const std::string& result) {
    ask(client, ticket);
    answer(client, ticket, result);
  }
  bool is_violated() const { return judge().kind == check::Verdict::Kind::violated; }
};

}  // namespace

TEST_CASE("client calls: a read that misses an answered operation is a violation") {
  Calls calls;
  calls.call(c1, 0, "1:x");
  calls.call(c2, 0, "@1");
  CHECK(calls.judge().is_good());
  calls.call(c2, 1, "@0");
  CHECK(calls.is_violated());
}

TEST_CASE("client calls: two operations at one position are a violation") {
  Calls calls;
  calls.ask(c1, 0);
  calls.call(c2, 0, "1:y");
  calls.answer(c1, 0, "1:x");
  CHECK(calls.is_violated());
}

TEST_CASE("client calls: a change that nobody can have made is a violation") {
  Calls calls;
  calls.ask(c1, 0);  // never answered: it may have been the first
  calls.call(c2, 0, "2:y");
  CHECK(calls.judge().is_good());
  calls.call(c2, 1, "4:z");
  CHECK(calls.is_violated());
  calls.on_unseen_change();
  CHECK(calls.judge().is_good());
}

TEST_CASE("client calls: answers of another machine are not judged") {
  Calls calls;
  calls.call(c1, 0, "1:x");
  calls.call(c1, 1, "hello");
  calls.call(c1, 2, "1:x");
  CHECK(calls.judge().is_good());
}

TEST_CASE("client calls: the calls of a whole run are judged at its end") {
  ClusterOptions options;
  options.clients = 2;
  Cluster cluster(options);
  for (std::size_t i = 0; i < 5; ++i) {
    cluster.client(i % 2).send("x");
    cluster.client((i + 1) % 2).read();
  }
  cluster.finish();
  CHECK_FALSE(cluster.is_undecided());
}
