// What the core keeps: votes, client table, request pool, reply tally.
#include "core/client_table.hpp"
#include "core/images.hpp"
#include "core/reply_tally.hpp"
#include "core/request_pool.hpp"
#include "core/vote_set.hpp"
#include "micro/samples.hpp"

namespace pbft::bench {

namespace {

using sim::Signatures;

std::set<ClientId> all_clients() {
  std::set<ClientId> all;
  for (std::uint64_t id = 1; id <= clients; ++id) all.insert(ClientId{id});
  return all;
}

// Every vote of n replicas arrives once, and is asked after as the core does.
void vote_set(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  const core::BatchHeader header{View{3}, SeqNum{9}, Digest{}};
  for (auto _ : state) {
    core::VoteSet votes;
    std::uint32_t count = 0;
    for (std::uint32_t id = 0; id < n; ++id) {
      votes.add({header, ReplicaId{id}, {}});
      count = votes.count(header);
    }
    benchmark::DoNotOptimize(count);
  }
  per_operation(state, n);
}
BENCHMARK(vote_set)->Name("core/vote_set")->ArgName("votes")->Arg(4)->Arg(31);

// begin, finish and answers of requests that follow each other.
void client_table(benchmark::State& state) {
  const auto operations = static_cast<std::size_t>(state.range(0));
  const core::Crypto& crypto = keys().of(ReplicaId{0});
  constexpr std::size_t count = 64;
  std::vector<core::RequestPtr> requests;
  for (std::size_t i = 0; i < count; ++i)
    requests.push_back(request_of(ClientId{1}, 1 + i * operations, operations, 0, Signatures::ideal));
  for (auto _ : state) {
    state.PauseTiming();
    core::ClientTable table({}, all_clients());
    std::uint64_t seq = 0;
    state.ResumeTiming();
    for (const core::RequestPtr& request : requests) {
      for (const auto& verdict : table.begin(*request, {SeqNum{++seq}, {}}, crypto))
        table.finish(request->client, verdict.number, Bytes(8));
      benchmark::DoNotOptimize(table.answers(*request, crypto));
    }
  }
  per_operation(state, count * operations);
}
BENCHMARK(client_table)->Name("core/client_table")->ArgName("operations")->Arg(1)->Arg(100);

// Requests of all clients come in, leave in a batch, and are done.
void request_pool(benchmark::State& state) {
  const auto per_client = static_cast<std::uint64_t>(state.range(0));
  std::vector<core::RequestPtr> requests;
  for (std::uint64_t i = 0; i < per_client; ++i) {
    for (std::uint64_t id = 1; id <= clients; ++id)
      requests.push_back(request_of(ClientId{id}, 1 + i, 1, 0, Signatures::ideal));
  }
  core::ClientTable done({}, all_clients());
  for (const core::RequestPtr& request : requests)
    done.begin(*request, {SeqNum{1}, {}}, keys().of(ReplicaId{0}));
  for (auto _ : state) {
    core::RequestPool pool(std::size_t{4} << 20);
    for (const core::RequestPtr& request : requests) pool.add(request, {});
    benchmark::DoNotOptimize(pool.draw(std::size_t{1} << 20, 2048));
    for (std::uint64_t id = 1; id <= clients; ++id) pool.drop_done(ClientId{id}, done, {});
  }
  per_operation(state, requests.size());
}
BENCHMARK(request_pool)->Name("core/request_pool")->ArgName("per_client")->Arg(1)->Arg(16);

void reply_tally(benchmark::State& state) {
  const core::Quorums quorums(replicas);
  const core::Crypto& crypto = keys().of(ClientId{1});
  core::ResultBudget budget(replicas, 1 << 20);
  for (auto _ : state) {
    core::ReplyTally tally(quorums.weak());
    for (std::uint32_t id = 0; id < quorums.weak(); ++id)
      tally.add({ReplicaId{id}, {}, core::Outcome::executed, Bytes(8)}, crypto, budget);
    benchmark::DoNotOptimize(tally.decide());
    tally.release(budget);
  }
}
BENCHMARK(reply_tally)->Name("core/reply_tally");

}  // namespace

}  // namespace pbft::bench
